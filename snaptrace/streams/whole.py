"""Any API's answer as one body, whichever way it was delivered."""

from collections.abc import Callable
from typing import Any

from snaptrace.streams import (
    anthropic_messages,
    aws_eventstream,
    bedrock_converse,
    bedrock_invoke,
    cohere_chat,
    gemini_generate_content,
    ollama,
    openai_chat,
    openai_completions,
    openai_responses,
    sse,
)
from snaptrace.streams.values import decoded

# API -> what puts its stream together. Mistral and others speak OpenAI's.
_JOINED: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "openai_chat": openai_chat.joined,
    "mistral_chat": openai_chat.joined,
    "openai_completions": openai_completions.joined,
    "openai_responses": openai_responses.joined,
    "anthropic_messages": lambda body: anthropic_messages.joined(sse.events(body)),
    "cohere_chat": cohere_chat.joined,
}
_AMAZON: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "bedrock_converse": bedrock_converse.joined,
    "bedrock_invoke": bedrock_invoke.joined,
}


def whole(api: str, content_type: str, body: bytes) -> dict[str, Any] | None:
    """Return the answer's body, as it would have come unstreamed; None for no JSON.

    Empty where a stream has no end: it was cut, and says nothing of the whole.
    """
    headers = {"content-type": content_type}
    if api in _AMAZON and aws_eventstream.is_stream(headers):
        return _AMAZON[api](body)
    if api in ("ollama_chat", "ollama_generate"):
        return ollama.joined(body)
    streamed = sse.is_stream(headers, body)
    if api == "gemini_generate_content":
        return _gemini(body, streamed=streamed)
    joined = _JOINED.get(api)
    return joined(body) if streamed and joined is not None else decoded(body)


def _gemini(body: bytes, *, streamed: bool) -> dict[str, Any] | None:
    chunks = sse.events(body) if streamed else gemini_generate_content.chunks(body)
    found = gemini_generate_content.joined(chunks)
    candidate = found.pop("candidate", None)
    if candidate is None:
        return found or None
    finish = candidate["finishReason"]
    content = {"parts": candidate["parts"]}
    return {**found, "candidates": [{"content": content, "finishReason": finish}]}
