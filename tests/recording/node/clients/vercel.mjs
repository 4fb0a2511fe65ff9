// Vercel's AI SDK, on OpenAI, Anthropic and Google.
export async function cases({ url, given, load, usedUp }) {
  const ai = await load("ai");
  const { createOpenAI } = await load("@ai-sdk/openai");
  const { createAnthropic } = await load("@ai-sdk/anthropic");
  const { createGoogleGenerativeAI } = await load("@ai-sdk/google");
  const text = given.material;
  const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
  const anthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey: "none" });
  const google = createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: "none" });
  const kinds = {
    chat: () => openai.chat("gpt-4o-mini"),
    responses: () => openai.responses("gpt-4o-mini"),
    anthropic: () => anthropic("claude-sonnet-4-5"),
    google: () => google("gemini-2.5-flash"),
  };
  const schema = ai.jsonSchema(text.CITY);
  const weather = {
    description: text.ABOUT,
    inputSchema: schema,
    parameters: schema,
    execute: async () => text.TOLD,
  };
  const tools = { weather: ai.tool(weather) };
  const told = { isEnabled: true };
  const on = process.env.REGISTERED ? {} : { experimental_telemetry: told };
  const loop = ai.stepCountIs
    ? { stopWhen: ai.stepCountIs(3) }
    : ai.isStepCount
      ? { stopWhen: ai.isStepCount(3) }
      : { maxSteps: 3 };
  const words = (given) => ({ type: "text", text: given });
  const user = (content) => ({ role: "user", content });
  const png = Buffer.from(text.PNG, "base64");
  const calls = {};
  for (const [name, model] of Object.entries(kinds)) {
    const ask = (more) => () => ai.generateText({ model: model(), maxRetries: 0, ...on, ...more });
    const limit = ai.stepCountIs || ai.isStepCount ? "maxOutputTokens" : "maxTokens";
    calls[`${name}_text`] = ask({ system: text.SYSTEM, prompt: text.QUESTION });
    calls[`${name}_bare`] = ask({ prompt: text.ODD });
    calls[`${name}_sampling`] = ask({
      prompt: text.QUESTION,
      temperature: 0.3,
      ...(name === "anthropic" ? {} : { topP: 0.9 }),
      ...(name === "chat" ? { seed: 7, presencePenalty: 0.1, frequencyPenalty: 0.2 } : {}),
      ...(name === "responses" ? {} : { stopSequences: ["END"] }),
      [limit]: 50,
    });
    calls[`${name}_turns`] = ask({
      system: text.SYSTEM,
      messages: [user(text.ODD), { role: "assistant", content: "777 km" }, user("Die Loire?")],
    });
    calls[`${name}_several`] = ask({ messages: [user([words("Capital "), words("of France?")])] });
    calls[`${name}_tools`] = ask({ prompt: text.ASKED, tools, ...loop });
    calls[`${name}_required`] = ask({ prompt: text.ASKED, tools, toolChoice: "required" });
    calls[`${name}_image`] = ask({
      messages: [user([words("What is this?"), { type: "image", image: png, mediaType: "image/png", mimeType: "image/png" }])],
    });
    calls[`${name}_image_url`] = ask({
      messages: [user([words("What is this?"), { type: "image", image: new URL("https://example.com/a.png") }])],
    });
    calls[`${name}_document`] = ask({
      messages: [
        user([
          words("Sum up."),
          {
            type: "file",
            data: Buffer.from(text.PDF, "base64"),
            mediaType: "application/pdf",
            mimeType: "application/pdf",
            filename: "a.pdf",
          },
        ]),
      ],
    });
    if (ai.generateObject) {
      calls[`${name}_object`] = () =>
        ai.generateObject({
          model: model(),
          maxRetries: 0,
          schema: ai.jsonSchema(text.PLACE),
          prompt: text.QUESTION,
          ...on,
        });
    }
    if (ai.Output) {
      calls[`${name}_output`] = ask({
        prompt: text.QUESTION,
        output: ai.Output.object({ schema: ai.jsonSchema(text.PLACE) }),
      });
    }
    calls[`${name}_stream`] = async () =>
      usedUp((await ai.streamText({ model: model(), maxRetries: 0, system: text.SYSTEM, prompt: text.QUESTION, ...on })).textStream);
    calls[`${name}_stream_tools`] = async () =>
      usedUp((await ai.streamText({ model: model(), maxRetries: 0, prompt: text.ASKED, tools, ...loop, ...on })).textStream);
    calls[`${name}_error`] = ask({ prompt: text.ERROR });
  }
  calls.embeddings = () =>
    ai.embedMany({
      model: (openai.textEmbeddingModel ?? openai.embedding)("text-embedding-3-small"),
      values: ["one", "two"],
      maxRetries: 0,
      ...on,
    });
  return calls;
}
