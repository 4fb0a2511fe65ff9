// The parts that all captured calls of a process share.
"use strict";

const { trace } = require("@opentelemetry/api");
const { VERSION } = require("./version");

const SCOPE = "snaptrace.capture";
const FLUSH_MS = 10_000;

/** What is captured, how much of it may wait for export, and what became of it. */
class Capture {
  constructor(settings) {
    this.settings = settings;
    this.isOn = true;
    this.counts = {
      captured: 0,
      too_large: 0, // a request beyond the bound
      no_room: 0, // too many bytes wait for export
      body_unread: 0, // a request body that can be read once only
      response_cut: 0, // captured, but the response only in part
      failed: 0, // an error of this package
    };
    this.held = 0;
    this.isFlushing = false;
  }

  get requestBytes() {
    return Math.floor((this.settings.heldBytes * 7) / 8);
  }

  get responseBytes() {
    return Math.floor(this.settings.heldBytes / 4);
  }

  tracer() {
    return trace.getTracer(SCOPE, VERSION);
  }

  /** Takes bytes; false where there is no room for them. */
  reserve(size) {
    const fits = this.held + size <= this.settings.heldBytes;
    if (fits) this.held += size;
    if (!fits || this.held > this.settings.heldBytes / 2) this.flush();
    return fits;
  }

  release(size) {
    this.held = Math.max(0, this.held - size);
  }

  // An SDK says when it has exported only to who asks it to flush: what was held when
  // the flush began is gone when it ends, exported or not.
  flush() {
    if (this.isFlushing) return;
    this.isFlushing = true;
    const held = this.held;
    const done = () => {
      clearTimeout(timer);
      if (!this.isFlushing) return;
      this.isFlushing = false;
      this.release(held);
    };
    const timer = setTimeout(done, FLUSH_MS);
    timer.unref?.();
    const provider = trace.getTracerProvider();
    const owner = provider.getDelegate?.() ?? provider;
    if (typeof owner.forceFlush !== "function") return;
    setImmediate(() => {
      try {
        Promise.resolve(owner.forceFlush()).then(done, done);
      } catch {
        done();
      }
    });
  }
}

module.exports = { Capture };
