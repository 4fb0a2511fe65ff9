"""Completes an answer that a dialect did not see from elsewhere in the telemetry.

A convention's own place comes first, and that is its dialect's matter. Emitters put
parts of an answer elsewhere: the finish reason beside the message, tool calls under an
older name, the whole provider response where messages belong.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from collector.recognise.dialects.readers.bodies import answer_bodies
from collector.recognise.dialects.readers.bodies.answer_bodies import Said
from collector.recognise.dialects.readers.common_attributes import (
    finish_reason,
    normal_finish,
    outcome_of,
)
from collector.recognise.dialects.readers.indexed import tree
from collector.recognise.dialects.readers.json_values import as_text, loads
from collector.recognise.record import Record, Value
from snaptrace.snapshot.model import Answer, ToolCall, Usage

_BODIES = (
    "gen_ai.output.messages",
    "gen_ai.completion",
    "output.value",
    "mlflow.spanOutputs",
    "langfuse.observation.output",
    "traceloop.entity.output",
    "response",
    "llm.completions",
)
_EVENTS = {
    "gen_ai.content.completion": "gen_ai.completion",
    "gen_ai.client.inference.operation.details": "gen_ai.output.messages",
    "gen_ai.choice": "message",
}
_INDEXED = ("gen_ai.completion.", "llm.completions.", "llm.output_messages.")
_PRINTED_FINISH = re.compile(
    r"(?:finish_reason|stop_reason|done_reason|stopReason|finishReason)"
    r"[\\\"' ]{0,6}[=:][\\\"'< ]{0,6}(?:FinishReason\.)?([A-Za-z_]{2,40})"
)
_IN_EVERY_FINISH = "eason"
_LONGEST_SEARCHED = 200_000  # characters
# What a JSON text has that says more of an answer than its words.
_FACTS = (
    *(_IN_EVERY_FINISH, "incomplete", "status", "sage", "oken", "billed"),
    *("llm_output", "model", "ool", "unction", "arguments"),
)
_NONE = ("None", "null", "NoneType")
# A class that was printed where its content belongs: what was said is lost.
_CLASS_NAME = re.compile(r"(?:Tool|Function)(?:Call|Use)(?:Part|Request|Content)?")
_CALLED = ("tool_calls",)


def complete(answer: Answer | None, record: Record) -> Answer | None:
    """Return the answer with what the record has of it elsewhere.

    Nothing that was read is changed; None stays None where nothing is found.
    """
    if answer is not None:
        if _is_printed(answer.text):
            answer = msgspec.structs.replace(
                answer, text="", observed=bool(answer.tool_calls)
            )
        if record.failed or _is_whole(answer):
            return answer
    elif record.kind == "log":
        return None
    made = _with_finish(
        answer or Answer(observed=False), finish_reason(record.attributes)
    )
    for said in _sources(record.attributes, record, is_read=not _is_blank(made)):
        made = _joined(made, said)
        if _is_whole(made):
            break
    if not made.finish_reason and made.observed and not record.failed:
        made = _with_finish(made, _printed_finish(record.attributes))
    return made if answer is not None or made.observed else None


def _is_whole(answer: Answer) -> bool:
    called = answer.finish_reason in _CALLED
    return (
        not _is_blank(answer)
        and bool(answer.finish_reason)
        and called == bool(answer.tool_calls)
        and not _is_uncounted(answer.usage)
        and all(call.name for call in answer.tool_calls)
    )


def _is_uncounted(usage: Usage) -> bool:
    return usage.input_tokens is None and usage.output_tokens is None


def _is_blank(answer: Answer) -> bool:
    return not (answer.text or answer.tool_calls or answer.refusal or answer.media)


def _joined(answer: Answer, said: Said) -> Answer:
    """Return the answer with what it has not from another reading of it."""
    changes: dict[str, Any] = {}
    nameless = any(not call.name for call in answer.tool_calls)
    if said.calls and (not answer.tool_calls or nameless):
        changes["tool_calls"] = said.calls
    if _is_blank(answer):
        text = "" if _CLASS_NAME.fullmatch(said.text) else said.text
        changes |= {"text": text, "refusal": said.refusal, "media": said.media}
    if said.usage and _is_uncounted(answer.usage):
        changes["usage"] = msgspec.structs.replace(answer.usage, **said.usage)
    if not answer.model and said.model:
        changes["model"] = said.model
    made = msgspec.structs.replace(answer, **changes) if changes else answer
    if not made.observed and not _is_blank(made):
        made = msgspec.structs.replace(made, observed=True)
    return made if made.finish_reason else _with_finish(made, said.finish)


def _is_printed(text: str) -> bool:
    """Detect a text that is none: a class, a list or a thought that was printed."""
    return (
        text == '""'
        or (text[:1] in "[{<" and answer_bodies.is_printed(text))
        or _CLASS_NAME.fullmatch(text) is not None
    )


def _with_finish(answer: Answer, word: str) -> Answer:
    finish = normal_finish(word)
    if not finish or answer.finish_reason:
        return answer
    outcome = outcome_of(
        finish, refusal=answer.refusal, failed=answer.outcome == "error"
    )
    return msgspec.structs.replace(answer, finish_reason=finish, outcome=outcome)


def _sources(
    attributes: dict[str, Value], record: Record, *, is_read: bool
) -> Iterator[Said]:
    """Yield every reading of the answer that the record allows, the best first.

    Where its words are known already, a text that holds no more is not read again.
    """
    first, *others = _BODIES
    text = attributes.get(first)
    is_spent = is_read and isinstance(text, str) and not any(f in text for f in _FACTS)
    if first in attributes and not is_spent:
        yield answer_bodies.read(loads(text).value)
    if any(key.startswith(_INDEXED) for key in attributes):
        for prefix in _INDEXED:
            yield _of_rows(attributes, prefix)
    for event in record.events:
        if (name := _EVENTS.get(event.name)) and name in event.attributes:
            yield answer_bodies.read(loads(event.attributes[name]).value)
            yield Said(finish=as_text(event.attributes.get("finish_reason")))
    for other in others:
        if other in attributes:
            yield answer_bodies.read(loads(attributes[other]).value)


def _of_rows(attributes: dict[str, Value], prefix: str) -> Said:
    """Read attributes of one value each: the first choice, or one part a row."""
    said = Said()
    rows = tree(attributes, prefix)
    typed = any("type" in row for row in rows.values())
    # LiteLLM gives every call a row of its own, without a role.
    typed = typed or all(
        key.startswith("function_call.") for row in rows.values() for key in row
    )
    for index in sorted(rows):
        row = {key.removeprefix("message."): v for key, v in rows[index].items()}
        said.finish = said.finish or as_text(row.get("finish_reason"))
        said.calls += _calls_of(row)
        if index == 0 or typed:
            if row.get("type") not in ("thinking", "reasoning"):
                said.text += _text_of(row)
            said.refusal = said.refusal or as_text(row.get("refusal"))
        if not typed:
            break
    return said


def _text_of(row: dict[str, Value]) -> str:
    content = row.get("content")
    if isinstance(content, str) and content[:1] not in ("[", "{"):
        return content
    if content is not None:
        return answer_bodies.read({"content": loads(content).value}).text
    texts = [
        (key, value)
        for key, value in row.items()
        if key.startswith("contents.") and key.endswith(".message_content.text")
    ]
    return "".join(as_text(value) for _, value in sorted(texts))


_CALL_ROW = re.compile(r"tool_calls\.(\d{1,4})\.(?:tool_call\.)?(?:function\.)?(\w+)")


def _calls_of(row: dict[str, Value]) -> tuple[ToolCall, ...]:
    calls: dict[int, dict[str, Value]] = {}
    for key, value in row.items():
        if found := _CALL_ROW.fullmatch(key):
            calls.setdefault(int(found[1]), {})[found[2]] = value
    if "function_call.name" in row:
        calls.setdefault(0, {}).update(
            {key: row.get(f"function_call.{key}") for key in ("name", "arguments")}
        )
    made = [calls[index] for index in sorted(calls)]
    return answer_bodies.read({"tool_calls": made}).calls if made else ()


def _printed_finish(attributes: dict[str, Value]) -> str:
    """Return the finish reason in a response that was only printed."""
    for name in _BODIES:
        text = attributes.get(name)
        if not isinstance(text, str) or len(text) > _LONGEST_SEARCHED:
            continue
        if _IN_EVERY_FINISH not in text:
            continue
        words: set[str] = {w for w in _PRINTED_FINISH.findall(text) if w not in _NONE}
        if len(words) == 1:
            return words.pop()
    return ""
