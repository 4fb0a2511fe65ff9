"""Upload of sealed windows to the store through the spool.

What fails is kept for the next try, bounded, and counted when it has to go.
"""

import asyncio
import logging
from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct

from collector.config.sampling import SealConfig
from collector.sealing.journal import Journal
from collector.sealing.spool import Entry, Spool
from collector.sealing.tombstones import TombstoneFilter
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot import codec, segment
from snaptrace.snapshot.errors import SnapshotError, StoreUnavailableError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

_BEST_LEVEL = 19
_QUICK_BYTES = 5 * 2**19  # half a second of CPU at the best level, in a thread


class Sealed(Struct):
    """A window's content between journal and spool."""

    window_start_ns: int
    refs: list[int]
    header: segment.SegmentHeader
    path: Path | None  # of the journal's file that goes with it


class SegmentUpload:
    """Writes sealed windows to the spool and uploads from it.

    To be used by one task at a time. It moves the counts ("segment" | "spool", outcome)
    and ("call", modality, "erased") of `Sealer`.
    """

    def __init__(
        self,
        config: SealConfig,
        *,
        journal: Journal,
        spool: Spool,
        store: Store,
        erasing: TombstoneFilter,
        clock: Clock,
        collector: str,
        counts: Counter[tuple[str, ...]],
    ) -> None:
        """Sign segments as `collector`, its id."""
        self._config, self._journal, self._spool = config, journal, spool
        self._store, self._erasing, self._clock = store, erasing, clock
        self._collector, self._counts = collector, counts
        self._waiting: list[Sealed] = []  # for the spool, oldest first

    def take(self, sealed: Sealed) -> None:
        """Take over a window's calls; they stay in the journal until spooled."""
        self._waiting.append(sealed)

    async def spool_up(self) -> None:
        """Write pending content to the spool; a full disk postpones it."""
        while self._waiting:
            sealed = self._waiting[0]
            try:
                await asyncio.to_thread(self._write_segments, sealed)
            except OSError as error:
                self._counts["spool", "error"] += 1
                log.warning("spool cannot be written", extra={"why": error.strerror})
                return
            self._journal.release(sealed.refs)
            if sealed.path is not None:
                self._journal.remove(sealed.path)
            self._waiting.pop(0)
            self._bound_spool()

    def _write_segments(self, sealed: Sealed) -> None:
        """Spool a window's calls in segments of bounded size. Runs in a thread."""
        batches = self._batches(self._unerased(sealed.refs)) or [[]]
        for index, refs in enumerate(batches):
            is_last = index == len(batches) - 1
            self._write_segment(sealed, refs, is_last=is_last)

    def _write_segment(self, sealed: Sealed, refs: list[int], *, is_last: bool) -> None:
        """Spool one segment; its calls are in memory one at a time."""
        sizes = tuple(self._journal.record_bytes(ref) for ref in refs)
        quick = sum(sizes) <= _QUICK_BYTES
        writer = segment.Writer(sizes, _BEST_LEVEL if quick else self._config.level)
        subjects: list[str] = []
        digests: dict[str, None] = {}
        for call in self._journal.read(refs):
            writer.add(codec.Packed(call.keys, call.record))
            subjects += call.subjects
            digests |= dict.fromkeys(call.digests)
        sequence = self._spool.next_sequence()
        header = msgspec.structs.replace(
            sealed.header, sequence=sequence, subjects=segment.pack_subjects(subjects)
        )
        entry = Entry(
            sequence=sequence,
            window_start_ns=sealed.window_start_ns,
            calls=len(refs),
            origin=sealed.path.name if sealed.path else f"{sealed.window_start_ns}",
            last=is_last,
            digests=tuple(digests),
        )
        self._spool.put(entry, writer.finish(header), self._journal.media)
        self._counts["segment", "sealed"] += 1

    def _unerased(self, refs: list[int]) -> list[int]:
        """Leave out calls whose subject was erased meanwhile."""
        kept: list[int] = []
        for ref, call in zip(refs, self._journal.read(refs), strict=True):
            if self._erasing.covers(call.subjects, call.ended_at_ns):
                self._counts["call", call.modality, "erased"] += 1
            else:
                kept.append(ref)
        return kept

    def _batches(self, refs: list[int]) -> list[list[int]]:
        """Split calls so that each batch makes one segment."""
        batches: list[list[int]] = []
        room = 0
        for ref in refs:
            size = self._journal.record_bytes(ref)
            if not batches or size > room:
                batches.append([])
                room = segment.SPLIT_BYTES
            batches[-1].append(ref)
            room -= size
        return batches

    def _bound_spool(self) -> None:
        while self._spool.size_bytes > self._config.spool_bytes:
            for entry in self._spool.drop_oldest():
                self._counts["spool", "dropped_segments"] += 1
                self._counts["spool", "dropped_calls"] += entry.calls

    async def upload(self) -> None:
        """Upload, oldest first, until the spool is empty or the store fails."""
        for entry in self._spool.entries():
            try:
                dropped = await self._spool.upload(
                    entry,
                    self._store,
                    self._collector,
                    self._clock.now_ns(),
                    self._erasing.cleaned,
                )
            except SnapshotError as error:
                self._counts["segment", "upload_failed"] += 1
                if not isinstance(error, StoreUnavailableError):  # said by the store
                    log.warning("object store write failed", extra={"why": str(error)})
                return
            except OSError as error:
                # Its files are damaged or gone: nothing can be done with it.
                self._counts["spool", "dropped_segments"] += 1
                self._counts["spool", "dropped_calls"] += entry.calls
                log.warning("spool entry unreadable", extra={"why": error.strerror})
                self._spool.remove(entry)
                continue
            self._counts["segment", "stored"] += 1
            self._counts["spool", "erased_calls"] += dropped
