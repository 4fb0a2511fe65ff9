// An application in Node: makes the calls that it is told, and exports by itself.
// node app.js CLIENT BASE_URL, with the packages of OpenTelemetry on NODE_PATH.
"use strict";

const { context, trace } = require("@opentelemetry/api");
const { BatchSpanProcessor, BasicTracerProvider } = require("@opentelemetry/sdk-trace-base");
const kind = process.env.EXPORTER === "grpc" ? "grpc" : "proto";
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${kind}`);

const provider = new BasicTracerProvider({
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
trace.setGlobalTracerProvider(provider);
require("../../../capture/node/register");

const [, url] = process.argv.slice(2);
const asked = {
  model: "gpt-5",
  messages: [{ role: "user", content: "Größe der Seine?" }],
  seed: 7,
  x_of_the_gateway: { route: ["a", "b"] },
};
const headers = { "content-type": "application/json", authorization: "Bearer sk-secret" };
const call = (body) =>
  fetch(`${url}/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });

(async () => {
  await (await call(asked)).json();
  const response = await call({ ...asked, stream: true });
  let size = 0;
  for await (const piece of response.body) size += piece.length;
  if (size === 0) throw new Error("nothing came");
  await provider.forceFlush();
  await provider.shutdown();
})();
