// Sends one span with an OTLP exporter of the Node SDK; ends 0 if it was accepted.
// node export.mjs grpc|http|proto URL none|gzip
import { createRequire } from "node:module";

// The packages lie where the caller says, not beside this file.
const require = createRequire(process.env.EXPORTERS + "/");
const [kind, url, compression] = process.argv.slice(2);
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${kind}`);
const { BasicTracerProvider, SimpleSpanProcessor } = require(
  "@opentelemetry/sdk-trace-base",
);

const exporter = new OTLPTraceExporter({
  url,
  timeoutMillis: 10000,
  compression: kind === "grpc" ? { none: 0, gzip: 1 }[compression] : compression,
});
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) =>
  send(spans, (result) => {
    process.exitCode = result.code; // 0: accepted
    if (result.error) console.error(result.error.message);
    done(result);
  });
const provider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});
process.exitCode = 3; // nothing was exported
provider.getTracer("t").startSpan("from node", { attributes: { n: 7 } }).end();
await provider.forceFlush();
await provider.shutdown();
