"""MLflow's autologging, exported over OTLP."""

import importlib
import time
from collections.abc import Callable

from recording.drivers.contract import Driver, Flush
from recording.drivers.installed import (
    AGNO,
    AGNO_MORE,
    CHAIN,
    CHAIN_PROVIDERS,
    CREWAI,
    GRAPH,
    LLAMA,
)

_SETTINGS = {
    "MLFLOW_TRACKING_URI": "sqlite:///mlruns.db",
    "MLFLOW_ENABLE_OTLP_EXPORTER": "true",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
}
_PAUSE_SECONDS = 0.4  # its exporter has no flush of its own


def _on(flavour: str) -> Callable[[str], Flush]:
    def switch_on(url: str) -> Flush:
        import os

        os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{url}/v1/traces"
        importlib.import_module(f"mlflow.{flavour}").autolog()
        return lambda: time.sleep(_PAUSE_SECONDS)

    return switch_on


def _row(client: str, flavour: str, *installed: str) -> Driver:
    return Driver(client, (*installed, "mlflow"), _on(flavour), _SETTINGS)


DRIVERS = {
    "mlflow_openai": _row("openai", "openai", "openai"),
    "mlflow_google": _row("google", "gemini", "google-genai"),
    "mlflow_mistral": _row("mistral", "mistral", "mistralai"),
    "mlflow_litellm": _row("frameworks.litellm", "litellm", "litellm"),
    "mlflow_llama_index": _row("frameworks.llama_index", "llama_index", *LLAMA),
    "mlflow_dspy": _row("frameworks.dspy", "dspy", "dspy"),
    "mlflow_pydantic_ai": _row(
        "frameworks.pydantic_ai", "pydantic_ai", "pydantic-ai-slim[openai,anthropic]"
    ),
    "mlflow_anthropic": _row("anthropic", "anthropic", "anthropic"),
    "mlflow_bedrock": _row("bedrock", "bedrock", "boto3"),
    "mlflow_groq": _row("groq", "groq", "groq"),
    "mlflow_langchain": _row("frameworks.langchain", "langchain", *CHAIN),
    "mlflow_langchain_providers": _row(
        "frameworks.langchain_providers", "langchain", *CHAIN_PROVIDERS
    ),
    "mlflow_langgraph": _row("frameworks.langgraph", "langchain", *GRAPH),
    "mlflow_openai_agents": _row("frameworks.openai_agents", "openai", "openai-agents"),
    "mlflow_agno": _row("frameworks.agno", "agno", *AGNO),
    "mlflow_crewai": _row("frameworks.crewai", "crewai", *CREWAI),
    "mlflow_haystack": _row("frameworks.haystack", "haystack", "haystack-ai"),
    "mlflow_autogen": _row(
        "frameworks.autogen", "autogen", "autogen-agentchat", "autogen-ext[openai]"
    ),
    "mlflow_semantic_kernel": _row(
        "frameworks.semantic_kernel",
        "semantic_kernel",
        "pydantic<2.12",
        "semantic-kernel",
    ),
    "mlflow_strands": _row(
        "frameworks.strands", "strands", "strands-agents[otel,openai,anthropic]"
    ),
    "mlflow_ag2": _row("others.ag2", "ag2", "ag2[openai,anthropic]<1"),
    "mlflow_agno_providers": _row("providers.agno", "agno", *AGNO_MORE),
    "mlflow_openai_agents_litellm": _row(
        "providers.openai_agents", "openai", "openai-agents[litellm]"
    ),
}
