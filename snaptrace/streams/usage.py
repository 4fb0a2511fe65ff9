"""Token counts of each API's answers, in one meaning. Never raises, on any JSON."""

from collections.abc import Callable
from typing import Any

from snaptrace.snapshot.model import Usage
from snaptrace.streams.values import as_count, as_object


def of_openai(value: object) -> Usage:
    """Return the tokens of an OpenAI usage object."""
    usage = as_object(value)
    prompt = as_object(usage.get("prompt_tokens_details"))
    completion = as_object(usage.get("completion_tokens_details"))
    return Usage(
        input_tokens=as_count(usage.get("prompt_tokens")),
        output_tokens=as_count(usage.get("completion_tokens")),
        cached_tokens=as_count(prompt.get("cached_tokens")),
        reasoning_tokens=as_count(completion.get("reasoning_tokens")),
    )


def of_responses(value: object) -> Usage:
    """Return the tokens of the Responses API."""
    usage = as_object(value)
    given = as_object(usage.get("input_tokens_details"))
    answered = as_object(usage.get("output_tokens_details"))
    return Usage(
        input_tokens=as_count(usage.get("input_tokens")),
        output_tokens=as_count(usage.get("output_tokens")),
        cached_tokens=as_count(given.get("cached_tokens")),
        reasoning_tokens=as_count(answered.get("reasoning_tokens")),
    )


def of_anthropic(value: object) -> Usage:
    """Return the tokens of an Anthropic usage object."""
    usage = as_object(value)
    fresh = as_count(usage.get("input_tokens"))
    read = as_count(usage.get("cache_read_input_tokens"))
    written = as_count(usage.get("cache_creation_input_tokens"))
    return Usage(
        # The API counts cached input apart; a snapshot's count includes it.
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=as_count(usage.get("output_tokens")),
        cached_tokens=read,
        cache_written_tokens=written,
    )


def of_converse(value: object) -> Usage:
    """Return the tokens of a Converse usage object."""
    usage = as_object(value)
    fresh = as_count(usage.get("inputTokens"))
    read = as_count(usage.get("cacheReadInputTokens"))
    written = as_count(usage.get("cacheWriteInputTokens"))
    return Usage(
        # The API counts cached input apart; a snapshot's count includes it.
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=as_count(usage.get("outputTokens")),
        cached_tokens=read,
        cache_written_tokens=written,
    )


def of_cohere(value: object) -> Usage:
    """Return the tokens of a Cohere usage object."""
    usage = as_object(value)
    tokens = as_object(usage.get("tokens")) or as_object(usage.get("billed_units"))
    return Usage(
        input_tokens=as_count(tokens.get("input_tokens")),
        output_tokens=as_count(tokens.get("output_tokens")),
        cached_tokens=as_count(usage.get("cached_tokens")),
    )


def of_gemini(value: object) -> Usage:
    """Return the tokens of Gemini's usage metadata."""
    usage = as_object(value)
    answered = as_count(usage.get("candidatesTokenCount"))
    thought = as_count(usage.get("thoughtsTokenCount"))
    both = None if answered is None and thought is None else (answered or 0)
    return Usage(
        input_tokens=as_count(usage.get("promptTokenCount")),
        output_tokens=None if both is None else both + (thought or 0),
        cached_tokens=as_count(usage.get("cachedContentTokenCount")),
        reasoning_tokens=thought,
    )


def of_ollama(body: dict[str, Any]) -> Usage:
    """Return the tokens of an answer of Ollama's own API."""
    return Usage(
        # Left out by the server where the whole prompt was in its cache.
        input_tokens=as_count(body.get("prompt_eval_count")),
        output_tokens=as_count(body.get("eval_count")),
    )


def of_llama(body: dict[str, Any]) -> Usage:
    """Return the tokens of a Llama's answer on Bedrock."""
    return Usage(
        input_tokens=as_count(body.get("prompt_token_count")),
        output_tokens=as_count(body.get("generation_token_count")),
    )


# API -> where its answers have the counts, and how they are meant.
_OF_API: dict[str, tuple[str, Callable[[object], Usage]]] = {
    "openai_responses": ("usage", of_responses),
    "openai_image_generation": ("usage", of_responses),
    "openai_transcription": ("usage", of_responses),
    "anthropic_messages": ("usage", of_anthropic),
    "bedrock_converse": ("usage", of_converse),
    "cohere_chat": ("usage", of_cohere),
    "gemini_generate_content": ("usageMetadata", of_gemini),
}


def of_answer(api: str, body: dict[str, Any]) -> Usage:
    """Return the tokens of an unstreamed answer; every count None where it has none."""
    if api.startswith("ollama"):
        return of_ollama(body)
    if api == "bedrock_invoke":
        if "generation" in body:
            return of_llama(body)
        found = as_object(body.get("usage"))
        return of_converse(found) if "inputTokens" in found else of_anthropic(found)
    place, read = _OF_API.get(api, ("usage", of_openai))
    return read(body.get(place))
