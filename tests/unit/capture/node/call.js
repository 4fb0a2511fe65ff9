// Makes one call as an application does and prints what came and what was recorded.
// node call.js SCENARIO URL BODY
"use strict";

const { scheduler } = require("node:timers/promises");
const api = require("@opentelemetry/api");
const capture = require("../../../../capture/node");

const [scenario, url, body] = process.argv.slice(2);
const init = { method: "POST", body, headers: { "content-type": "application/json" } };

async function joined(stream) {
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of stream) text += decoder.decode(piece, { stream: true });
  return text;
}

const scenarios = {
  text: async () => (await fetch(url, init)).text(),
  json: async () => JSON.stringify(await (await fetch(url, init)).json()),
  buffer: async () => Buffer.from(await (await fetch(url, init)).arrayBuffer()).toString(),
  stream: async () => joined((await fetch(url, init)).body),
  bytes: async () => (await fetch(url, { ...init, body: Buffer.from(body) })).text(),
  request: async () => (await fetch(new Request(url, init))).text(),
  looked_at: async () => {
    const response = await fetch(url, init);
    return response.body ? response.text() : "";
  },
  cloned: async () => {
    const response = await fetch(url, init);
    const copy = response.clone();
    return (await response.text()) && copy.text();
  },
  cancelled: async () => {
    const response = await fetch(url, init);
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return Buffer.from(value).toString();
  },
  form: async () => {
    const form = new FormData();
    form.append("model", "whisper-1");
    form.append("file", new Blob([Buffer.from(body, "latin1")], { type: "audio/wav" }), "a.wav");
    return (await fetch(url, { method: "POST", body: form })).text();
  },
  secret: async () => {
    const headers = { ...init.headers, authorization: "Bearer sk-1", "x-api-key": "sk-1" };
    return (await fetch(`${url}?key=sk-1&alt=sse`, { ...init, headers })).text();
  },
  beneath: async () => {
    api.activate({ spanId: "00000000000000aa", parentSpanContext: { spanId: "00000000000000bb" } });
    return (await fetch(url, init)).text();
  },
  replay: async () => {
    const headers = { ...init.headers, "x-snaptrace-replay": "1" };
    return (await fetch(url, { ...init, headers })).text();
  },
  unsampled: async () => {
    api.record(false);
    return (await fetch(url, init)).text();
  },
  uninstalled: async () => {
    capture.uninstall();
    return (await fetch(url, init)).text();
  },
};

(async () => {
  const original = globalThis.fetch;
  capture.install(process.env.HELD ? { heldBytes: Number(process.env.HELD) } : {});
  let came;
  let error = "";
  try {
    came = await scenarios[scenario]();
  } catch (raised) {
    error = `${raised.name}: ${raised.cause?.code ?? raised.message}`;
  }
  await scheduler.yield();
  const counts = capture.counts();
  capture.uninstall();
  const isRestored = globalThis.fetch === original;
  console.log(JSON.stringify({ came, error, counts, isRestored, spans: api.spans }));
})();
