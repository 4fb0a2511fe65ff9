"""OpenAI text to speech: text goes out, sound comes back.

Source: OpenAI API reference, audio speech, as of 2026.
"""

from http import HTTPStatus

from replayd.providers.contract import Reading
from replayd.providers.wire.faults import fault
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import Answer, Media


class OpenAiSpeech(JsonPost):
    """See `contract.Provider`."""

    name = "openai_speech"

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response; a success that is no sound is malformed."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        mime = headers.get("content-type", "").partition(";")[0]
        if not body or not mime.startswith(("audio/", "application/octet-stream")):
            return Reading(outcome="malformed", detail="no_audio")
        medium = Media(kind="audio", mime=mime, state="inline", size_bytes=len(body))
        return Reading(
            outcome="answered", answer=Answer(media=(medium,)), blobs={0: body}
        )
