"""Google Gemini, `generateContent`, streamed and not.

Source: Gemini API reference, v1beta, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    Media,
    MediaKind,
    ToolCall,
)
from snaptrace.streams import gemini_generate_content as streamed
from snaptrace.streams import sse, usage
from snaptrace.streams.values import (
    as_bytes,
    as_list,
    as_object,
    as_text,
    json_text,
)

_STOPS: dict[str, tuple[Outcome, AnswerOutcome, str]] = {
    "STOP": ("answered", "answered", "stop"),
    "MAX_TOKENS": ("truncated", "truncated", "length"),
    "MALFORMED_FUNCTION_CALL": ("answered", "answered", "malformed_tool_call"),
}
_FILTERS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "LANGUAGE",
    }
)
_STREAMED = ":streamGenerateContent?alt=sse"  # without `alt` it would be an array
_KINDS: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}


class GeminiGenerateContent(JsonPost):
    """See `contract.Provider`."""

    name = "gemini_generate_content"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body without a model, which is named in the path."""
        del model
        body.pop("model", None)
        if overrides.system is not None:
            body["systemInstruction"] = {"parts": [{"text": overrides.system}]}
        return body

    def path(self, model: str, overrides: Overrides) -> str:
        """Return the path, which names the model, and the way of delivery."""
        path = super().path(model, overrides)
        if overrides.stream:
            return path.replace(":generateContent", _STREAMED)
        return path

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the API key's own header."""
        return {"x-goog-api-key": key}

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response: one object, an array of them, or a stream of events."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        is_stream = sse.is_stream(headers, body)
        chunks = sse.events(body) if is_stream else streamed.chunks(body)
        found = streamed.joined(chunks)
        if error := found.get("error"):
            return fault_in_answer(error)
        if not found:
            return Reading(outcome="malformed", detail="no_object")
        if not isinstance(found.get("candidate"), dict):
            blocked = as_object(found.get("promptFeedback")).get("blockReason")
            outcome: Outcome = "refused" if blocked else "malformed"
            said: AnswerOutcome = "filtered" if blocked else "error"
            answer = Answer(
                outcome=said, usage=usage.of_gemini(found.get("usageMetadata"))
            )
            return Reading(outcome=outcome, answer=answer, detail="no_candidate")
        return _read(found, found["candidate"])


def _read(found: dict[str, Any], candidate: dict[str, Any]) -> Reading:
    parts, stop = (
        as_list(candidate.get("parts")),
        as_text(candidate.get("finishReason")),
    )
    if not stop:
        return Reading(outcome="malformed", detail="no_finish_reason")
    outcome, said, finish = _STOPS.get(stop, ("answered", "answered", stop.lower()))
    if stop in _FILTERS:
        outcome, said, finish = "refused", "filtered", "content_filter"
    calls = tuple(_calls(parts))
    media, blobs = _media(parts)
    model = as_text(found.get("modelVersion"))
    answer = Answer(
        outcome=said,
        text="".join(as_text(p.get("text")) for p in parts),
        tool_calls=calls,
        media=media,
        finish_reason="tool_calls" if calls and finish == "stop" else finish,
        model=model,
        response_id=as_text(found.get("responseId")),
        usage=usage.of_gemini(found.get("usageMetadata")),
    )
    return Reading(outcome=outcome, answer=answer, served_model=model, blobs=blobs)


def _calls(parts: list[dict[str, Any]]) -> Iterator[ToolCall]:
    for part in parts:
        call = as_object(part.get("functionCall"))
        if name := as_text(call.get("name")):
            arguments = json_text(call.get("args"))
            yield ToolCall(name=name, arguments=arguments, id=as_text(call.get("id")))


def _media(
    parts: list[dict[str, Any]],
) -> tuple[tuple[Media, ...], dict[int, bytes]]:
    media: list[Media] = []
    blobs: dict[int, bytes] = {}
    for part in parts:
        inline = as_object(part.get("inlineData"))
        mime = as_text(inline.get("mimeType"))
        if (data := as_bytes(inline.get("data"))) and mime:
            kind = _KINDS.get(mime.partition("/")[0], "document")
            blobs[len(media)] = data
            media.append(
                Media(kind=kind, mime=mime, state="inline", size_bytes=len(data))
            )
    return tuple(media), blobs
