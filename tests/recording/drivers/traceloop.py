"""Traceloop's instrumentations (OpenLLMetry)."""

from recording.drivers.contract import (
    Driver,
    Flush,
    flush_all,
    found,
    instrumentor,
    sdk,
)
from recording.drivers.installed import (
    AGNO,
    CHAIN,
    CHAIN_PROVIDERS,
    CLOUDS,
    CREWAI,
    GRAPH,
    LLAMA,
    LLAMA_PROVIDERS,
)

_CONTENT = {"TRACELOOP_TRACE_CONTENT": "true"}


def _row(client: str, package: str, *installed: str, beside: str = "") -> Driver:
    """Return a driver, with another instrumentation beside it if one is named."""
    wanted = [name for name in (beside, package) if name]
    names = [f"opentelemetry-instrumentation-{name}" for name in wanted]
    modules = [
        "opentelemetry.instrumentation." + name.replace("-", "_") for name in wanted
    ]
    on = instrumentor(*modules, logs=False)
    return Driver(client, (*installed, *names), on, _CONTENT)


def _events(client: str, package: str, *installed: str) -> Driver:
    """Return a driver of the mode that reports content as log records."""
    name = "opentelemetry.instrumentation." + package.replace("-", "_")

    def switch_on(url: str) -> Flush:
        spans, loggers, flush = sdk(url)
        found(name)(use_legacy_attributes=False).instrument(
            tracer_provider=spans, logger_provider=loggers
        )
        return flush

    recorded = f"opentelemetry-instrumentation-{package}"
    return Driver(client, (*installed, recorded), switch_on, _CONTENT)


def _sdk(url: str) -> Flush:
    from traceloop.sdk import Traceloop

    Traceloop.init(app_name="assistant", api_endpoint=url, disable_batch=True)
    return flush_all


DRIVERS = {
    "traceloop_openai": _row("openai", "openai", "openai"),
    "traceloop_anthropic": _row("anthropic", "anthropic", "anthropic"),
    "traceloop_google": _row("google", "google-generativeai", "google-genai"),
    "traceloop_bedrock": _row("bedrock", "bedrock", "boto3"),
    "traceloop_cohere": _row("cohere", "cohere", "cohere<6"),
    "traceloop_ollama": _row("ollama", "ollama", "ollama"),
    "traceloop_langchain": _row("frameworks.langchain", "langchain", *CHAIN),
    "traceloop_llama_index": _row("frameworks.llama_index", "llamaindex", *LLAMA),
    "traceloop_haystack": _row("frameworks.haystack", "haystack", "haystack-ai<3"),
    "traceloop_vertexai": _row("vertexai", "vertexai", "google-cloud-aiplatform<1.140"),
    "traceloop_mistral": _row("mistral", "mistralai", "mistralai"),
    "traceloop_mistral_1": _row("mistral", "mistralai", "mistralai<2"),
    "traceloop_groq": _row("groq", "groq", "groq"),
    "traceloop_azure": _row("azure", "openai", "openai"),
    "traceloop_openai_events": _events("openai", "openai", "openai"),
    "traceloop_anthropic_events": _events("anthropic", "anthropic", "anthropic"),
    "traceloop_anthropic_clouds": _row("anthropic_clouds", "anthropic", *CLOUDS),
    "traceloop_langchain_providers": _row(
        "frameworks.langchain_providers", "langchain", *CHAIN_PROVIDERS
    ),
    "traceloop_langgraph": _row("frameworks.langgraph", "langchain", *GRAPH),
    "traceloop_langchain_openai": _row(
        "frameworks.langchain", "langchain", *CHAIN, beside="openai"
    ),
    "traceloop_llama_index_openai": _row(
        "frameworks.llama_index", "llamaindex", *LLAMA, beside="openai"
    ),
    "traceloop_llama_index_providers": _row(
        "frameworks.llama_index_providers", "llamaindex", *LLAMA_PROVIDERS
    ),
    "traceloop_haystack_openai": _row(
        "frameworks.haystack", "haystack", "haystack-ai<3", beside="openai"
    ),
    "traceloop_openai_agents": _row(
        "frameworks.openai_agents", "openai-agents", "openai-agents"
    ),
    "traceloop_agno": _row("frameworks.agno", "agno", *AGNO),
    "traceloop_agno_openai": _row("frameworks.agno", "agno", *AGNO, beside="openai"),
    "traceloop_crewai": _row("frameworks.crewai", "crewai", *CREWAI),
    "traceloop_crewai_openai": _row(
        "frameworks.crewai", "crewai", *CREWAI, beside="openai"
    ),
    "traceloop_instructor": _row(
        "frameworks.instructor", "openai", "anthropic", "instructor"
    ),
    "traceloop_sdk": Driver("openai", ("openai", "traceloop-sdk"), _sdk, _CONTENT),
    "traceloop_sdk_anthropic": Driver(
        "anthropic", ("anthropic", "traceloop-sdk"), _sdk, _CONTENT
    ),
    "traceloop_sdk_langgraph": Driver(
        "frameworks.langgraph", (*GRAPH, "traceloop-sdk"), _sdk, _CONTENT
    ),
    "traceloop_openai_agents_litellm": _row(
        "providers.openai_agents", "openai-agents", "openai-agents[litellm]"
    ),
    "traceloop_mem0": _row("others.mem0", "openai", "mem0ai"),
}
