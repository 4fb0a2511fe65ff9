// LangChain's chat models for OpenAI and Anthropic.
export async function cases({ url, given, load, usedUp }) {
  const { ChatOpenAI, OpenAIEmbeddings } = await load("@langchain/openai");
  const { ChatAnthropic } = await load("@langchain/anthropic");
  const core = await load("@langchain/core/messages");
  const { tool } = await load("@langchain/core/tools");
  const { HumanMessage, SystemMessage, AIMessage, ToolMessage } = core;
  const text = given.material;
  const to = { configuration: { baseURL: `${url}/v1` }, apiKey: "none", maxRetries: 0 };
  const openai = (more) => new ChatOpenAI({ model: "gpt-4o-mini", ...to, ...more });
  const claude = (more) =>
    new ChatAnthropic({
      model: "claude-sonnet-4-5",
      anthropicApiUrl: url,
      apiKey: "none",
      maxRetries: 0,
      ...more,
    });
  const weather = tool(async () => text.TOLD, {
    name: "weather",
    description: text.ABOUT,
    schema: text.CITY,
  });
  const system = new SystemMessage(text.SYSTEM);
  const question = new HumanMessage(text.QUESTION);
  const asked = new HumanMessage(text.ASKED);
  const called = new AIMessage({
    content: "Looking.",
    tool_calls: [{ name: "weather", args: { city: "Paris" }, id: "call_1" }],
  });
  const told = new ToolMessage({ content: text.TOLD, tool_call_id: "call_1" });
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${text.PNG}` } };
  const seen = new HumanMessage({ content: [{ type: "text", text: "What is this?" }, image] });
  const several = new HumanMessage({
    content: [
      { type: "text", text: "Capital " },
      { type: "text", text: "of France?" },
    ],
  });
  const turns = [system, new HumanMessage(text.ODD), new AIMessage("777 km"), new HumanMessage("Loire?")];
  const place = { title: "place", ...text.PLACE };
  const calls = {};
  const kinds = {
    chat: openai,
    responses: (more) => openai({ useResponsesApi: true, ...more }),
    anthropic: claude,
  };
  for (const [name, model] of Object.entries(kinds)) {
    calls[`${name}_text`] = () => model({ temperature: 0.2 }).invoke([system, question]);
    calls[`${name}_bare`] = () => model().invoke(text.QUESTION);
    calls[`${name}_sampling`] = () => model({ temperature: 0.3, maxTokens: 50 }).invoke([question]);
    calls[`${name}_turns`] = () => model().invoke(turns);
    calls[`${name}_several`] = () => model().invoke([several]);
    calls[`${name}_tools`] = () => model().bindTools([weather]).invoke([asked]);
    calls[`${name}_results`] = () => model().bindTools([weather]).invoke([asked, called, told]);
    calls[`${name}_image`] = () => model().invoke([seen]);
    calls[`${name}_structured`] = () => model().withStructuredOutput(place).invoke([question]);
    calls[`${name}_stream`] = async () => usedUp(await model().stream([system, question]));
    calls[`${name}_error`] = () => model().invoke(text.ERROR);
  }
  calls.embeddings = () =>
    new OpenAIEmbeddings({ model: "text-embedding-3-small", ...to }).embedDocuments(["one", "two"]);
  return calls;
}
