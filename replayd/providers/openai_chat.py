"""OpenAI Chat Completions and every server that speaks it.

Source: OpenAI API reference, chat completions, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.json_post import JsonPost, with_system
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    Media,
    ToolCall,
)
from snaptrace.streams import openai_chat as streamed
from snaptrace.streams import sse, usage
from snaptrace.streams.openai_chat import message_text, part_refusal
from snaptrace.streams.values import (
    as_bytes,
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
)

_CUT: tuple[Outcome, AnswerOutcome] = ("truncated", "truncated")
_FILTERED: tuple[Outcome, AnswerOutcome] = ("refused", "filtered")
_BROKEN: tuple[Outcome, AnswerOutcome] = ("server_error", "error")
# The API's own words, then what servers and gateways that speak it say instead; any
# other word, or none, is an answer.
FINISH: dict[str, tuple[Outcome, AnswerOutcome]] = {
    "length": _CUT,
    "max_tokens": _CUT,
    "model_length": _CUT,
    "content_filter": _FILTERED,
    "safety": _FILTERED,
    "refusal": _FILTERED,
    "recitation": _FILTERED,
    "prohibited_content": _FILTERED,
    "error": _BROKEN,
    "abort": _BROKEN,
    "insufficient_system_resource": _BROKEN,
}
_AUDIO_MIME = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac"}


class OpenAiChat(JsonPost):
    """See `contract.Provider`."""

    name = "openai_chat"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model, never stored."""
        body["model"] = model
        if overrides.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if overrides.system is not None:
            body["messages"] = with_system(body.get("messages"), overrides.system)
        return body

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response, streamed or not."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = streamed.joined(body) if sse.is_stream(headers, body) else decoded(body)
        if error := (found or {}).get("error"):
            return fault_in_answer(error)
        choice = first_choice(found)
        if not found or not choice:
            return Reading(outcome="malformed", detail="no_choice")
        if not isinstance(choice.get("message"), dict):
            return Reading(outcome="malformed", detail="no_message")
        return _read_choice(found, choice)


def first_choice(found: dict[str, Any] | None) -> dict[str, Any]:
    """Return the choice of the lowest index: of several it is the answer."""
    choices = [as_object(choice) for choice in as_list((found or {}).get("choices"))]
    return min(choices, key=lambda c: as_count(c.get("index")) or 0, default={})


def _read_choice(found: dict[str, Any], choice: dict[str, Any]) -> Reading:
    message = as_object(choice.get("message"))
    finish = as_text(choice.get("finish_reason"))
    refusal = as_text(message.get("refusal")) or part_refusal(message)
    outcome, said = FINISH.get(finish.lower(), ("answered", "answered"))
    if refusal:
        outcome, said = "refused", "refused"
    media, blobs = _read_audio(message)
    transcript = as_text(as_object(message.get("audio")).get("transcript"))
    model = as_text(found.get("model"))
    answer = Answer(
        outcome=said,
        text=message_text(message.get("content")) or transcript,
        tool_calls=tuple(_tool_calls(message)),
        refusal=refusal,
        media=media,
        finish_reason=finish,
        model=model,
        response_id=as_text(found.get("id")),
        usage=usage.of_openai(found.get("usage")),
    )
    return Reading(
        outcome=outcome,
        answer=answer,
        served_model=model,
        fingerprint=as_text(found.get("system_fingerprint")),
        blobs=blobs,
    )


def _tool_calls(message: dict[str, Any]) -> Iterator[ToolCall]:
    for call in as_list(message.get("tool_calls")):
        function = as_object(as_object(call).get("function"))
        if name := as_text(function.get("name")):
            yield ToolCall(
                name=name,
                arguments=json_text(function.get("arguments")),
                id=as_text(call.get("id")),
            )
    old = as_object(message.get("function_call"))
    if name := as_text(old.get("name")):
        yield ToolCall(name=name, arguments=json_text(old.get("arguments")))


def _read_audio(
    message: dict[str, Any],
) -> tuple[tuple[Media, ...], dict[int, bytes]]:
    audio = as_object(message.get("audio"))
    data = as_bytes(audio.get("data"))
    if not data:
        return (), {}
    mime = _AUDIO_MIME.get(as_text(audio.get("format")), "audio/wav")
    medium = Media(kind="audio", mime=mime, state="inline", size_bytes=len(data))
    return (medium,), {0: data}
