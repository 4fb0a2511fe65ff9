"""OpenTelemetry's own instrumentations, in their content modes."""

from recording.drivers.contract import Driver, instrumentor

_SPAN = {
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only",
}
_EVENT = {**_SPAN, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "event_only"}
_OLD = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}


def _row(client: str, package: str, mode: dict[str, str], *installed: str) -> Driver:
    path = package.replace("genai-", "genai.", 1).replace("-", "_")
    module = "opentelemetry.instrumentation." + path
    recorded = f"opentelemetry-instrumentation-{package}"
    return Driver(client, (*installed, recorded), instrumentor(module), mode)


_LLAMA = ("llama-index-core", "llama-index-llms-openai")
_CHAIN = ("langchain", "langchain-openai", "langchain-anthropic")
_BOTH = {**_SPAN, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_and_event"}  # fmt: skip  # noqa: E501
DRIVERS = {
    "otel_genai_openai": _row("openai", "genai-openai", _SPAN, "openai"),
    "otel_genai_openai_both": _row("openai", "genai-openai", _BOTH, "openai"),
    "otel_genai_anthropic": _row("anthropic", "genai-anthropic", _SPAN, "anthropic"),
    "otel_genai_llama_index": _row("llama_index", "genai-llama-index", _SPAN, *_LLAMA),
    "otel_genai_langchain": _row("langchain", "genai-langchain", _SPAN, *_CHAIN),
    "otel_genai_dspy": _row("dspy", "genai-dspy", _SPAN, "dspy"),
    "otel_google_genai": _row("google", "google-genai", _SPAN, "google-genai<3"),
    "otel_google_genai_event": _row("google", "google-genai", _EVENT, "google-genai<3"),
    "otel_google_genai_old": _row("google", "google-genai", _OLD, "google-genai<3"),
}
