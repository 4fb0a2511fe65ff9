"""OpenAI Chat Completions and every server that speaks it.

Source: OpenAI API reference, chat completions, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers import sse
from replayd.providers.contract import Overrides, ProviderRequest, Reading, Refusal
from replayd.providers.faults import fault
from replayd.providers.prepare import Body, bearer, post
from replayd.providers.values import (
    as_bytes,
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
)
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    Media,
    Snapshot,
    ToolCall,
    Usage,
)

_CUT: tuple[Outcome, AnswerOutcome] = ("truncated", "truncated")
_FILTERED: tuple[Outcome, AnswerOutcome] = ("refused", "filtered")
_BROKEN: tuple[Outcome, AnswerOutcome] = ("server_error", "error")
# The API's own words, then what servers and gateways that speak it say instead; any
# other word, or none, is an answer.
_FINISH: dict[str, tuple[Outcome, AnswerOutcome]] = {
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


class OpenAiChat:
    """See `contract.Provider`."""

    name = "openai_chat"

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        model: str,
        overrides: Overrides,
    ) -> ProviderRequest | Refusal:
        """Return the body with the arm's model, never stored."""

        def fit(body: Body) -> Body:
            body["model"] = model
            if overrides.stream:
                body |= {"stream": True, "stream_options": {"include_usage": True}}
            if overrides.system is not None:
                body["messages"] = _with_system(body.get("messages"), overrides.system)
            return body

        return post(self.name, snapshot, media, model, overrides, fit=fit)

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return a bearer token."""
        return bearer(key)

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response, streamed or not."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = _joined(body) if sse.is_stream(headers) else decoded(body)
        choices = as_list(found.get("choices")) if found else []
        if not found or not choices or not isinstance(choices[0], dict):
            if found and found.get("error"):
                return fault(HTTPStatus.INTERNAL_SERVER_ERROR, body)
            return Reading(outcome="malformed", detail="no_choice")
        if not isinstance(choices[0].get("message"), dict):
            return Reading(outcome="malformed", detail="no_message")
        return _read_choice(found, choices[0])


def _with_system(messages: object, text: str) -> list[Any]:
    others = [
        m
        for m in as_list(messages)
        if as_object(m).get("role") not in ("system", "developer")
    ]
    return [{"role": "system", "content": text}, *others]


def _read_choice(found: dict[str, Any], choice: dict[str, Any]) -> Reading:
    message = as_object(choice.get("message"))
    finish = as_text(choice.get("finish_reason"))
    refusal = as_text(message.get("refusal")) or _part_refusal(message)
    outcome, said = _FINISH.get(finish.lower(), ("answered", "answered"))
    if refusal:
        outcome, said = "refused", "refused"
    media, blobs = _read_audio(message)
    transcript = as_text(as_object(message.get("audio")).get("transcript"))
    model = as_text(found.get("model"))
    answer = Answer(
        outcome=said,
        text=_content_text(message.get("content")) or transcript,
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


def _content_text(content: object) -> str:
    if isinstance(content, str):
        return content
    return "".join(as_text(as_object(p).get("text")) for p in as_list(content))


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


def _joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of chunks adds up to."""
    whole: dict[str, Any] = {}
    message: dict[str, Any] = {"content": "", "refusal": ""}
    calls: dict[int, dict[str, Any]] = {}
    finish: object = None
    seen = False
    for chunk in sse.events(body):
        whole.update({k: v for k, v in chunk.items() if k != "choices" and v})
        for choice in as_list(chunk.get("choices"))[:1]:
            seen = True
            finish = as_object(choice).get("finish_reason") or finish
            _add_delta(message, calls, as_object(as_object(choice).get("delta")))
    if seen and finish:  # without a finish the stream was cut
        message["tool_calls"] = [
            {"id": call["id"], "function": call} for _, call in sorted(calls.items())
        ]
        whole["choices"] = [{"message": message, "finish_reason": finish}]
    return whole


def _add_delta(
    message: dict[str, Any], calls: dict[int, dict[str, Any]], delta: dict[str, Any]
) -> None:
    for key in ("content", "refusal"):
        message[key] += as_text(delta.get(key))
    for piece in as_list(delta.get("tool_calls")):
        _add_call(calls, as_object(piece))


def _add_call(calls: dict[int, dict[str, Any]], piece: dict[str, Any]) -> None:
    """Join a piece to its call; some servers give all calls one index, or none."""
    function, its_id = as_object(piece.get("function")), as_text(piece.get("id"))
    index = as_count(piece.get("index"))
    last = max(calls, default=0)
    index = last if index is None else index
    known = calls.get(index)
    if known and its_id and known["id"] and its_id != known["id"]:
        index = last + 1
    call = calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
    call["id"] = its_id or call["id"]
    if as_text(function.get("name")) != call["name"]:  # repeated by some, not added to
        call["name"] += as_text(function.get("name"))
    given = function.get("arguments")
    call["arguments"] += "" if given is None else json_text(given)
