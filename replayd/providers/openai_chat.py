"""OpenAI Chat Completions and every server that speaks it.

Source: OpenAI API reference, chat completions, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire import sse
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.joining import JoinedCalls, JoinedSound, JoinedText
from replayd.providers.wire.json_post import JsonPost, with_system
from replayd.providers.wire.values import (
    as_bytes,
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
    mended_object,
)
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    Media,
    ToolCall,
    Usage,
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
_THOUGHTS = frozenset({"reasoning", "thinking"})
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
        found = _joined(body) if sse.is_stream(headers, body) else decoded(body)
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
    refusal = as_text(message.get("refusal")) or _part_refusal(message)
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
        usage=read_usage(found.get("usage")),
    )
    return Reading(
        outcome=outcome,
        answer=answer,
        served_model=model,
        fingerprint=as_text(found.get("system_fingerprint")),
        blobs=blobs,
    )


def message_text(content: object) -> str:
    """Return a message's text, whether it came whole or in parts; no reasoning."""
    if isinstance(content, str):
        return content
    parts = map(as_object, as_list(content))
    return "".join(
        as_text(part.get("text")) for part in parts if part.get("type") not in _THOUGHTS
    )


def _part_refusal(message: dict[str, Any]) -> str:
    parts = as_list(message.get("content"))
    return "".join(as_text(as_object(p).get("refusal")) for p in parts)


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


def read_usage(value: object) -> Usage:
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


class _JoinedChoice:
    """What the chunks say of one choice."""

    def __init__(self) -> None:
        self.content, self.refusal = JoinedText(), JoinedText()
        self.transcript, self.sound = JoinedText(), JoinedSound()
        self.calls = JoinedCalls()
        self.old_name, self.old_arguments = "", JoinedText()
        self.finish = ""

    def add(self, choice: dict[str, Any]) -> None:
        """Take in the next piece, or a whole message in its place."""
        self.finish = as_text(choice.get("finish_reason")) or self.finish
        delta, message = (
            as_object(choice.get("delta")),
            as_object(choice.get("message")),
        )
        self._add_delta(delta)
        if _says(delta) or not message:
            self.content.add("" if delta else as_text(choice.get("text")))
            return
        text = message_text(message.get("content"))
        self.content.take_whole(text)
        self._add_delta({**message, "content": None})

    def _add_delta(self, delta: dict[str, Any]) -> None:
        self.content.add(message_text(delta.get("content")))
        self.refusal.add(as_text(delta.get("refusal")) or _part_refusal(delta))
        for piece in as_list(delta.get("tool_calls")):
            self.calls.add(as_object(piece))
        audio = as_object(delta.get("audio"))
        self.transcript.add(as_text(audio.get("transcript")))
        self.sound.add(as_text(audio.get("data")))
        if old := as_object(delta.get("function_call")):
            name = as_text(old.get("name"))
            self.old_name += name if name != self.old_name else ""
            given = old.get("arguments")
            self.old_arguments.add("" if given is None else json_text(given))

    def whole(self) -> dict[str, Any]:
        """Return the choice as it would have come unstreamed."""
        message = {
            "content": self.content.whole,
            "refusal": self.refusal.whole,
            "tool_calls": self.calls.as_messages(),
            "audio": {"transcript": self.transcript.whole, "data": self.sound.whole},
        }
        if self.old_name:
            arguments = self.old_arguments.whole
            message["function_call"] = {"name": self.old_name, "arguments": arguments}
        return {"message": message, "finish_reason": self.finish}


def _says(delta: dict[str, Any]) -> bool:
    """Tell a delta that holds something; some send an empty one beside a message."""
    return any(value for key, value in delta.items() if key != "role")


def _joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of chunks adds up to."""
    whole: dict[str, Any] = {}
    joined, index, over = _JoinedChoice(), None, False
    for chunk in sse.events(body):
        over = over or chunk.get("type") == sse.DONE
        whole.update({k: v for k, v in chunk.items() if k != "choices" and v})
        for choice in map(as_object, as_list(chunk.get("choices"))):
            its_index = as_count(choice.get("index")) or 0
            if index is None or its_index < index:
                joined, index = _JoinedChoice(), its_index
            if its_index == index:  # of several choices the first is the answer
                joined.add(choice)
    # Without an end the stream was cut.
    if index is not None and (joined.finish or over) and not joined.calls.too_many:
        whole["choices"] = [joined.whole()]
        if joined.finish:
            whole.pop("error", None)  # it came after the answer
    return mended_object(whole)
