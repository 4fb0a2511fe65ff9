// Settings, from environment variables. A value that cannot be read is left out.
"use strict";

const YES = new Set(["1", "true", "yes", "on"]);
// Below the 4 MiB that receivers of OTLP over gRPC take in one request by default: no
// batch can hold more, so a capture never costs an application its own spans.
const DEFAULT_BYTES = 3584 * 1024;
const LEAST_BYTES = 64 * 1024;

/** Tells whether the environment asks for capture. */
function isSwitchedOn(environment = process.env) {
  return YES.has((environment.SNAPTRACE_CAPTURE ?? "").trim().toLowerCase());
}

/** Returns the settings that the environment holds. */
function fromEnvironment(environment = process.env) {
  const size = (environment.SNAPTRACE_CAPTURE_BYTES ?? "").trim();
  const baseUrls = (environment.SNAPTRACE_CAPTURE_BASE_URLS ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => /^https?:\/\/.*=\w+$/.test(entry))
    .map((entry) => {
      const at = entry.lastIndexOf("=");
      return { url: entry.slice(0, at), api: entry.slice(at + 1) };
    });
  return {
    heldBytes: /^\d+$/.test(size) ? Math.max(LEAST_BYTES, Number(size)) : DEFAULT_BYTES,
    baseUrls,
  };
}

module.exports = { isSwitchedOn, fromEnvironment };
