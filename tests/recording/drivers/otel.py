"""OpenTelemetry's own instrumentations, in their content modes."""

from recording.drivers.contract import Driver, instrumentor
from recording.drivers.installed import (
    AGNO,
    AGNO_MORE,
    CHAIN,
    CHAIN_PROVIDERS,
    CLOUDS,
    GRAPH,
)

_SPAN = {
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only",
}
_EVENT = {**_SPAN, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "event_only"}
_OLD = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}


def _row(
    client: str,
    package: str,
    mode: dict[str, str],
    *installed: str,
    module: str = "",
    beside: str = "",
) -> Driver:
    """Return a driver, with another instrumentation beside it if one is named."""
    wanted = [name for name in (beside, package) if name]
    names = [f"opentelemetry-instrumentation-{name}" for name in wanted]
    paths = [name.replace("genai-", "genai.", 1).replace("-", "_") for name in wanted]
    modules = [f"opentelemetry.instrumentation.{path}" for path in paths]
    on = instrumentor(module) if module else instrumentor(*modules)
    return Driver(client, (*installed, *names), on, mode)


_BOTH = {**_SPAN, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_and_event"}  # fmt: skip  # noqa: E501
DRIVERS = {
    "otel_genai_openai": _row("openai", "genai-openai", _SPAN, "openai"),
    "otel_genai_openai_both": _row("openai", "genai-openai", _BOTH, "openai"),
    "otel_genai_anthropic": _row("anthropic", "genai-anthropic", _SPAN, "anthropic"),
    "otel_genai_langchain": _row(
        "frameworks.langchain", "genai-langchain", _SPAN, *CHAIN
    ),
    "otel_genai_dspy": _row("frameworks.dspy", "genai-dspy", _SPAN, "dspy"),
    "otel_google_genai": _row("google", "google-genai", _SPAN, "google-genai<3"),
    "otel_google_genai_event": _row("google", "google-genai", _EVENT, "google-genai<3"),
    "otel_google_genai_old": _row("google", "google-genai", _OLD, "google-genai<3"),
    "otel_genai_openai_event": _row("openai", "genai-openai", _EVENT, "openai"),
    "otel_genai_azure": _row("azure", "genai-openai", _SPAN, "openai"),
    "otel_genai_anthropic_event": _row(
        "anthropic", "genai-anthropic", _EVENT, "anthropic"
    ),
    "otel_genai_anthropic_clouds": _row(
        "anthropic_clouds", "genai-anthropic", _SPAN, *CLOUDS
    ),
    "otel_genai_bedrock": _row("bedrock", "genai-bedrock", _SPAN, "boto3"),
    "otel_genai_langchain_providers": _row(
        "frameworks.langchain_providers", "genai-langchain", _SPAN, *CHAIN_PROVIDERS
    ),
    "otel_genai_langgraph": _row(
        "frameworks.langgraph", "genai-langchain", _SPAN, *GRAPH
    ),
    "otel_genai_langchain_openai": _row(
        "frameworks.langchain", "genai-langchain", _SPAN, *CHAIN, beside="genai-openai"
    ),
    "otel_genai_openai_agents_openai": _row(
        "frameworks.openai_agents",
        "genai-openai-agents",
        _SPAN,
        "openai-agents",
        beside="genai-openai",
    ),
    "otel_genai_agno": _row("frameworks.agno", "genai-agno", _SPAN, *AGNO),
    "otel_genai_portkey": _row("portkey", "genai-portkey", _SPAN, "portkey-ai"),
    "otel_genai_instructor": _row(
        "frameworks.instructor", "genai-openai", _SPAN, "anthropic", "instructor"
    ),
    "otel_openai_v2": _row("openai", "openai-v2", _OLD, "openai", "httpx"),
    "otel_openai_v2_span": _row("openai", "openai-v2", _SPAN, "openai", "httpx"),
    "otel_openai_v2_azure": _row("azure", "openai-v2", _OLD, "openai", "httpx"),
    "otel_openai_agents_v2": _row(
        "frameworks.openai_agents",
        "openai-agents-v2",
        _OLD,
        "openai-agents",
        module="opentelemetry.instrumentation.openai_agents",
    ),
    "otel_botocore": _row("bedrock", "botocore", _OLD, "boto3"),
    "otel_vertexai": _row(
        "vertexai", "vertexai", _SPAN, "google-cloud-aiplatform<1.140"
    ),
    "otel_vertexai_old": _row(
        "vertexai", "vertexai", _OLD, "google-cloud-aiplatform<1.140"
    ),
    "otel_genai_agno_providers": _row(
        "providers.agno", "genai-agno", _SPAN, *AGNO_MORE
    ),
    "otel_genai_openai_agents_litellm": _row(
        "providers.openai_agents",
        "genai-openai-agents",
        _SPAN,
        "openai-agents[litellm]",
    ),
    "otel_genai_smolagents_providers": _row(
        "providers.smolagents",
        "genai-smolagents",
        _SPAN,
        "smolagents[openai,litellm]",
    ),
    "otel_genai_mem0": _row("others.mem0", "genai-openai", _SPAN, "mem0ai"),
}
