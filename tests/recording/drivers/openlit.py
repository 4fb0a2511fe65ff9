"""OpenLIT."""

from recording.drivers.contract import Driver, Flush, flush_all
from recording.drivers.installed import (
    AGENT_FRAMEWORK,
    AGNO,
    AGNO_MORE,
    CHAIN,
    CHAIN_PROVIDERS,
    CREWAI,
    GRAPH,
    LLAMA,
    LLAMA_PROVIDERS,
)


def _on(url: str) -> Flush:
    import openlit

    openlit.init(
        otlp_endpoint=url,
        application_name="assistant",
        disable_metrics=True,
        disable_batch=True,
    )
    return flush_all


def _row(client: str, *installed: str) -> Driver:
    return Driver(client, (*installed, "openlit>=1.45"), _on)


DRIVERS = {
    "openlit_openai": _row("openai", "openai"),
    "openlit_anthropic": _row("anthropic", "anthropic"),
    "openlit_google": _row("google", "google-genai"),
    "openlit_cohere": _row("cohere", "cohere"),
    "openlit_mistral": _row("mistral", "mistralai<2"),
    "openlit_ollama": _row("ollama", "ollama"),
    "openlit_langchain": _row("frameworks.langchain", *CHAIN),
    "openlit_litellm": _row("frameworks.litellm", "litellm"),
    "openlit_bedrock": _row("bedrock", "boto3"),
    "openlit_groq": _row("groq", "groq"),
    "openlit_azure": _row("azure", "openai"),
    "openlit_mistral_newest": _row("mistral", "mistralai"),
    "openlit_vertexai": _row("vertexai", "google-cloud-aiplatform<1.140"),
    "openlit_langchain_providers": _row(
        "frameworks.langchain_providers", *CHAIN_PROVIDERS
    ),
    "openlit_langgraph": _row("frameworks.langgraph", *GRAPH),
    "openlit_llama_index": _row("frameworks.llama_index", *LLAMA),
    "openlit_llama_index_providers": _row(
        "frameworks.llama_index_providers", *LLAMA_PROVIDERS
    ),
    "openlit_haystack": _row("frameworks.haystack", "haystack-ai"),
    "openlit_openai_agents": _row("frameworks.openai_agents", "openai-agents"),
    "openlit_agno": _row("frameworks.agno", *AGNO),
    "openlit_crewai": _row("frameworks.crewai", *CREWAI),
    "openlit_pydantic_ai": _row(
        "frameworks.pydantic_ai", "pydantic-ai-slim[openai,anthropic]"
    ),
    "openlit_smolagents": _row("frameworks.smolagents", "smolagents[openai]"),
    "openlit_instructor": _row("frameworks.instructor", "anthropic", "instructor"),
    "openlit_dspy": _row("frameworks.dspy", "dspy"),
    "openlit_adk": _row("frameworks.adk", "google-adk"),
    "openlit_autogen": _row(
        "frameworks.autogen", "autogen-agentchat", "autogen-ext[openai]"
    ),
    "openlit_agent_framework": _row("frameworks.agent_framework", *AGENT_FRAMEWORK),
    "openlit_strands": _row(
        "frameworks.strands", "strands-agents[otel,openai,anthropic]"
    ),
    "openlit_ag2": _row("others.ag2", "ag2[openai,anthropic]<1"),
    "openlit_mem0": _row("others.mem0", "mem0ai"),
    "openlit_agno_providers": _row("providers.agno", *AGNO_MORE),
    "openlit_openai_agents_litellm": _row(
        "providers.openai_agents", "openai-agents[litellm]"
    ),
}
