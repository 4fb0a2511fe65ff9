"""Which of its integrations a library tells a call through, where one scope is all.

Several libraries report every client and framework that they know under one scope, and
read each of them by code of its own: what recordings show of one says nothing of the
next. The words are names of integrations, so few; what is none of them is `other`.
"""

import re

from collector.recognise.dialects.readers.json_values import as_text, loads
from collector.recognise.dialects.readers.litellm_routes import LITELLM_PROVIDERS
from collector.recognise.record import Record

_OTHER = "other"
# MLflow names a span after the function it wraps.
_FUNCTION = re.compile(
    r"(?:Async)?([A-Z][A-Za-z]{1,30}(?:\.[a-z_]{1,40})?|[a-z]+-[a-z]+)"
)
_LANGFUSE = re.compile(r"(?:Async)?(?:OpenAI-[a-z]+|(?:Azure)?Chat[A-Z]\w{1,30})")
_WORD = re.compile(r"[a-z][a-z0-9._-]{0,40}")
_CHAT_MODEL = re.compile(r"(?:Async)?((?:Azure)?Chat[A-Z]\w{1,30})(?:\.[a-z_]{1,40})?")
# LangChain's models rename, drop and add parameters, each class by code of its own.
_OF_PROVIDER = (
    "traceloop.association.properties.ls_provider",
    "llm.provider",
    "gen_ai.provider.name",
    "gen_ai.system",
)
# Frameworks of agents that ask LiteLLM in place of their own client: another API, and
# LiteLLM's own defaults.
_ROUTING = ("openai_agents", ".google_adk", "gcp.vertex.agent")


def emitter_of(record: Record, dialect: str) -> str:
    """Return the integration behind a shared scope; "" where a scope has but one."""
    attributes = record.attributes
    if dialect == "mlflow":
        if "mlflow.spanInputs" not in attributes:
            return "translated"
        form = as_text(loads(attributes.get("mlflow.message.format")).value)
        named = _FUNCTION.fullmatch(record.name)
        return f"{form}:{named[1] if named else _OTHER}"
    if dialect == "langfuse":
        return record.name if _LANGFUSE.fullmatch(record.name) else _OTHER
    if dialect == "langsmith":
        told = ("integration", "provider")
        words = (attributes.get(f"langsmith.metadata.ls_{one}") for one in told)
        return ":".join(_known(word) for word in words if word) or _OTHER
    if record.scope.endswith("langchain"):
        return _chain_model(record)
    if record.scope.endswith(_ROUTING):
        return _route(record)
    if record.scope == "lmnr.tracer":
        return _known(attributes.get("lmnr.span.instrumentation_scope.name"))
    return ""


def _chain_model(record: Record) -> str:
    """Return the provider of a LangChain model, else its class."""
    for name in _OF_PROVIDER:
        told = _known(record.attributes.get(name))
        if told not in (_OTHER, "langchain"):
            return told
    named = _CHAT_MODEL.fullmatch(record.name)
    return named[1] if named else _OTHER


def _route(record: Record) -> str:
    """Return the provider that LiteLLM is to ask: its models begin with that word."""
    named = as_text(
        record.attributes.get("llm.model_name")
        or record.attributes.get("gen_ai.request.model")
    )
    provider, slash, _ = named.partition("/")
    return f"litellm:{provider}" if slash and provider in LITELLM_PROVIDERS else ""


def _known(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else _OTHER
