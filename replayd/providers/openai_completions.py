"""OpenAI's older text completions, which many model servers still speak.

Source: OpenAI API reference, completions, as of 2026.
"""

from http import HTTPStatus
from typing import Any

from replayd.providers.contract import Overrides, Reading
from replayd.providers.openai_chat import (
    FINISH,
    first_choice,
    message_text,
    read_usage,
)
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire import sse
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.joining import JoinedText
from replayd.providers.wire.json_post import JsonPost
from replayd.providers.wire.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
    mended_object,
)
from snaptrace.snapshot.model import Answer


class OpenAiCompletions(JsonPost):
    """See `contract.Provider`."""

    name = "openai_completions"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model; the usage of a stream is asked for."""
        if overrides.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return {**body, "model": model}

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response; of several choices the first counts."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        streamed = sse.is_stream(headers, body)
        found = (_joined(body) if streamed else decoded(body)) or {}
        if error := found.get("error"):
            return fault_in_answer(error)
        choice = first_choice(found)
        if not isinstance(choice.get("text"), str):
            return Reading(outcome="malformed", detail="no_text")
        finish = as_text(choice.get("finish_reason"))
        outcome, said = FINISH.get(finish.lower(), ("answered", "answered"))
        model = as_text(found.get("model"))
        answer = Answer(
            outcome=said,
            text=choice["text"],
            finish_reason=finish,
            model=model,
            response_id=as_text(found.get("id")),
            usage=read_usage(found.get("usage")),
        )
        return Reading(
            outcome=outcome,
            answer=answer,
            served_model=model,
            fingerprint=as_text(found.get("system_fingerprint")),
        )


def _joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of chunks adds up to."""
    whole: dict[str, Any] = {}
    text, finish = JoinedText(), ""
    index, over = None, False
    for chunk in sse.events(body):
        over = over or chunk.get("type") == sse.DONE
        whole.update({k: v for k, v in chunk.items() if k != "choices" and v})
        for choice in map(as_object, as_list(chunk.get("choices"))):
            its_index = as_count(choice.get("index")) or 0
            if index is None or its_index < index:
                text, finish, index = JoinedText(), "", its_index
            if its_index == index:  # of several choices the first is the answer
                text.add(_text(choice))
                finish = as_text(choice.get("finish_reason")) or finish
    if index is not None and (finish or over):  # without an end the stream was cut
        whole["choices"] = [{"text": text.whole, "finish_reason": finish}]
        if finish:
            whole.pop("error", None)  # it came after the answer
    return mended_object(whole)


def _text(choice: dict[str, Any]) -> str:
    if isinstance(choice.get("text"), str):
        return as_text(choice["text"])
    delta = as_object(choice.get("delta")) or as_object(choice.get("message"))
    return message_text(delta.get("content"))
