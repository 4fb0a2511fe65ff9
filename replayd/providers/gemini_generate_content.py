"""Google Gemini, `generateContent`, streamed and not.

Source: Gemini API reference, v1beta, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from replayd.model import Outcome
from replayd.providers import sse
from replayd.providers.contract import Overrides, ProviderRequest, Reading, Refusal
from replayd.providers.faults import fault
from replayd.providers.prepare import Body, post
from replayd.providers.values import (
    as_bytes,
    as_count,
    as_list,
    as_object,
    as_text,
    json_text,
)
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    Media,
    MediaKind,
    Snapshot,
    ToolCall,
    Usage,
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


class GeminiGenerateContent:
    """See `contract.Provider`."""

    name = "gemini_generate_content"

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        model: str,
        overrides: Overrides,
    ) -> ProviderRequest | Refusal:
        """Return the body; the model is named in the path."""

        def fit(body: Body) -> Body:
            body.pop("model", None)
            if overrides.system is not None:
                body["systemInstruction"] = {"parts": [{"text": overrides.system}]}
            return body

        found = post(self.name, snapshot, media, model, overrides, fit=fit)
        if overrides.stream and isinstance(found, ProviderRequest):
            path = found.path.replace(":generateContent", _STREAMED)
            return msgspec.structs.replace(found, path=path)
        return found

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the API key's own header."""
        return {"x-goog-api-key": key}

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response: one object, an array of them, or a stream of events."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        chunks = list(sse.events(body)) if sse.is_stream(headers) else _chunks(body)
        if not chunks:
            return Reading(outcome="malformed", detail="no_object")
        blocked = as_object(chunks[0].get("promptFeedback")).get("blockReason")
        candidates = [_first(chunk) for chunk in chunks if _first(chunk)]
        if not candidates:
            outcome: Outcome = "refused" if blocked else "malformed"
            said: AnswerOutcome = "filtered" if blocked else "error"
            return Reading(
                outcome=outcome, answer=Answer(outcome=said), detail="no_candidate"
            )
        return _read(chunks, candidates)


def _chunks(body: bytes) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    found = found if isinstance(found, list) else [found]
    return [chunk for chunk in found if isinstance(chunk, dict)]


def _first(chunk: dict[str, Any]) -> dict[str, Any]:
    candidates = as_list(chunk.get("candidates"))
    return as_object(candidates[0]) if candidates else {}


def _read(chunks: list[dict[str, Any]], candidates: list[dict[str, Any]]) -> Reading:
    parts = [part for candidate in candidates for part in _parts(candidate)]
    stop = next((s for c in candidates if (s := as_text(c.get("finishReason")))), "")
    if not stop:
        return Reading(outcome="malformed", detail="no_finish_reason")
    outcome, said, finish = _STOPS.get(stop, ("answered", "answered", stop.lower()))
    if stop in _FILTERS:
        outcome, said, finish = "refused", "filtered", "content_filter"
    calls = tuple(_calls(parts))
    media, blobs = _media(parts)
    last = chunks[-1]
    model = as_text(last.get("modelVersion"))
    answer = Answer(
        outcome=said,
        text="".join(as_text(p.get("text")) for p in parts if not p.get("thought")),
        tool_calls=calls,
        media=media,
        finish_reason="tool_calls" if calls and finish == "stop" else finish,
        model=model,
        response_id=as_text(last.get("responseId")),
        usage=_usage(last.get("usageMetadata")),
    )
    return Reading(outcome=outcome, answer=answer, served_model=model, blobs=blobs)


def _parts(candidate: dict[str, Any]) -> Iterator[dict[str, Any]]:
    content = as_object(candidate.get("content"))
    return (as_object(part) for part in as_list(content.get("parts")))


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


def _usage(value: object) -> Usage:
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
