"""Attributes shared by most conventions: parameters, usage, answer, ids.

Names: OpenTelemetry GenAI up to 2026, with the older spellings still in use.
"""

import re
from collections.abc import Mapping
from typing import Any

from collector.recognise.dialects.readers.json_values import (
    as_count,
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.parts import read_messages
from collector.recognise.record import Record, Value
from snaptrace.snapshot.conversation import (
    MediaPart,
    Message,
    TextPart,
    ToolCallPart,
)
from snaptrace.snapshot.model import Answer, AnswerOutcome, Media, ToolCall, Usage

_PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_tokens",
    "stop_sequences": "stop_sequences",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "choice.count": "choice_count",
    "choice_count": "choice_count",
    "reasoning.level": "reasoning_level",
    "reasoning_effort": "reasoning_level",
}
_OLD_PARAMS: dict[str, str] = {
    "llm.top_k": "top_k",
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
    "llm.chat.stop_sequences": "stop_sequences",
    "llm.request.reasoning_effort": "reasoning_level",
    "gen_ai.openai.request.seed": "seed",
}
_REQUEST = "gen_ai.request."
# What else recordings have of a request: first words of their names.
_OTHER_REQUEST = frozenset(
    {
        "base_url",
        "candidate_count",
        "choice",
        "dimensions",
        "embedding_input_type",
        "embedding_inputs",
        "encoding_formats",
        "extra_body",
        "functions",
        "headers",
        "instructions",
        "is_stream",
        "log_props",
        "model",
        "reasoning",
        "reasoning_summary",
        "service_tier",
        "stream",
        "streaming",
        "structured_output_schema",
        "system_instruction",
        "thinking_budget",
        "thinking_type",
        "tool_choice",
        "tool_results",
        "tools",
        "type",
        "user",
    }
)
_SESSION_KEYS = ("session.id", "gen_ai.conversation.id", "langfuse.session.id")
_USER_KEYS = ("user.id", "enduser.id", "gen_ai.user", "llm.user", "langfuse.user.id")
_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "max_tokens": "length",
}
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_REFUSALS = ("refusal", "refused")
_FILTERS = ("content_filter", "content_filtered", "safety", "prohibited_content")
_CUTS = ("length", "max_tokens", "max_output_tokens", "incomplete")


def read_params(attributes: Mapping[str, Value]) -> dict[str, Any]:
    """Return sampling parameters under OpenTelemetry's short names."""
    params: dict[str, Any] = {}
    for key, value in attributes.items():
        name = (
            _PARAMS.get(key[len(_REQUEST) :])
            if key.startswith(_REQUEST)
            else _OLD_PARAMS.get(key)
        )
        if name is None or value is None or value in ([], ""):
            continue
        if name == "stop_sequences":
            value = loads(value).value  # noqa: PLW2901 - decoded in place
            value = [value] if isinstance(value, str) else value  # noqa: PLW2901
        if name in ("max_tokens", "seed", "choice_count", "top_k"):
            value = _whole(value)  # noqa: PLW2901 - a float that is a count
        params[name] = value
    return params


def has_unread_params(attributes: Mapping[str, Value]) -> bool:
    """Return whether a request had something that no recording has."""
    return any(
        name.partition(".")[0] not in _OTHER_REQUEST and name not in _PARAMS
        for name in (k[len(_REQUEST) :] for k in attributes if k.startswith(_REQUEST))
    )


