// Amazon's client for Bedrock: Converse and InvokeModel.
export async function cases({ url, given, load, usedUp }) {
  const sdk = await load("@aws-sdk/client-bedrock-runtime");
  const client = new sdk.BedrockRuntimeClient({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "none", secretAccessKey: "none" },
    maxAttempts: 1,
    requestHandler: await http1(load),
  });
  const claude = "anthropic.claude-sonnet-4-20250514-v1:0";
  const nova = "amazon.nova-lite-v1:0";
  const text = given.material;
  const said = (role, ...parts) => ({
    role,
    content: parts.map((part) => (typeof part === "string" ? { text: part } : part)),
  });
  const ask = (messages, more = {}, modelId = claude) => () =>
    client.send(new sdk.ConverseCommand({ modelId, messages, ...more }));
  const invoke = (body, modelId = claude) => () =>
    client.send(new sdk.InvokeModelCommand({ modelId, body: JSON.stringify(body), contentType: "application/json" }));
  const messages = (name) => ({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 100,
    ...given.messages[name],
  });
  const spec = { name: "weather", description: text.ABOUT, inputSchema: { json: text.CITY } };
  const tools = { tools: [{ toolSpec: spec }] };
  const used = { toolUse: { toolUseId: "tooluse_1", name: "weather", input: { city: "Paris" } } };
  const told = { toolResult: { toolUseId: "tooluse_1", content: [{ text: text.TOLD }] } };
  const png = { image: { format: "png", source: { bytes: Buffer.from(text.PNG, "base64") } } };
  const system = [{ text: text.SYSTEM }];
  const limits = { maxTokens: 50, temperature: 0.3, topP: 0.9, stopSequences: ["END"] };
  const question = said("user", text.QUESTION);
  return {
    text_system: ask([question], { system }),
    sampling: ask([question], { inferenceConfig: limits }),
    several_texts: ask([said("user", "Capital ", "of France?")]),
    multi_turn: ask([said("user", text.ODD), said("assistant", "777 km"), said("user", "Loire?")], {}, nova),
    tools: ask([said("user", text.ASKED)], { toolConfig: { ...tools, toolChoice: { any: {} } } }),
    tool_results: ask([said("user", text.ASKED), said("assistant", "Looking.", used), said("user", told)], {
      toolConfig: tools,
    }),
    image: ask([said("user", png, "What is this?")]),
    stream: async () => {
      const made = await client.send(
        new sdk.ConverseStreamCommand({ modelId: claude, messages: [question], system }),
      );
      await usedUp(made.stream);
    },
    error_400: ask([said("user", text.ERROR)]),
    invoke_text: invoke(messages("text_system")),
    invoke_tools: invoke(messages("tools")),
    invoke_tool_results: invoke(messages("tool_results")),
    invoke_image: invoke(messages("image")),
    invoke_stream: async () => {
      const made = await client.send(
        new sdk.InvokeModelWithResponseStreamCommand({
          modelId: claude,
          body: JSON.stringify(messages("text_system")),
          contentType: "application/json",
        }),
      );
      await usedUp(made.body);
    },
    invoke_nova: invoke({ messages: [question], system, inferenceConfig: limits }, nova),
    invoke_llama: invoke(
      { prompt: text.QUESTION, max_gen_len: 50, temperature: 0.5 },
      "meta.llama3-1-70b-instruct-v1:0",
    ),
    invoke_titan: invoke(
      { inputText: text.QUESTION, textGenerationConfig: { maxTokenCount: 50, temperature: 0.2 } },
      "amazon.titan-text-express-v1",
    ),
  };
}

// Streams of Bedrock use HTTP/2 unless told otherwise; the stand-in speaks HTTP/1.1.
async function http1(load) {
  const { NodeHttpHandler } = await load("@smithy/node-http-handler");
  return new NodeHttpHandler();
}
