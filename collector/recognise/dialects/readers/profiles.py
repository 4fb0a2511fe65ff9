"""Profiles of instrumentations: what each records, by exact scope or measured prefix.

A scope that is not here is read by its attributes alone: of its request every field but
the model counts as unobserved. Rows come from recordings and the emitters' sources.
"""

from typing import Literal

from msgspec import Struct


class Profile(Struct, frozen=True, kw_only=True):
    """Fields of a request that one emitter records, per API; the rest is unobserved."""

    dialect: str
    carried: dict[str, tuple[str, ...]] = {}
    only: str = ""  # the one chat API whose calls it reports
    names_responses: bool = False  # a call without a word on its API was a chat
    synthetic_ids: bool = False  # tool-call ids are made up where the API has none
    # Of Bedrock's two APIs one gives answers an id: which of those the emitter notes.
    invoke_ids: Literal["", "unstreamed", "always"] = ""
    shows_caps: bool = False  # a cap on tokens is shown wherever one was sent
    merges_caps: bool = False  # both of Chat's caps on tokens come under one name
    keeps_empty: bool = False  # a turn of no part at all is one of an empty text
    keeps_media: bool = True  # else parts that are no text go without a sign
    keeps_addresses: bool = False  # of media; bytes beside them go without a sign
    flattens_refusals: bool = False  # an earlier refusal is written as text


_OPENAI_PARAMS = (
    "temperature",
    "top_p",
    "max_tokens",
    "stop",
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
)
_OPENAI_V2 = {
    "openai_chat": ("model", *_OPENAI_PARAMS, "response_format"),
    "openai_embeddings": ("model", "dimensions", "encoding_format"),
}
ANYONE = Profile(dialect="otel_genai", keeps_media=False, flattens_refusals=True)
OPENAI_V2 = Profile(dialect="otel_genai", carried=_OPENAI_V2, only="openai_chat")
# Before 1.37, `n` and `stop` came late to it; it copied the answer's service tier.
OPENAI_V2_EVENTS = Profile(
    dialect="otel_genai",
    carried={
        "openai_chat": (
            "model",
            "temperature",
            "top_p",
            "max_tokens",
            "frequency_penalty",
            "presence_penalty",
            "messages.content",
            "messages.refusal",
        ),
    },
    only="openai_chat",
)
_GEMINI_CARRIED = (
    "model",
    "systemInstruction",
    "generationConfig.temperature",
    "generationConfig.topP",
    "generationConfig.topK",
    "generationConfig.maxOutputTokens",
    "generationConfig.stopSequences",
    "generationConfig.seed",
    "generationConfig.candidateCount",
    "generationConfig.frequencyPenalty",
    "generationConfig.presencePenalty",
    "tools.functionDeclarations.name",
    "tools.functionDeclarations.description",
    "tools.functionDeclarations.parameters",
)
GOOGLE = Profile(
    dialect="otel_genai",
    carried={"gemini_generate_content": _GEMINI_CARRIED},
    synthetic_ids=True,
)

# `opentelemetry.instrumentation.genai.*` and their shared `opentelemetry-util-genai`.
# Tools come whole but for `strict`; a cap on tokens comes under one name.
_GENAI_TOOLS = (
    "tools.type",
    "tools.name",
    "tools.description",
    "tools.parameters",
    "tools.input_schema",
    "tools.function.name",
    "tools.function.description",
    "tools.function.parameters",
)
_GENAI: dict[str, tuple[str, ...]] = {
    "openai_chat": ("model", *_OPENAI_PARAMS, *_GENAI_TOOLS),
    "openai_responses": ("model", "instructions", *_GENAI_TOOLS),
    "openai_embeddings": ("model", "dimensions"),
    "anthropic_messages": (
        "model",
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "stop_sequences",
        *_GENAI_TOOLS,
    ),
    "gemini_generate_content": _GEMINI_CARRIED,
}
GENAI = Profile(dialect="otel_genai", carried=_GENAI, flattens_refusals=True)

_BY_SCOPE: dict[str, Profile] = {
    "opentelemetry.util.genai.handler": OPENAI_V2,
    "opentelemetry.instrumentation.openai_v2": OPENAI_V2_EVENTS,
    "opentelemetry.instrumentation.google_genai": GOOGLE,
    "opentelemetry.instrumentation.genai.openai": Profile(
        dialect="otel_genai",
        carried=_GENAI,
        names_responses=True,
        merges_caps=True,
        flattens_refusals=True,
    ),
    "opentelemetry.instrumentation.genai.anthropic": GENAI,
    "opentelemetry.instrumentation.genai.portkey": Profile(
        dialect="otel_genai",
        carried=_GENAI,
        only="openai_chat",
        merges_caps=True,
        keeps_media=False,
        flattens_refusals=True,
    ),
    "opentelemetry.instrumentation.genai.langchain": Profile(
        dialect="otel_genai",
        carried=_GENAI,
        keeps_media=False,
        flattens_refusals=True,
    ),
    "opentelemetry.instrumentation.genai.google_genai": GOOGLE,
    "opentelemetry.instrumentation.genai.bedrock": Profile(
        dialect="otel_genai",
        keeps_media=False,
        flattens_refusals=True,
        invoke_ids="unstreamed",
        shows_caps=True,
    ),
}


# Splunk's distribution keeps the old name of the shared handler, under versions of its
# own. It prints what is no text, and calls every role `user`.
SPLUNK = Profile(dialect="otel_genai", keeps_media=False, flattens_refusals=True)
_HANDLER = "opentelemetry.util.genai.handler"


def profile_of(scope: str, version: str) -> Profile:
    """Return the row of a scope, or the one that promises nothing."""
    if scope == _HANDLER and "b" not in version:
        return SPLUNK
    return _BY_SCOPE.get(scope, ANYONE)


# Traceloop's own packages, as their scopes name them behind the shared prefix; what
# follows a further dot is a module of the same package.
_SHARED_PREFIX = "opentelemetry.instrumentation."
_TRACELOOP = frozenset(
    {
        "agno",
        "alephalpha",
        "anthropic",
        "bedrock",
        "cohere",
        "crewai",
        "google_generativeai",
        "groq",
        "haystack",
        "langchain",
        "llamaindex",
        "mcp",
        "mistralai",
        "ollama",
        "openai",
        "openai_agents",
        "replicate",
        "sagemaker",
        "together",
        "transformers",
        "vertexai",
        "voyageai",
        "watsonx",
        "writer",
    }
)


def package_of(scope: str) -> str:
    """Return which of Traceloop's packages a scope is of; "" for any other."""
    if not scope.startswith(_SHARED_PREFIX):
        return ""
    package = scope[len(_SHARED_PREFIX) :].partition(".")[0]
    return package if package in _TRACELOOP else ""


def is_traceloop(scope: str) -> bool:
    """Detect a scope of one of Traceloop's packages, by its exact name."""
    return package_of(scope) != ""
