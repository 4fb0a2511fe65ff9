"""Ollama's own chat and generate endpoints; a stream is lines of JSON.

Source: Ollama API reference and its OpenAPI document 0.1.0, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.json_post import JsonPost, with_system
from snaptrace.snapshot.model import Answer, AnswerOutcome, ToolCall
from snaptrace.streams import ollama as streamed
from snaptrace.streams import usage
from snaptrace.streams.lenient_json import mended_text
from snaptrace.streams.values import (
    as_list,
    as_object,
    as_text,
    json_text,
    mended_object,
)

_FINISH: dict[str, tuple[Outcome, AnswerOutcome]] = {
    "length": ("truncated", "truncated"),
    "load": ("malformed", "error"),  # the model was loaded, and nothing asked
    "unload": ("malformed", "error"),
}


class OllamaChat(JsonPost):
    """See `contract.Provider`."""

    name = "ollama_chat"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model; unsaid, the answer would stream."""
        body |= {"model": model, "stream": overrides.stream}
        if overrides.system is not None:
            body["messages"] = with_system(body.get("messages"), overrides.system)
        return body

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response: one object, or lines of them."""
        del headers
        return read_lines(status, body, "message")


class OllamaGenerate(JsonPost):
    """See `contract.Provider`."""

    name = "ollama_generate"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model; unsaid, the answer would stream."""
        body |= {"model": model, "stream": overrides.stream}
        if overrides.system is not None:
            body["system"] = overrides.system
        return body

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response: one object, or lines of them."""
        del headers
        return read_lines(status, body, "response")


def read_lines(status: int, body: bytes, field: str) -> Reading:
    """Type a response whose text stands in `field`, whole or in pieces."""
    if status != HTTPStatus.OK:
        return fault(status, body)
    lines = list(streamed.objects(body))
    last = mended_object(lines[-1]) if lines else {}
    if error := next((line["error"] for line in lines if line.get("error")), None):
        return fault_in_answer(error)
    if last.get("done") is not True or not any(field in line for line in lines):
        return Reading(outcome="malformed", detail="not_done")
    finish = as_text(last.get("done_reason"))
    outcome, said = _FINISH.get(finish, ("answered", "answered"))
    messages = [as_object(line.get(field)) for line in lines]
    texts = (
        as_text(line.get(field)) or as_text(message.get("content"))
        for line, message in zip(lines, messages, strict=True)
    )
    calls = tuple(
        call for message in messages for call in _calls(mended_object(message))
    )
    model = as_text(last.get("model"))
    answer = Answer(
        outcome=said,
        text=mended_text("".join(texts)),
        tool_calls=calls,
        finish_reason="tool_calls" if calls and finish == "stop" else finish,
        model=model,
        usage=usage.of_ollama(last),
    )
    return Reading(outcome=outcome, answer=answer, served_model=model)


def _calls(message: dict[str, Any]) -> Iterator[ToolCall]:
    for call in map(mended_object, map(as_object, as_list(message.get("tool_calls")))):
        function = as_object(call.get("function"))
        if name := as_text(function.get("name")):
            arguments = json_text(function.get("arguments"))
            yield ToolCall(name=name, arguments=arguments, id=as_text(call.get("id")))
