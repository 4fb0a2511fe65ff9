"""Which API a call went to, and whether the telemetry carries it or we guess.

An endpoint, an API's own name or the form of an answer's id carry it. A provider's name
carries it where the provider has one chat API; where it has two, or is unknown, what is
left is a guess, and the candidate says so.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from collector.recognise.dialects.contract import ApiSource
from collector.recognise.dialects.readers.json_values import as_text
from collector.recognise.record import Record, Value
from snaptrace.snapshot.model import Operation


class Target(NamedTuple):
    """A row of APIS, "" where there is none, and where the knowledge comes from."""

    api: str
    source: ApiSource


# Provider names of all eras -> the API that the provider's own SDK speaks.
_ANTHROPIC = ("anthropic", "claude")
_GEMINI = ("gcp", "gemini", "google", "vertex", "vertexai", "vertex_ai")
_BEDROCK = (
    "aws",
    "bedrock",
    "aws_bedrock",
    "amazon",
    "amazon_bedrock",
    "bedrock_converse",
)
_OWN_CHAT = {
    **dict.fromkeys(_BEDROCK, "bedrock_converse"),
    "cohere": "cohere_chat",
    "cohere_chat": "cohere_chat",
    "ollama": "ollama_chat",
    "ollama_chat": "ollama_chat",
    **dict.fromkeys(("mistral", "mistralai", "mistral_ai"), "mistral_chat"),
}
# Frameworks that name themselves where a provider belongs, and services whose
# request is shaped by the model they serve.
_FRAMEWORKS = (
    "strands_agents",
    "langchain",
    "langgraph",
    "llamaindex",
    "llama_index",
    "crewai",
    "haystack",
    "semantic_kernel",
    "agent_framework",
    "autogen",
    "smolagents",
    "agno",
    "replicate",
    "ibm",
    "watsonx",
)
# Providers whose one chat API is OpenAI's Chat Completions.
_COMPATIBLE = frozenset(
    {
        "groq",
        "together",
        "together_ai",
        "togetherai",
        "deepseek",
        "fireworks",
        "fireworks_ai",
        "openrouter",
        "perplexity",
        "cerebras",
        "moonshot",
        "moonshot_ai",
        "writer",
        "nvidia",
        "vllm",
        "az",  # `az.ai.inference`
        "inference",  # `azure.ai.inference`
    }
)


def provider_of(attributes: Mapping[str, Value]) -> str:
    """Return the provider as the telemetry names it."""
    for key in ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"):
        if found := as_text(attributes.get(key)):
            return found
    return ""


def _words(provider: str) -> list[str]:
    return provider.lower().replace("-", "_").replace("/", ".").split(".")


def chat_api(provider: str, *, responses: bool = False) -> str:
    """Return the chat API of a provider: OpenAI's, which most of them speak.

    "" for frameworks that name themselves.
    """
    words = _words(provider)
    if any(word.startswith(_ANTHROPIC) for word in words):
        return "anthropic_messages"
    if any(word in _GEMINI or word.startswith("gemini") for word in words):
        return "gemini_generate_content"
    for word in words:
        if word in _OWN_CHAT:
            return _OWN_CHAT[word]
        if word in _FRAMEWORKS:
            return ""
    return "openai_responses" if responses or "responses" in words else "openai_chat"


def _is_only_chat(provider: str) -> bool:
    """Return whether the provider's name alone says which chat API it is."""
    api = chat_api(provider)
    if api in ("openai_chat", "openai_responses"):
        return not _COMPATIBLE.isdisjoint(_words(provider))
    return api not in ("", "bedrock_converse")


