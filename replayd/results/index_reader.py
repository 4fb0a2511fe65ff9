"""Pair indexes of the epochs that are looked at, read on as results are committed."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

import numpy as np

from replayd.ledger.ledger import Ledger
from replayd.model import Epoch
from replayd.results.evidence_trail import CHUNK, EvidenceTrail, TrailPoint
from replayd.results.pair_index import PairIndex
from replayd.stats import StreamSettings
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store

MOST_EPOCHS: Final = 4  # held; the one least recently looked at leaves
FRESH_SECONDS: Final = 2.0  # a listing of results is not repeated sooner


class _Held:
    """One epoch's index, when it was last read on, and its trails."""

    def __init__(self) -> None:
        self.index = PairIndex()
        self.lock = asyncio.Lock()
        self.read_at = float("-inf")
        self.trails: dict[tuple[str, str], EvidenceTrail] = {}


class IndexReader:
    """Reads committed results into indexes; each result once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def index(self, epoch: Epoch) -> PairIndex:
        """Return the index with all results committed up to a moment ago.

        Raises:
            DamagedResultError: a gap, or an object that does not check out.
            StoreUnavailableError: safe to repeat.
        """
        return (await self._read(epoch)).index

    async def trail(
        self, epoch: Epoch, modality: str, settings: StreamSettings
    ) -> tuple[TrailPoint, ...]:
        """Return the course of a stream over the pairs that feed it.

        Raises:
            DamagedResultError: as `index`.
            StoreUnavailableError: safe to repeat.
        """
        held = await self._read(epoch)
        key = modality, settings.stream
        async with held.lock:
            trail = held.trails.get(key)
            if trail is None or trail.settings != settings:
                trail = held.trails[key] = EvidenceTrail(settings)
            fed = list(_fed(held.index, modality, settings.stream, trail.next_number))
            for start in range(0, len(fed), CHUNK):
                trail.add(fed[start : start + CHUNK])
                await asyncio.sleep(0)
            return trail.points

    async def _read(self, epoch: Epoch) -> _Held:
        held = self._held.setdefault(epoch.epoch, _Held())
        self._held.move_to_end(epoch.epoch)
        while len(self._held) > MOST_EPOCHS:
            self._held.popitem(last=False)
        async with held.lock:
            now = self._clock.monotonic_seconds()
            if now - held.read_at >= FRESH_SECONDS:
                ledger = Ledger(self._store, epoch.epoch, self._clock)
                async for run in ledger.runs(len(held.index), begins=True):
                    held.index.add(run.results)
                held.read_at = self._clock.monotonic_seconds()
        return held


def _fed(
    index: PairIndex, modality: str, stream: str, start: int
) -> Iterator[tuple[int, float]]:
    """Yield (number, difference) of the traffic pairs that feed a gating stream."""
    differences = index.streams[stream].differences[start:]
    flags = index.modality.equal(modality)[start:] & ~np.isnan(differences)
    flags &= index.lane.equal("traffic")[start:] & index.excluded.equal("")[start:]
    for at in np.flatnonzero(flags):
        yield start + int(at), float(differences[at])
