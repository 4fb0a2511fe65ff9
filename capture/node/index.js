// Records the bytes of model calls beside the spans that an application has.
"use strict";

const { Capture } = require("./lib/capture");
const { wrap } = require("./lib/fetch");
const { fromEnvironment } = require("./lib/settings");

let installed = null; // { capture, original, hooked }

/** Begins to capture what the global `fetch` sends. Called again it changes nothing. */
function install(settings = {}) {
  if (installed !== null || typeof globalThis.fetch !== "function") return;
  const capture = new Capture({ ...fromEnvironment(), ...settings });
  const original = globalThis.fetch;
  const hooked = wrap(original, capture);
  globalThis.fetch = hooked;
  installed = { capture, original, hooked };
}

/** Stops to capture, and puts the runtime's own `fetch` back. */
function uninstall() {
  if (installed === null) return;
  installed.capture.isOn = false;
  if (globalThis.fetch === installed.hooked) globalThis.fetch = installed.original;
  installed = null;
}

/** Returns a `fetch` that calls the given one and is captured. */
function wrapFetch(fetch, settings = {}) {
  return wrap(fetch, new Capture({ ...fromEnvironment(), ...settings }));
}

/** Returns how many calls were captured, and how many were not, by reason. */
function counts() {
  return installed === null ? {} : { ...installed.capture.counts };
}

module.exports = { install, uninstall, wrapFetch, counts };