# Where a request line ends -> the API; the first that fits. `mistral_chat` shares its
# path with OpenAI's.
_ENDPOINTS: tuple[tuple[str, str], ...] = (
    ("/chat/completions", "openai_chat"),
    ("/responses", "openai_responses"),
    ("/v1/messages", "anthropic_messages"),
    (":generateContent", "gemini_generate_content"),
    (":streamGenerateContent", "gemini_generate_content"),
    ("/converse", "bedrock_converse"),
    ("/converse-stream", "bedrock_converse"),
    ("/invoke", "bedrock_invoke"),
    ("/invoke-with-response-stream", "bedrock_invoke"),
    ("/v2/chat", "cohere_chat"),
    ("/v1/chat", "cohere_chat_v1"),  # not in APIS: known, and not to be replayed
    ("/api/chat", "ollama_chat"),
    ("/api/generate", "ollama_generate"),
    ("/embeddings", "openai_embeddings"),
    ("/images/generations", "openai_image_generation"),
    ("/audio/speech", "openai_speech"),
    ("/audio/transcriptions", "openai_transcription"),
    ("/moderations", "openai_moderation"),
    ("/completions", "openai_completions"),
)
_ENDPOINT_KEYS = ("url.path", "url.full", "http.url", "http.target", "http.route")
_RPC_METHODS = {
    "Converse": "bedrock_converse",
    "ConverseStream": "bedrock_converse",
    "InvokeModel": "bedrock_invoke",
    "InvokeModelWithResponseStream": "bedrock_invoke",
}
_EXCEPTIONS_MAX = 4  # looked at, the last ones
# Span names that instrumentations of one method give.
_SPAN_NAMES = {
    "bedrock.converse": "bedrock_converse",
    "bedrock.invoke_model": "bedrock_invoke",
    "openai.response": "openai_responses",
    "openai.responses.create": "openai_responses",
    "responses": "openai_responses",
    "openai.chat": "openai_chat",
    "openai.chat.completions.create": "openai_chat",
    "ollama.chat": "ollama_chat",
    "ollama.completion": "ollama_generate",
}


def endpoint_api(attributes: Mapping[str, Value]) -> str:
    """Return the API whose endpoint the record names, or ""."""
    for key in _ENDPOINT_KEYS:
        path = as_text(attributes.get(key)).partition("?")[0]
        for ending, api in _ENDPOINTS if path else ():
            if path.endswith(ending):
                return api
    return _RPC_METHODS.get(as_text(attributes.get("rpc.method")), "")


def evident_api(record: Record, provider: str) -> str:
    """Return the API that the record itself shows, or ""."""
    attributes = record.attributes
    flavour = attributes.get("openai.api.type")
    if isinstance(flavour, str) and flavour:
        return "openai_responses" if flavour == "responses" else "openai_chat"
    if found := endpoint_api(attributes) or _SPAN_NAMES.get(record.name, ""):
        shared = found == "openai_chat" and chat_api(provider) == "mistral_chat"
        return "mistral_chat" if shared else found
    return _by_answer_id(record, provider) or raising_api(record)


# Files of clients that ask one API each, as a failed call's stack names them.
_CLIENT_FILES = (
    ("/resources/chat/completions", "openai_chat"),
    ("/resources/responses/", "openai_responses"),
    ("/cohere/v2/", "cohere_chat"),
)


def raising_api(record: Record) -> str:
    """Return the API whose client raised the record's exception, if it was one.

    Azure's takes a deployment where a record may name the model behind it.
    """
    for event in record.events[-_EXCEPTIONS_MAX:] if record.failed else ():
        stack = as_text(event.attributes.get("exception.stacktrace"))
        if "azure" in f"{record.name} {stack}".lower():
            return ""
        if found := {api for file, api in _CLIENT_FILES if file in stack}:
            return found.pop() if len(found) == 1 else ""
    return ""


def _by_answer_id(record: Record, provider: str) -> str:
    """OpenAI's two APIs, and Bedrock's two, give their answers different ids."""
    answer_id = first_id(record.attributes)
    api = chat_api(provider)
    if answer_id.startswith("resp_") and api.startswith("openai"):
        return "openai_responses"
    if answer_id.startswith("chatcmpl") and api.startswith("openai"):
        return "openai_chat"
    if answer_id.startswith("msg_") and api == "bedrock_converse":
        return "bedrock_invoke"
    return ""


def first_id(attributes: Mapping[str, Value]) -> str:
    """Return the answer's id in any of its spellings."""
    for key in ("gen_ai.response.id", "gen_ai.response_id", "ai.response.id"):
        if found := as_text(attributes.get(key)):
            return found
    return ""


def target_of(
    record: Record,
    operation: Operation,
    provider: str,
    *,
    responses: bool | None = None,
    only: str = "",
) -> Target:
    """Return the API of a call, and whether the telemetry carries it.

    `responses` says which of OpenAI's two it was where the emitter tells; `only` is the
    one chat API that the emitter reports.
    """
    evident = "" if responses is not None else evident_api(record, provider)
    if operation != "chat":
        return Target(api_of(operation, provider), "carried")
    if evident and _is_chat(evident):
        return Target(evident, "carried")
    if responses is not None:
        return Target(chat_api(provider, responses=responses), "carried")
    api = chat_api(provider) or _by_model(record)
    if only and (api == only or not api):
        return Target(only, "carried")
    return Target(api, "carried" if _is_only_chat(provider) else "guessed")


