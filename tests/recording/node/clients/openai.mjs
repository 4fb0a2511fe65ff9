// OpenAI's client: chat completions, Responses, embeddings.
export async function cases({ url, given, load, usedUp }) {
  const OpenAI = (await load("openai")).OpenAI;
  let client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  if (process.env.WRAPPED === "langfuse") {
    client = (await load("@langfuse/openai")).observeOpenAI(client);
  } else if (process.env.WRAPPED === "langsmith") {
    client = (await load("langsmith/wrappers")).wrapOpenAI(client);
  }
  const calls = {};
  for (const [name, body] of Object.entries(given.chat)) {
    calls[name] = async () => {
      const made = await client.chat.completions.create(body);
      if (body.stream) await usedUp(made);
    };
  }
  for (const [name, body] of Object.entries(given.responses)) {
    calls[name] = async () => {
      const made = await client.responses.create(body);
      if (body.stream) await usedUp(made);
    };
  }
  calls.parsed = () => client.chat.completions.parse(given.chat.structured);
  calls.stream_helper = () =>
    client.chat.completions.stream({ ...given.chat.text_system }).finalChatCompletion();
  calls.embeddings = () =>
    client.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"] });
  return calls;
}
