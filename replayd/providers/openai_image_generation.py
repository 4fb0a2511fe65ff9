"""OpenAI image generation: a prompt goes out, an image comes back.

Source: OpenAI API reference, images, as of 2026.
"""

from http import HTTPStatus

from replayd.providers.contract import Reading
from replayd.providers.wire.faults import fault
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import Answer, Media, Usage
from snaptrace.streams.values import (
    as_bytes,
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
)

_MIME = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


class OpenAiImageGeneration(JsonPost):
    """See `contract.Provider`."""

    name = "openai_image_generation"

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response. An image given as a URL is noted and not fetched."""
        del headers
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = decoded(body) or {}
        mime = _MIME.get(as_text(found.get("output_format")), "image/png")
        media: list[Media] = []
        blobs: dict[int, bytes] = {}
        for item in map(as_object, as_list(found.get("data"))):
            if data := as_bytes(item.get("b64_json")):
                blobs[len(media)] = data
                media.append(_medium(mime, len(data)))
            elif url := as_text(item.get("url")):
                media.append(
                    Media(kind="image", mime="", state="external", reference=url)
                )
        if not media:
            return Reading(outcome="malformed", detail="no_image")
        counted = as_object(found.get("usage"))
        usage = Usage(
            input_tokens=as_count(counted.get("input_tokens")),
            output_tokens=as_count(counted.get("output_tokens")),
        )
        answer = Answer(media=tuple(media), usage=usage)
        return Reading(outcome="answered", answer=answer, blobs=blobs)


def _medium(mime: str, size_bytes: int) -> Media:
    return Media(kind="image", mime=mime, state="inline", size_bytes=size_bytes)
