"""Traceloop's instrumentations (OpenLLMetry)."""

from recording.drivers.contract import Driver, instrumentor

_CONTENT = {"TRACELOOP_TRACE_CONTENT": "true"}


def _row(client: str, package: str, *installed: str) -> Driver:
    module = "opentelemetry.instrumentation." + package.replace("-", "_")
    module = module.replace("google_generativeai", "google_generativeai")
    recorded = f"opentelemetry-instrumentation-{package}"
    on = instrumentor(module, logs=False)
    return Driver(client, (*installed, recorded), on, _CONTENT)


_LLAMA = ("llama-index-core", "llama-index-llms-openai")
_CHAIN = ("langchain", "langchain-openai", "langchain-anthropic")
DRIVERS = {
    "traceloop_openai": _row("openai", "openai", "openai"),
    "traceloop_anthropic": _row("anthropic", "anthropic", "anthropic"),
    "traceloop_google": _row("google", "google-generativeai", "google-genai"),
    "traceloop_bedrock": _row("bedrock", "bedrock", "boto3"),
    "traceloop_cohere": _row("cohere", "cohere", "cohere<6"),
    "traceloop_ollama": _row("ollama", "ollama", "ollama"),
    "traceloop_langchain": _row("langchain", "langchain", *_CHAIN),
    "traceloop_llama_index": _row("llama_index", "llamaindex", *_LLAMA),
    "traceloop_haystack": _row("haystack", "haystack", "haystack-ai<3"),
    "traceloop_vertexai": _row("vertexai", "vertexai", "google-cloud-aiplatform<1.140"),
}
