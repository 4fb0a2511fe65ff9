// As much of OpenTelemetry's API as the capture uses; spans are kept, not exported.
"use strict";

const spans = [];
let active;
let isRecording = true;

const tracer = {
  startSpan(name) {
    const span = {
      name,
      parent: active?.spanId ?? "",
      attributes: {},
      status: 0,
      isEnded: false,
      isRecording: () => isRecording,
      setAttributes: (more) => Object.assign(span.attributes, more),
      setStatus: ({ code }) => (span.status = code),
      end: () => {
        span.isEnded = true;
        spans.push(span);
      },
    };
    return span;
  },
};

module.exports = {
  SpanStatusCode: { UNSET: 0, OK: 1, ERROR: 2 },
  trace: {
    getTracer: () => tracer,
    getTracerProvider: () => ({}),
    getActiveSpan: () => active,
  },
  // For tests.
  spans,
  activate: (span) => (active = span),
  record: (yes) => (isRecording = yes),
};