def _whole(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# All spellings of each count; of several that are there, the first one here holds.
_USAGE: dict[str, str] = {
    "gen_ai.usage.input_tokens": "input_tokens",
    "gen_ai.usage.prompt_tokens": "input_tokens",
    "llm.token_count.prompt": "input_tokens",
    "ai.usage.inputTokens": "input_tokens",
    "ai.usage.promptTokens": "input_tokens",
    "gen_ai.usage.output_tokens": "output_tokens",
    "gen_ai.usage.completion_tokens": "output_tokens",
    "llm.token_count.completion": "output_tokens",
    "ai.usage.outputTokens": "output_tokens",
    "ai.usage.completionTokens": "output_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cached_tokens",
    "gen_ai.usage.cache_read_input_tokens": "cached_tokens",
    "llm.token_count.prompt_details.cache_read": "cached_tokens",
    "ai.usage.cachedInputTokens": "cached_tokens",
    "gen_ai.usage.cache_creation.input_tokens": "cache_written_tokens",
    "gen_ai.usage.cache_creation_input_tokens": "cache_written_tokens",
    "llm.token_count.prompt_details.cache_write": "cache_written_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
    "gen_ai.usage.reasoning_tokens": "reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens": "reasoning_tokens",
    "llm.token_count.completion_details.reasoning": "reasoning_tokens",
    "ai.usage.reasoningTokens": "reasoning_tokens",
}
_NO_USAGE = Usage()


def read_usage(attributes: Mapping[str, Value]) -> Usage:
    """Return token counts; absent ones stay None."""
    counts: dict[str, int] = {}
    for key in _USAGE.keys() & attributes.keys():
        if (count := as_count(attributes[key])) is not None:
            counts[key] = count
    if not counts:
        return _NO_USAGE
    found: dict[str, int] = {}
    for key, name in _USAGE.items():
        if key in counts:
            found.setdefault(name, counts[key])
    return Usage(**found)


def finish_reason(attributes: Mapping[str, Value]) -> str:
    """Return the first choice's finish reason in OpenAI's spelling."""
    for key in ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"):
        found = loads(attributes.get(key)).value
        if isinstance(found, list) and found:
            found = found[0]
        if isinstance(found, str) and found:
            return normal_finish(found.partition(",")[0])
    for key in ("llm.finish_reason", "ai.response.finishReason"):
        if isinstance(found := attributes.get(key), str):
            return normal_finish(found)
    return ""


def normal_finish(word: str) -> str:
    """Return one spelling for what providers call alike."""
    # `FinishReason.STOP` of Python's enums, `ToolCalls` and `endTurn` of others.
    word = word.strip().rpartition(".")[2]
    if not (word.isupper() or word.islower()):
        word = _INNER_CAPITAL.sub("_", word)
    low = word.lower().replace("-", "_")
    return _FINISHES.get(low, low)


def outcome_of(finish: str, *, refusal: str, failed: bool) -> AnswerOutcome:
    """Return how the call ended."""
    if failed:
        return "error"
    if refusal or finish in _REFUSALS:
        return "refused"
    if finish in _FILTERS:
        return "filtered"
    return "truncated" if finish in _CUTS else "answered"


def answer_of_message(
    message: Message | None, record: Record, *, refusal: str = "", finish: str = ""
) -> Answer:
    """Return the answer: from an output message where there is one."""
    attributes = record.attributes
    finish = finish_reason(attributes) or normal_finish(finish)
    parts = () if message is None else message.parts
    error = as_text(attributes.get("error.type")) if record.failed else ""
    return Answer(
        outcome=outcome_of(finish, refusal=refusal, failed=record.failed),
        text="".join(part.text for part in parts if isinstance(part, TextPart)),
        tool_calls=tuple(
            ToolCall(name=part.name, arguments=part.arguments, id=part.id)
            for part in parts
            if isinstance(part, ToolCallPart)
        ),
        refusal=refusal,
        media=tuple(
            Media(kind=part.kind, mime=part.mime, state="placeholder")
            for part in parts
            if isinstance(part, MediaPart)
        ),
        finish_reason=finish,
        model=as_text(attributes.get("gen_ai.response.model"))
        or as_text(attributes.get("ai.response.model")),
        response_id=as_text(attributes.get("gen_ai.response.id"))
        or as_text(attributes.get("ai.response.id")),
        error=error or ("error" if record.failed else ""),
        usage=read_usage(attributes),
        observed=bool(parts) or bool(refusal),
    )


def output_message(attributes: Mapping[str, Value]) -> tuple[Message | None, str, str]:
    """Return the first output message, its refusal and its finish reason."""
    raw = as_list(loads(attributes.get("gen_ai.output.messages")).value)
    first = as_dict(raw[0]) if raw else {}
    messages = read_messages(raw[:1])
    refusal = ""
    for part in as_list(first.get("parts")):
        if as_dict(part).get("type") == "refusal":
            refusal = as_text(part.get("refusal")) or as_text(part.get("content"))
    return (
        (messages[0] if messages else None),
        refusal,
        as_text(first.get("finish_reason")),
    )


def first_text(attributes: Mapping[str, Value], *keys: str) -> str:
    """Return the first of the attributes that holds text."""
    for key in keys:
        if isinstance(found := attributes.get(key), str) and found:
            return found
    return ""


def session_of(record: Record) -> str:
    """Return the session or conversation id, raw."""
    return first_text(record.attributes, *_SESSION_KEYS)


def user_of(record: Record) -> str:
    """Return the user id, raw."""
    return first_text(record.attributes, *_USER_KEYS)
