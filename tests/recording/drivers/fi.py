"""Future AGI's instrumentations (traceAI)."""

from recording.drivers.contract import Driver, instrumentor
from recording.drivers.installed import AGNO, CHAIN, LLAMA


def _row(client: str, name: str, *installed: str) -> Driver:
    module = "traceai_" + name.replace("-", "_")
    on = instrumentor(module, logs=False)
    return Driver(client, (*installed, f"traceai-{name}"), on)


DRIVERS = {
    "traceai_openai": _row("openai", "openai", "openai"),
    "traceai_anthropic": _row("anthropic", "anthropic", "anthropic"),
    "traceai_langchain": _row("frameworks.langchain", "langchain", *CHAIN),
    "traceai_litellm": _row("frameworks.litellm", "litellm", "litellm"),
    "traceai_google": _row("google", "google-genai", "google-genai"),
    "traceai_bedrock": _row("bedrock", "bedrock", "boto3"),
    "traceai_groq": _row("groq", "groq", "groq"),
    "traceai_llama_index": _row("frameworks.llama_index", "llamaindex", *LLAMA),
    "traceai_agno": _row("frameworks.agno", "agno", *AGNO),
    "traceai_openai_agents": _row(
        "frameworks.openai_agents", "openai-agents", "openai-agents"
    ),
}