# Ids of models at Bedrock, with a region's prefix or without.
_BEDROCK_MODEL = re.compile(
    r"(?:(?:us|eu|apac|global)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen)\.[\w.-]+:\d+"
)


def _by_model(record: Record) -> str:
    """Return the API of a model whose id only one provider gives.

    Frameworks name themselves where the provider belongs.
    """
    for key in ("gen_ai.request.model", "llm.model_name"):
        if _BEDROCK_MODEL.fullmatch(as_text(record.attributes.get(key))):
            return "bedrock_converse"
    return ""


def operation_of_endpoint(attributes: Mapping[str, Value]) -> Operation | None:
    """Return the operation whose endpoint the record names; None if it names none."""
    api = endpoint_api(attributes)
    named = {own: operation for operation, own in _OPENAI_BY_OPERATION.items()}
    return named.get(api, "chat") if api else None


def _is_chat(api: str) -> bool:
    return api not in _OPENAI_BY_OPERATION.values()


_OPENAI_BY_OPERATION: dict[Operation, str] = {
    "embeddings": "openai_embeddings",
    "text_completion": "openai_completions",
    "image_generation": "openai_image_generation",
    "speech": "openai_speech",
    "transcription": "openai_transcription",
    "moderation": "openai_moderation",
}


# Where a provider's completions are an API of its own, beside its chat.
_COMPLETIONS = {"ollama_chat": "ollama_generate", "bedrock_converse": "bedrock_invoke"}


def api_of(operation: Operation, provider: str, *, responses: bool = False) -> str:
    """Return a row of APIS, or "" where the provider has an API of its own."""
    chat = chat_api(provider, responses=responses)
    if operation == "chat":
        return chat
    if operation == "text_completion" and chat in _COMPLETIONS:
        return _COMPLETIONS[chat]
    alike = chat.startswith("openai") or chat == "mistral_chat"
    return _OPENAI_BY_OPERATION.get(operation, "") if alike else ""


_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3})$")


def is_dated(model: str) -> bool:
    """Detect a model name that ends in a date or a build number.

    A provider answers with such a name where an alias was asked for. One without is
    what was asked.
    """
    return _DATED.search(model) is not None


_OPERATIONS: dict[str, Operation] = {
    "chat": "chat",
    "generate_content": "chat",
    "responses": "chat",
    "aresponses": "chat",
    "response": "chat",
    "generate": "chat",
    "completion": "chat",
    "acompletion": "chat",
    "text_completion": "text_completion",
    "text_completions": "text_completion",
    "atext_completion": "text_completion",
    "embeddings": "embeddings",
    "embedding": "embeddings",
    "aembedding": "embeddings",
    "image_generation": "image_generation",
    "aimage_generation": "image_generation",
    "image_edit": "image_generation",
    "aimage_edit": "image_generation",
    "image_variation": "image_generation",
    "speech": "speech",
    "aspeech": "speech",
    "speech_generation": "speech",
    "text_to_speech": "speech",
    "transcription": "transcription",
    "atranscription": "transcription",
    "speech_to_text": "transcription",
    "moderation": "moderation",
    "amoderation": "moderation",
    "litellm.moderation": "moderation",
    "embed": "embeddings",
    "images_generate": "image_generation",
    "images_edit": "image_generation",
    "rerank": "rerank",
    "arerank": "rerank",
    # Semantic Kernel for .NET, with dots between.
    "chat_completions": "chat",
    "chat_completion": "chat",
}
_SEPARATORS = re.compile(r"[.\- ]")


# A client's method as operation: `openai.responses.create`.
_METHODS = {
    "completions": "chat",
    "responses": "responses",
    "messages": "chat",
    "chat": "chat",
    "embeddings": "embeddings",
    "images": "image_generation",
}
_VERBS = ("create", "generate", "stream", "parse", "complete")


def operation_of(word: str) -> Operation | None:
    """Return the model operation that a convention's word names; None for others."""
    low = word.lower()
    found = _OPERATIONS.get(low) or _OPERATIONS.get(_SEPARATORS.sub("_", low))
    if found is None and "." in low:
        *names, verb = low.split(".")
        if verb in _VERBS:
            found = _OPERATIONS.get(_METHODS.get(names[-1], ""))
    return found
