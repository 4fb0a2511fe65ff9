// Anthropic's client.
export async function cases({ url, given, load, usedUp }) {
  const Anthropic = (await load("@anthropic-ai/sdk")).Anthropic;
  let client = new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 });
  if (process.env.WRAPPED === "langsmith") {
    client = (await load("langsmith/wrappers/anthropic")).wrapAnthropic(client);
  }
  const asked = { model: "claude-sonnet-4-5", max_tokens: 100 };
  const calls = {};
  for (const [name, body] of Object.entries(given.messages)) {
    calls[name] = () => client.messages.create({ ...asked, ...body });
  }
  const simple = { ...asked, ...given.messages.text_system };
  calls.stream = async () => usedUp(await client.messages.create({ ...simple, stream: true }));
  calls.stream_tools = async () =>
    usedUp(await client.messages.create({ ...asked, ...given.messages.tools, stream: true }));
  calls.stream_helper = () => client.messages.stream(simple).finalMessage();
  return calls;
}
