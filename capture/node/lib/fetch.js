// The hook: a `fetch` that calls the given one, and hands on what that returns.
"use strict";

const { mayMatch } = require("./endpoints");
const { begin } = require("./exchange");

// Ends the spans of responses whose body nobody read.
const unread = new FinalizationRegistry((exchange) => exchange.finish());

/** Returns a `fetch` whose model calls are captured. */
function wrap(fetch, capture) {
  async function captured(input, init) {
    const asked = look(capture, input, init);
    const sent = fetch.call(this ?? globalThis, input, init);
    if (asked === null) return sent;
    const exchange = Promise.resolve(asked).catch(() => {
      capture.counts.failed += 1;
      return null;
    });
    let response;
    try {
      response = await sent;
    } catch (error) {
      (await exchange)?.failed(error);
      throw error;
    }
    const own = await exchange;
    if (own !== null) {
      try {
        watch(response, own);
      } catch {
        capture.counts.failed += 1;
        own.finish();
      }
    }
    return response;
  }
  return captured;
}

/** Returns the exchange, a promise of it where its body takes time, or null. */
function look(capture, input, init) {
  try {
    if (!capture.isOn) return null;
    const request = typeof input === "object" && !(input instanceof URL) ? input : null;
    const url = request === null ? String(input) : request.url;
    const method = init?.method ?? request?.method ?? "GET";
    if (!mayMatch(method, url, capture.settings.baseUrls)) return null;
    const headers = new Headers(init?.headers ?? request?.headers);
    const body = init?.body ?? null;
    if (typeof body === "string") return begin(capture, url, headers, body);
    if (body instanceof ArrayBuffer) {
      return begin(capture, url, headers, Buffer.from(body));
    }
    if (ArrayBuffer.isView(body)) {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      return begin(capture, url, headers, bytes);
    }
    return lookLater(capture, url, headers, body, request);
  } catch {
    capture.counts.failed += 1;
    return null;
  }
}

/** Reads a body that can be read more than once, beside the request. */
function lookLater(capture, url, headers, body, request) {
  let source = null;
  if (body instanceof Blob || body instanceof FormData || body instanceof URLSearchParams) {
    if (sizeOf(body) > capture.requestBytes) {
      capture.counts.too_large += 1;
      return null;
    }
    source = new Response(body);
    const type = source.headers.get("content-type");
    if (type !== null && !headers.has("content-type")) headers.set("content-type", type);
  } else if (body === null && request !== null && request.body) {
    source = request.clone();
  }
  if (source === null) {
    capture.counts.body_unread += 1;
    return null;
  }
  return source
    .arrayBuffer()
    .then((bytes) => begin(capture, url, headers, Buffer.from(bytes)));
}

function sizeOf(body) {
  if (body instanceof Blob) return body.size;
  let size = 0;
  for (const [, value] of body) size += value instanceof Blob ? value.size : value.length;
  return size;
}

/** Keeps what the application reads of a response, as it reads it. */
function watch(response, exchange) {
  exchange.answered(response.status, response.headers);
  if (response.body === null) {
    exchange.finish();
    return;
  }
  unread.register(response, exchange, response);
  const prototype = Response.prototype;
  const finish = () => {
    unread.unregister(response);
    exchange.finish();
  };
  const read = async (name) => {
    try {
      const whole = await prototype[name].call(response);
      exchange.received(name === "text" ? whole : new Uint8Array(whole));
      return whole;
    } catch (error) {
      exchange.failed(error);
      throw error;
    } finally {
      finish();
    }
  };
  const own = {
    text: () => read("text"),
    json: async () => JSON.parse(await read("text")),
    arrayBuffer: () => read("arrayBuffer"),
  };
  if (typeof prototype.bytes === "function") {
    own.bytes = async () => new Uint8Array(await read("arrayBuffer"));
  }
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(response, name, { value, configurable: true, writable: true });
  }
  const inner = Object.getOwnPropertyDescriptor(prototype, "body").get;
  let tapped = null;
  const body = () => (tapped ??= tap(() => inner.call(response), exchange, finish));
  Object.defineProperty(response, "body", { get: body, configurable: true });
}

/** Returns a stream of what another one gives, which is asked for nothing ahead. */
function tap(source, exchange, finish) {
  let reader = null;
  return new ReadableStream(
    {
      async pull(controller) {
        reader ??= source().getReader();
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            finish();
          } else {
            exchange.received(value);
            controller.enqueue(value);
          }
        } catch (error) {
          exchange.failed(error);
          finish();
          controller.error(error);
        }
      },
      async cancel(reason) {
        finish();
        await (reader ?? source()).cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

module.exports = { wrap };
