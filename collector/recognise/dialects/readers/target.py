"""Which API a call went to, told from what conventions say about the provider."""

import re
from collections.abc import Mapping

from collector.recognise.dialects.readers.json_values import as_text
from collector.recognise.record import Value
from snaptrace.snapshot.model import Operation

# Provider names of all eras -> the API that the provider's own SDK speaks.
_ANTHROPIC = ("anthropic", "claude")
_GEMINI = ("gcp", "gemini", "google", "vertex", "vertexai", "vertex_ai")
_BEDROCK = ("aws", "bedrock", "aws_bedrock", "amazon", "amazon_bedrock")
_COHERE = ("cohere",)
# Frameworks that name themselves where a provider belongs.
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
)

_OWN_API = frozenset((*_BEDROCK, *_COHERE, *_FRAMEWORKS))


def provider_of(attributes: Mapping[str, Value]) -> str:
    """Return the provider as the telemetry names it."""
    for key in ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"):
        if found := as_text(attributes.get(key)):
            return found
    return ""


def chat_api(provider: str, *, responses: bool = False) -> str:
    """Return the chat API of a provider: OpenAI's, which most of them speak.

    "" for providers with an API of their own, and for frameworks that name themselves.
    """
    words = provider.lower().replace("-", "_").replace("/", ".").split(".")
    if any(word.startswith(_ANTHROPIC) for word in words):
        return "anthropic_messages"
    if any(word in _GEMINI or word.startswith("gemini") for word in words):
        return "gemini_generate_content"
    if not _OWN_API.isdisjoint(words):
        return ""
    return "openai_responses" if responses or "responses" in words else "openai_chat"


_OPENAI_BY_OPERATION: dict[Operation, str] = {
    "embeddings": "openai_embeddings",
    "text_completion": "openai_completions",
    "image_generation": "openai_image_generation",
    "speech": "openai_speech",
    "transcription": "openai_transcription",
    "moderation": "openai_moderation",
}


def api_of(operation: Operation, provider: str, *, responses: bool = False) -> str:
    """Return a row of APIS, or "" where the provider has an API of its own."""
    chat = chat_api(provider, responses=responses)
    if operation == "chat":
        return chat
    return _OPENAI_BY_OPERATION.get(operation, "") if chat.startswith("openai") else ""


_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3})$")


def is_dated(model: str) -> bool:
    """Tell a model name that ends in a date or a build number.

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
    "rerank": "rerank",
    "arerank": "rerank",
}


def operation_of(word: str) -> Operation | None:
    """Return the model operation that a convention's word names; None for others."""
    return _OPERATIONS.get(word.lower())
