// One call to a model, from request to the end of its response, as one span.
"use strict";

const { SpanStatusCode, trace } = require("@opentelemetry/api");
const { match } = require("./endpoints");
const { FORMAT } = require("./version");

// Everything else a header may hold is left out: keys, cookies, names of people.
const REQUEST_HEADERS = new Set(["anthropic-version", "anthropic-beta", "openai-beta"]);
const RESPONSE_HEADERS = new Set(["request-id", "x-request-id", "x-amzn-requestid"]);
const REPLAY = "x-snaptrace-replay";
const HEADER_MAX = 512;
const PREFIX = "snaptrace.llm.";
const FAILED_FROM = 400;

/** A request under way. No method throws. */
class Exchange {
  constructor(capture, span, target, size) {
    this.capture = capture;
    this.span = span;
    this.held = size;
    this.chunks = [];
    this.kept = 0;
    this.came = 0;
    this.isOpen = true;
    this.isCut = false;
    this.status = 0;
    this.attributes = {
      [`${PREFIX}format`]: FORMAT,
      [`${PREFIX}api`]: target.api,
      [`${PREFIX}url`]: target.url,
    };
    if (target.model) this.attributes[`${PREFIX}model`] = target.model;
  }

  answered(status, headers) {
    this.status = status;
    this.attributes[`${PREFIX}response.status`] = status;
    note(this.attributes, "response", headers, RESPONSE_HEADERS);
    // `fetch` hands out what the coding was undone of.
    delete this.attributes[`${PREFIX}response.encoding`];
  }

  /** Keeps a piece of the response, a text or bytes, up to the bound. */
  received(piece) {
    try {
      const size = Buffer.byteLength(piece);
      this.came += size;
      if (this.isCut || !this.isOpen || size === 0) return;
      if (this.kept + size > this.capture.responseBytes || !this.capture.reserve(size)) {
        this.isCut = true;
        return;
      }
      this.held += size;
      this.kept += size;
      this.chunks.push(Buffer.from(piece));
    } catch {
      this.capture.counts.failed += 1;
    }
  }

  failed(error) {
    this.attributes[`${PREFIX}error`] = String(error?.name ?? "Error");
    this.finish();
  }

  /** Ends the span. May be called more than once. */
  finish() {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      this.end();
    } catch {
      this.capture.counts.failed += 1;
    }
  }

  end() {
    const { attributes, capture, span } = this;
    if (this.status > 0) {
      putBody(attributes, "response", Buffer.concat(this.chunks));
      attributes[`${PREFIX}response.bytes`] = this.came;
    }
    this.chunks = [];
    if (this.isCut) {
      attributes[`${PREFIX}response.cut`] = true;
      capture.counts.response_cut += 1;
    }
    if (this.status >= FAILED_FROM || `${PREFIX}error` in attributes) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.setAttributes(attributes);
    span.end();
    capture.counts.captured += 1;
  }
}

/** Returns the exchange of a request to a model; null for any other one. */
function begin(capture, url, headers, body) {
  const target = match(url, body, capture.settings.baseUrls);
  if (target === null || headers.has(REPLAY)) return null;
  const size = Buffer.byteLength(body);
  if (size > capture.requestBytes) {
    capture.counts.too_large += 1;
    return null;
  }
  const outer = outerSpanId(trace.getActiveSpan());
  const span = capture.tracer().startSpan(`capture ${target.api}`);
  if (!span.isRecording()) return null;
  if (!capture.reserve(size)) {
    capture.counts.no_room += 1;
    return null;
  }
  const exchange = new Exchange(capture, span, target, size);
  note(exchange.attributes, "request", headers, REQUEST_HEADERS);
  putBody(exchange.attributes, "request", body);
  if (outer) exchange.attributes[`${PREFIX}outer_span_id`] = outer;
  return exchange;
}

function note(attributes, side, headers, kept) {
  for (const [name, value] of headers) {
    const text = value.slice(0, HEADER_MAX);
    if (name === "content-type") attributes[`${PREFIX}${side}.type`] = text;
    else if (name === "content-encoding") attributes[`${PREFIX}${side}.encoding`] = text;
    else if (kept.has(name)) attributes[`${PREFIX}${side}.header.${name}`] = text;
  }
}

/** Adds a body: as text, or as base64 where it is none. */
function putBody(attributes, side, body) {
  const name = `${PREFIX}${side}.body`;
  attributes[`${PREFIX}${side}.bytes`] = Buffer.byteLength(body);
  if (typeof body === "string") {
    attributes[name] = body;
    return;
  }
  const isPlain =
    !(`${PREFIX}${side}.encoding` in attributes) &&
    !String(attributes[`${PREFIX}${side}.type`] ?? "").startsWith("multipart/");
  if (isPlain) {
    try {
      attributes[name] = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
      return;
    } catch {
      // no text: as base64
    }
  }
  attributes[`${name}_base64`] = Buffer.from(body).toString("base64");
}

// Between the span of a model call and this one may stand the HTTP library's own, which
// says nothing of the call.
function outerSpanId(active) {
  return active?.parentSpanContext?.spanId ?? active?.parentSpanId ?? "";
}

module.exports = { begin };
