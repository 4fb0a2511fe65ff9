"""One recorded call for readers: typed messages, media as bytes, its weight."""

from functools import cached_property

from msgspec import Struct

from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import Message, TextPart, Tool
from snaptrace.snapshot.model import Answer, Fidelity, Media, Snapshot


class Blob(Struct, frozen=True):
    """One medium of a call."""

    medium: Media
    data: bytes | None  # None: not stored, or gone

    @property
    def kind(self) -> str:
        """Return image, audio, video or document."""
        return self.medium.kind

    @property
    def mime(self) -> str:
        """Return the media type, "" if it is not known."""
        return self.medium.mime


class Call(Struct, frozen=True, dict=True):
    """One recorded model call."""

    snapshot: Snapshot
    media: tuple[Blob, ...]  # in the order of `snapshot.media`
    probability: float | None  # that it was kept; None: not in the sample
    uniform: bool  # in the equal-probability sample

    @property
    def weight(self) -> float | None:
        """Return the calls of live traffic that it stands for."""
        return None if self.probability is None else 1.0 / self.probability

    @property
    def id(self) -> str:
        """Return the snapshot's id."""
        return self.snapshot.snapshot_id

    @property
    def answer(self) -> Answer:
        """Return what production answered."""
        return self.snapshot.answer

    @property
    def fidelity(self) -> Fidelity:
        """Return how faithfully the request is known."""
        return self.snapshot.fidelity

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """The request's messages, alike for all APIs; empty where it has none."""
        return self._parsed[0]

    @cached_property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that the request offers."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[tuple[Message, ...], tuple[Tool, ...]]:
        api = APIS.get(self.snapshot.request.api)
        if api is None or self.snapshot.request.body is None:
            return (), ()
        parsed = api.parse(self.snapshot.request.body)
        return parsed.messages, parsed.tools

    @cached_property
    def question(self) -> str:
        """The text of the newest user turn."""
        newest = next((m for m in reversed(self.messages) if m.role == "user"), None)
        parts = newest.parts if newest is not None else ()
        return "\n".join(part.text for part in parts if isinstance(part, TextPart))
