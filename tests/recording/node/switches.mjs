// What switches instrumentations on; each returns what exports all that waits.

function sdk(url, installed, ...more) {
  const { NodeTracerProvider } = installed("@opentelemetry/sdk-trace-node");
  const { BatchSpanProcessor } = installed("@opentelemetry/sdk-trace-node");
  const traces = installed("@opentelemetry/exporter-trace-otlp-proto");
  const exporter = new traces.OTLPTraceExporter({ url: `${url}/v1/traces` });
  const spanProcessors = [...more, new BatchSpanProcessor(exporter)];
  const provider = new NodeTracerProvider({ spanProcessors });
  provider.register();
  const flushes = [() => provider.forceFlush()];
  const logs = installed("@opentelemetry/sdk-logs");
  const { logs: global } = installed("@opentelemetry/api-logs");
  const { OTLPLogExporter } = installed("@opentelemetry/exporter-logs-otlp-proto");
  const to = new OTLPLogExporter({ url: `${url}/v1/logs` });
  let processor;
  try {
    processor = new logs.BatchLogRecordProcessor({ exporter: to });
    processor.forceFlush;
  } catch {
    processor = new logs.BatchLogRecordProcessor(to);
  }
  const loggers = new logs.LoggerProvider({ processors: [processor] });
  global.setGlobalLoggerProvider(loggers);
  flushes.push(() => loggers.forceFlush());
  return { provider, loggers, flush: () => Promise.all(flushes.map((one) => one())) };
}

// An instrumentation that is registered before its client is loaded.
function registered(module, kind, options = {}) {
  return (url, installed) => {
    const { provider, loggers, flush } = sdk(url, installed);
    const { registerInstrumentations } = installed("@opentelemetry/instrumentation");
    const instrumentations = [new (installed(module)[kind])(options)];
    registerInstrumentations({
      instrumentations,
      tracerProvider: provider,
      loggerProvider: loggers,
    });
    return flush;
  };
}

// An instrumentation that is handed the module that it changes.
function manual(module, kind, load) {
  return (url, installed) => {
    const { provider, flush } = sdk(url, installed);
    const one = new (installed(module)[kind])();
    one.setTracerProvider(provider);
    one.manuallyInstrument(load(installed));
    return flush;
  };
}

const callbacks = (installed) => installed("@langchain/core/callbacks/manager");

function vercel7(url, installed) {
  const { flush } = sdk(url, installed);
  const { OpenTelemetry } = installed("@ai-sdk/otel");
  installed("ai").registerTelemetry(new OpenTelemetry());
  return flush;
}

function openinferenceVercel(url, installed) {
  const kinds = installed("@arizeai/openinference-vercel");
  const traces = installed("@opentelemetry/exporter-trace-otlp-proto");
  const exporter = new traces.OTLPTraceExporter({ url: `${url}/v1/traces` });
  const mine = new kinds.OpenInferenceSimpleSpanProcessor({ exporter });
  const { NodeTracerProvider } = installed("@opentelemetry/sdk-trace-node");
  const provider = new NodeTracerProvider({ spanProcessors: [mine] });
  provider.register();
  return () => provider.forceFlush();
}

function langfuse(url, installed) {
  const { LangfuseSpanProcessor } = installed("@langfuse/otel");
  const traces = installed("@opentelemetry/exporter-trace-otlp-proto");
  const exporter = new traces.OTLPTraceExporter({ url: `${url}/v1/traces` });
  const mine = new LangfuseSpanProcessor({ exporter, publicKey: "pk", secretKey: "sk" });
  const { NodeTracerProvider } = installed("@opentelemetry/sdk-trace-node");
  const provider = new NodeTracerProvider({ spanProcessors: [mine] });
  provider.register();
  return () => provider.forceFlush();
}

async function langsmith(url, installed) {
  process.env.LANGSMITH_TRACING = "true";
  process.env.LANGSMITH_API_KEY = "none";
  process.env.LANGSMITH_ENDPOINT = url;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url;
  const { flush } = sdk(url, installed);
  const { initializeOTEL } = installed("langsmith/experimental/otel/setup");
  const set = initializeOTEL();
  return async () => {
    await set.DEFAULT_LANGSMITH_SPAN_PROCESSOR.forceFlush();
    await flush();
  };
}

// Sentry's spans are OpenTelemetry's; its own server is the stand-in's.
// A handler of LangChain's runs, made anew for each of them.
function langfuseLangchain(url, installed) {
  const flush = langfuse(url, installed);
  const { registerConfigureHook } = installed("@langchain/core/context");
  const { CallbackHandler } = installed("@langfuse/langchain");
  process.env.LANGFUSE_HANDLER = "true";
  registerConfigureHook({ handlerClass: CallbackHandler, envVar: "LANGFUSE_HANDLER", inheritable: true });
  return flush;
}

const OI = "@arizeai/openinference-instrumentation-";
const TL = "@traceloop/instrumentation-";
export const switches = {
  sdk: (url, installed) => sdk(url, installed).flush,
  vercel7,
  openinference_vercel: openinferenceVercel,
  langfuse,
  langfuse_langchain: langfuseLangchain,
  langsmith,
  openinference_openai: manual(`${OI}openai`, "OpenAIInstrumentation", (i) => i("openai")),
  openinference_anthropic: manual(`${OI}anthropic`, "AnthropicInstrumentation", (i) => i("@anthropic-ai/sdk")),
  openinference_bedrock: registered(`${OI}bedrock`, "BedrockInstrumentation"),
  openinference_langchain: manual(`${OI}langchain`, "LangChainInstrumentation", callbacks),
  traceloop_openai: registered(`${TL}openai`, "OpenAIInstrumentation"),
  traceloop_anthropic: registered(`${TL}anthropic`, "AnthropicInstrumentation"),
  traceloop_bedrock: registered(`${TL}bedrock`, "BedrockInstrumentation"),
  traceloop_langchain: registered(`${TL}langchain`, "LangChainInstrumentation"),
  traceloop_cohere: registered(`${TL}cohere`, "CohereInstrumentation"),
  traceloop_google: registered(`${TL}google-generativeai`, "GenAIInstrumentation"),
  otel_openai: registered("@opentelemetry/instrumentation-openai", "OpenAIInstrumentation", {
    captureMessageContent: true,
  }),
  otel_aws: registered("@opentelemetry/instrumentation-aws-sdk", "AwsInstrumentation"),
};
