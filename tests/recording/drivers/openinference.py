"""OpenInference's instrumentations."""

import importlib
from collections.abc import Callable

from recording.drivers.contract import Driver, Flush, instrumentor, sdk
from recording.drivers.installed import (
    AGENT_FRAMEWORK,
    AGNO,
    AGNO_MORE,
    CHAIN,
    CHAIN_PROVIDERS,
    CLOUDS,
    CREWAI,
    GRAPH,
    HAYSTACK_MORE,
    LLAMA,
    LLAMA_PROVIDERS,
)

_WHOLE = {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH": "100000000"}


_PREFIX = "openinference.instrumentation."


def _row(client: str, package: str, *installed: str, beside: str = "") -> Driver:
    """Return a driver, with another instrumentation beside it if one is named."""
    modules = [_PREFIX + name.replace("-", "_") for name in (package, beside) if name]
    names = [f"openinference-instrumentation-{one}" for one in (beside, package) if one]
    on = instrumentor(*modules, logs=False)
    return Driver(client, (*installed, *names), on, _WHOLE)


def _processor(
    client: str, package: str, kind: str, *installed: str, also: Callable[[], object]
) -> Driver:
    """Return a driver of a processor that rewrites a framework's own spans."""

    def switch_on(url: str) -> Flush:
        spans, _, flush = sdk(url)
        module = importlib.import_module(_PREFIX + package.replace("-", "_"))
        held = spans._active_span_processor
        # Before the exporter, as the package asks.
        mine = getattr(module, kind)()
        held._span_processors = (mine, *held._span_processors)
        also()
        return flush

    recorded = f"openinference-instrumentation-{package}"
    return Driver(client, (*installed, recorded), switch_on, _WHOLE)


def _pydantic_ai() -> None:
    from pydantic_ai import Agent

    Agent.instrument_all()


def _agent_framework() -> None:
    from agent_framework.observability import enable_instrumentation

    enable_instrumentation(enable_sensitive_data=True)


def _nothing() -> None:
    """Switch on nothing more."""


DRIVERS = {
    "openinference_openai": _row("openai", "openai", "openai"),
    "openinference_anthropic": _row("anthropic", "anthropic", "anthropic"),
    "openinference_google": _row("google", "google-genai", "google-genai"),
    "openinference_groq": _row("groq", "groq", "groq"),
    "openinference_mistral": _row("mistral", "mistralai", "mistralai"),
    "openinference_bedrock": _row("bedrock", "bedrock", "boto3"),
    "openinference_llama_index": _row("frameworks.llama_index", "llama-index", *LLAMA),
    "openinference_langchain": _row("frameworks.langchain", "langchain", *CHAIN),
    "openinference_dspy": _row("frameworks.dspy", "dspy", "dspy"),
    "openinference_autogen": _row(
        "frameworks.autogen",
        "autogen-agentchat",
        "autogen-agentchat",
        "autogen-ext[openai]",
    ),
    "openinference_vertexai": _row(
        "vertexai", "vertexai", "google-cloud-aiplatform<1.140"
    ),
    "openinference_azure": _row("azure", "openai", "openai"),
    "openinference_anthropic_clouds": _row("anthropic_clouds", "anthropic", *CLOUDS),
    "openinference_langchain_providers": _row(
        "frameworks.langchain_providers", "langchain", *CHAIN_PROVIDERS
    ),
    "openinference_langgraph": _row("frameworks.langgraph", "langchain", *GRAPH),
    "openinference_llama_index_providers": _row(
        "frameworks.llama_index_providers", "llama-index", *LLAMA_PROVIDERS
    ),
    "openinference_openai_agents": _row(
        "frameworks.openai_agents", "openai-agents", "openai-agents"
    ),
    "openinference_agno": _row("frameworks.agno", "agno", *AGNO),
    "openinference_crewai_openai": _row(
        "frameworks.crewai", "crewai", *CREWAI, beside="openai"
    ),
    "openinference_smolagents": _row(
        "frameworks.smolagents", "smolagents", "smolagents[openai]"
    ),
    "openinference_smolagents_openai": _row(
        "frameworks.smolagents", "smolagents", "smolagents[openai]", beside="openai"
    ),
    "openinference_instructor": _row(
        "frameworks.instructor", "instructor", "anthropic", "instructor"
    ),
    "openinference_instructor_openai": _row(
        "frameworks.instructor",
        "instructor",
        "anthropic",
        "instructor",
        beside="openai",
    ),
    "openinference_litellm": _row("frameworks.litellm", "litellm", "litellm"),
    "openinference_haystack": _row("frameworks.haystack", "haystack", "haystack-ai"),
    "openinference_adk": _row("frameworks.adk", "google-adk", "google-adk"),
    "openinference_portkey": _row("portkey", "portkey", "portkey-ai", "openai"),
    "openinference_pydantic_ai": _processor(
        "frameworks.pydantic_ai",
        "pydantic-ai",
        "OpenInferenceSpanProcessor",
        "pydantic-ai-slim[openai,anthropic]",
        also=_pydantic_ai,
    ),
    "openinference_strands": _processor(
        "frameworks.strands",
        "strands-agents",
        "StrandsAgentsToOpenInferenceProcessor",
        "strands-agents[otel,openai,anthropic]",
        also=_nothing,
    ),
    "openinference_agent_framework": _processor(
        "frameworks.agent_framework",
        "agent-framework",
        "AgentFrameworkToOpenInferenceProcessor",
        *AGENT_FRAMEWORK,
        also=_agent_framework,
    ),
    "openinference_agno_providers": _row("providers.agno", "agno", *AGNO_MORE),
    "openinference_haystack_providers": _row(
        "providers.haystack", "haystack", *HAYSTACK_MORE, "haystack-ai"
    ),
    "openinference_adk_litellm": _row(
        "providers.adk", "google-adk", "litellm", "google-adk"
    ),
    "openinference_openai_agents_litellm": _row(
        "providers.openai_agents", "openai-agents", "openai-agents[litellm]"
    ),
    "openinference_smolagents_providers": _row(
        "providers.smolagents", "smolagents", "smolagents[openai,litellm]"
    ),
    "openinference_ag2": _row("others.ag2", "ag2", "ag2[openai,anthropic]<1"),
    "openinference_mem0": _row("others.mem0", "openai", "mem0ai"),
}
