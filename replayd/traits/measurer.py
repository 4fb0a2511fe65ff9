"""Measures the traits of cases: text here, media in a confined process.

A medium is measured once; its traits are kept by digest. What takes too long or cannot
be decoded has unknown traits and costs one process.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from replayd.decoding.bounds import LARGEST_BYTES, TIMEOUT_SECONDS
from replayd.scoring.extract.request_facts import newest_question
from replayd.traits.names import VALUES, bounded
from replayd.traits.texts import text_traits
from snaptrace.sandbox.process import ConfinedProcess, ProcessFailedError
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import Conversation, MediaPart, ToolResultPart
from snaptrace.snapshot.modality import newest_user_parts
from snaptrace.snapshot.model import MediaKind, Snapshot

log = logging.getLogger(__name__)

MODULE = "replayd.decoding.measuring"
KEPT = 2_000  # media whose traits are kept
MOST_MEDIA = 4  # of one turn that are looked at
_SLOW_WORDS, _FAST_WORDS = 1.8, 3.2  # a second

_Traits = dict[str, str]


class TraitMeasurer:
    """Traits of calls; one confined process, started for the first medium."""

    def __init__(self) -> None:
        self._process = ConfinedProcess(MODULE, (), TIMEOUT_SECONDS)
        self._lock = asyncio.Lock()
        self._known: OrderedDict[str, _Traits] = OrderedDict()
        self.failed = 0  # media that no process came back from

    async def traits(self, snapshot: Snapshot, media: Mapping[int, bytes]) -> _Traits:
        """Return the traits of the newest user turn: bounded names and values."""
        api = APIS.get(snapshot.request.api)
        if api is None or snapshot.request.body is None:
            return {}
        view = api.parse(snapshot.request.body)
        found = bounded("text", text_traits(newest_question(view)[:4_000]))
        by_kind: dict[MediaKind, list[_Traits]] = {}
        for index in _newest_media(view, snapshot)[:MOST_MEDIA]:
            medium = snapshot.media[index]
            if medium.kind in VALUES:
                measured = await self._of(medium.kind, medium.digest, media.get(index))
                by_kind.setdefault(medium.kind, []).append(measured)
        for kind, several in by_kind.items():
            found |= bounded(kind, _paced(_agreed(several), snapshot))
        return found

    def close(self) -> None:
        """End the process."""
        self._process.close()

    async def _of(self, kind: str, digest: str, data: bytes | None) -> _Traits:
        if data is None or len(data) > LARGEST_BYTES:
            return {}
        if digest and (known := self._known.get(digest)) is not None:
            self._known.move_to_end(digest)
            return known
        async with self._lock:
            found = await asyncio.to_thread(self._asked, kind, data)
        if digest:
            self._known[digest] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def _asked(self, kind: str, data: bytes) -> _Traits:
        try:
            answer = self._process.ask(kind, data)
            return msgspec.json.decode(answer or b"{}", type=_Traits)
        except (ProcessFailedError, msgspec.DecodeError) as error:
            self.failed += 1
            why = str(error)
            log.warning("medium cannot be measured", extra={"kind": kind, "why": why})
            return {}


def measurer(*, wanted: bool) -> TraitMeasurer | None:
    """Return a measurer if traits are wanted."""
    return TraitMeasurer() if wanted else None


def _newest_media(view: Conversation, snapshot: Snapshot) -> list[int]:
    """Return the indexes of the media in the newest user turn, tools' included."""
    parts = list(newest_user_parts(view))
    for part in list(parts):
        if isinstance(part, ToolResultPart):
            parts += part.content
    refs = [part.ref for part in parts if isinstance(part, MediaPart)]
    count = len(snapshot.media)
    return [ref.index for ref in refs if ref is not None and ref.index < count]


def _agreed(several: list[_Traits]) -> _Traits:
    """Return what all media of a kind have alike; the rest is unknown."""
    first = several[0]
    return {
        name: value
        for name, value in first.items()
        if all(each.get(name) == value for each in several)
    }


def _paced(found: _Traits, snapshot: Snapshot) -> _Traits:
    """Add the pace of speech where the recorded answer is its transcript."""
    seconds = float(found.get("seconds", 0) or 0)
    if snapshot.operation != "transcription" or seconds < 1:
        return found
    words = len(snapshot.answer.text.split()) / seconds
    pace = "slow" if words < _SLOW_WORDS else "usual" if words < _FAST_WORDS else "fast"
    return {**found, "audio.pace": pace} if words else found
