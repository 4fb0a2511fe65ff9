"""Journal, reservoirs and sealing: from admitted calls to sealed windows.

Nothing here is acknowledged to anybody: what fails is kept for the next try, bounded,
and counted when it has to go. A killed process finds its journal and spool again.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from collector.call import Call
from collector.config.sampling import SealConfig
from collector.reservoir import Kind, ReservoirConfig, Reservoirs, SamplingDecision
from collector.reservoir.strata import VERSION as STRATA_VERSION
from collector.sealing.journal import Journal, JournalCall
from collector.sealing.placement import kind_of, place
from collector.sealing.spool import Spool
from collector.sealing.tombstones import TombstoneFilter
from collector.sealing.upload import Sealed, SegmentUpload
from snaptrace.crypto.cipher import Cipher
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot import codec, segment
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

_STATES_EVERY_NS = 10 * 10**9
_NEVER_NS = -(2**63)


_Told = tuple[object, ...]


class Sealer:
    """Persists admitted calls, seals windows as they close, uploads to the store.

    To be used from one event loop. `counts` has every call that was kept or lost, by
    reason; keys are ("call", modality, reason), ("segment" | "spool" | "journal" |
    "late", outcome).
    """

    def __init__(
        self,
        config: SealConfig,
        reservoir_config: ReservoirConfig,
        *,
        folder: Path,
        store: Store,
        key: FleetKey,
        clock: Clock,
        redaction_version: str,
        release: str = "",
        name: str = "collector",
        label: Callable[[str], str] = str,
        cipher: Cipher | None = None,
    ) -> None:
        """Open or make the state `folder`; raises OSError if that cannot be done."""
        self._config, self._reservoir_config = config, reservoir_config
        self._key, self._clock, self._label = key, clock, label
        self._versions = (redaction_version, release)
        self.reservoirs = Reservoirs(reservoir_config)
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._journal = Journal(folder / "journal", cipher)
        self._spool = Spool(folder / "spool", cipher)
        self.collector = _collector_id(folder, name)
        self._erasing = TombstoneFilter(store, key)
        self._shipping = SegmentUpload(
            config,
            journal=self._journal,
            spool=self._spool,
            store=store,
            erasing=self._erasing,
            clock=clock,
            collector=self.collector,
            counts=self.counts,
        )
        self._states_at_ns = _NEVER_NS
        self._next_ref = 0
        self._sealed_at_ns: dict[int, int] = {}  # window -> newest seal
        self._supplements: Counter[int] = Counter()
        self._told: dict[int, frozenset[_Told]] = {}  # window -> what headers said
        self._busy = asyncio.Lock()
        self._recover()

    @property
    def spool_bytes(self) -> int:
        """Bytes waiting for upload."""
        return self._spool.size_bytes

    @property
    def journal_bytes(self) -> int:
        """Bytes of the journal's files, media left out."""
        return self._journal.size_bytes

    def place(self, call: Call) -> Call:
        """Return the call with rank, window, route and strata; before redaction."""
        return place(
            call, self._key, self.reservoirs, self._reservoir_config, self._label
        )

    def wants(self, call: Call) -> bool:
        """Return whether `admit` would keep this placed call, before redaction.

        False has been counted as a rejection, and the call is to be forgotten.
        """
        snapshot = call.snapshot
        reason = self.reservoirs.rejection(
            snapshot.window_start_ns,
            kind_of(snapshot),
            snapshot.rank,
            snapshot.span_rank,
        )
        if reason is None:
            return True
        self.counts["call", snapshot.modality, reason] += 1
        return False

    async def admit(self, call: Call) -> SamplingDecision:
        """Journal a placed and redacted call, and offer it to its reservoirs.

        Does not wait for the store. A call that the disk refuses is lost and counted.
        """
        snapshot = call.snapshot
        entry = self._entry(call)
        decision = SamplingDecision(admitted=False, reason="below_threshold")
        if self._erasing.covers(entry.subjects, entry.ended_at_ns):
            self.lose(call, "erased")
            return decision
        if entry.size_bytes > self._config.call_bytes:
            self.lose(call, "too_large")
            return decision
        ref, self._next_ref = self._next_ref, self._next_ref + 1
        media = _media_of(call)
        try:
            # On disk first: what the reservoir holds, a restart finds.
            self._journal.append(snapshot.window_start_ns, ref, entry, media)
        except OSError as error:
            self.lose(call, "journal_error")
            self.counts["journal", "error"] += 1
            log.warning("journal cannot be written", extra={"why": error.strerror})
            return decision
        decision = self._offer(snapshot.window_start_ns, ref, entry)
        self.counts["call", snapshot.modality, decision.reason] += 1
        return decision

    def lose(self, call: Call, reason: str) -> None:
        """Count a placed call that was selected but will not be admitted.

        It stays in the count of what was seen, so that the estimate falls short of it.
        """
        snapshot = call.snapshot
        self.counts["call", snapshot.modality, reason] += 1
        self.reservoirs.note_lost(
            snapshot.window_start_ns, kind_of(snapshot), snapshot.rank
        )

    def set_pre_thresholds(self, changes: Mapping[str, int]) -> None:
        """Record what is rejected undecoded from now on; see `PreThreshold`."""
        is_news = self.reservoirs.would_raise_pre(changes)
        now_ns = self._clock.now_ns()
        self._journal.release(self.reservoirs.set_pre_thresholds(changes, now_ns))
        if is_news:
            # At once: without it, a restart would claim that nothing was rejected.
            self._write_states(now_ns, every_ns=0)

    async def tick(self, now_ns: int | None = None) -> None:
        """Seal closed windows and upload; call about once per second.

        Never raises for a store or a disk that fails: it tries again at the next call.
        """
        now_ns = self._clock.now_ns() if now_ns is None else now_ns
        async with self._busy:
            self._write_states(now_ns)
            await self._erasing.refresh(now_ns)
            for window in self.reservoirs.windows():
                if self._is_due(window, now_ns):
                    await self._seal(window, now_ns)
                else:
                    self._compact(window)
            await self._shipping.spool_up()
            self._remove_recovered()
            self._forget(now_ns)
            await self._shipping.upload()

    async def seal_now(self) -> None:
        """Seal every window as it is; later calls become a supplement."""
        now_ns = self._clock.now_ns()
        async with self._busy:
            await self._erasing.refresh(now_ns)
            for window in self.reservoirs.windows():
                await self._seal(window, now_ns)
            await self._shipping.spool_up()
            self._remove_recovered()
            await self._shipping.upload()

    async def close(self, deadline_seconds: float) -> None:
        """Seal everything and upload until the deadline; the rest stays on disk."""
        try:
            async with asyncio.timeout(deadline_seconds):
                await self.seal_now()
        except TimeoutError:
            log.warning("spool not empty", extra={"bytes": self._spool.size_bytes})
        finally:
            self._journal.close()

    def _entry(self, call: Call) -> JournalCall:
        snapshot = call.snapshot
        digests = tuple(_media_of(call))
        packed = codec.pack_snapshot(snapshot)
        return JournalCall(
            rank=snapshot.rank,
            span_rank=snapshot.span_rank,
            service=snapshot.service,
            modality=snapshot.modality,
            strata=snapshot.strata,
            ended_at_ns=snapshot.ended_at_ns,
            keys=packed.keys,
            record=packed.record,
            subjects=(
                self._key.subject("trace", snapshot.trace_id),
                snapshot.session,
                snapshot.user,
            ),
            digests=digests,
            media_bytes=sum(len(blob) for blob in call.blobs.values()),
        )

    def _offer(self, window: int, ref: int, entry: JournalCall) -> SamplingDecision:
        decision = self.reservoirs.offer(
            window,
            Kind(entry.service, entry.modality, entry.strata),
            entry.rank,
            entry.span_rank,
            ref=ref,
            size_bytes=entry.size_bytes,
        )
        self._journal.release(decision.evicted)
        if not decision.admitted:
            self._journal.release((ref,))
        return decision

    def _recover(self) -> None:
        """Take up journal and spool from before a crash."""
        # Spooled whole but not yet deleted from the journal when the process died.
        for origin in {entry.origin for entry in self._spool.entries() if entry.last}:
            self._journal.remove(self._journal.folder / origin)
        found: dict[int, tuple[segment.ReservoirState, ...]] = {}
        files = self._journal.files()
        for path in files:
            for window, recovered in self._journal.recover(path):
                found.setdefault(window, ())
                if isinstance(recovered.content, tuple):
                    found[window] = recovered.content
        for window, states in found.items():
            self.reservoirs.expect(window, states)
        for path in files:
            for window, recovered in self._journal.recover(path):
                if isinstance(recovered.content, tuple):
                    continue
                ref, self._next_ref = self._next_ref, self._next_ref + 1
                self._journal.adopt(ref, recovered)
                self._offer(window, ref, recovered.content)
                self.counts["journal", "recovered"] += 1
        for window, states in found.items():
            self._journal.release(self.reservoirs.recover(window, states))
        self._recovered_files = set(files)
        self._journal.sweep()

    def _is_due(self, window: int, now_ns: int) -> bool:
        first_ns, last_ns = self._kept_windows(now_ns)
        if not first_ns <= window <= last_ns:
            return True  # about to expire, or opened by a clock that was ahead
        if (sealed := self._sealed_at_ns.get(window)) is None:
            closes = window + self._reservoir_config.window_ns
            return now_ns >= closes + self._reservoir_config.grace_ns
        wait_seconds = min(self._config.late, self._reservoir_config.window)
        return not 0 <= now_ns - sealed < round(wait_seconds * 10**9)

    async def _seal(self, window: int, now_ns: int) -> None:
        """Take a window's calls out of the reservoirs, to be spooled.

        A late call that was rejected leaves nothing but a higher threshold; a segment
        without records says so, or what was stored would claim too much.
        """
        refs = self.reservoirs.refs(window)
        path = self._journal.rotate(window)
        header = self._header(window, now_ns)
        first_ns, _ = self._kept_windows(now_ns)
        news = _outline(header.reservoirs, is_final=window < first_ns)
        if refs or not news <= self._told.get(window, frozenset()):
            self._shipping.take(Sealed(window, refs, header, path))
            self._supplements[window] += 1
            self._told[window] = frozenset().union(
                *(_outline(header.reservoirs, is_final=f) for f in (False, True))
            )
        elif path is not None:
            self._journal.remove(path)
        self.reservoirs.mark_sealed(window)
        self._sealed_at_ns[window] = now_ns

    def _header(self, window: int, now_ns: int) -> segment.SegmentHeader:
        redaction_version, release = self._versions
        return segment.SegmentHeader(
            collector=self.collector,
            sequence=0,
            window_start_ns=window,
            window_length_ns=self._reservoir_config.window_ns,
            sealed_at_ns=now_ns,
            supplement=self._supplements[window],
            reservoirs=self.reservoirs.states(window),
            redaction_version=redaction_version,
            strata_version=STRATA_VERSION,
            release=release,
        )

    def _write_states(self, now_ns: int, every_ns: int = _STATES_EVERY_NS) -> None:
        if 0 <= now_ns - self._states_at_ns < every_ns:
            return
        self._states_at_ns = now_ns
        try:
            for window in self.reservoirs.windows():
                self._journal.append_states(window, self.reservoirs.states(window))
        except OSError:
            self.counts["journal", "error"] += 1

    def _compact(self, window: int) -> None:
        try:
            if self._journal.compact(
                window,
                self.reservoirs.refs(window),
                self.reservoirs.states(window),
            ):
                self.counts["journal", "compacted"] += 1
        except OSError:
            self.counts["journal", "error"] += 1

    def _remove_recovered(self) -> None:
        """Delete files from before a crash once none of their calls is needed."""
        needed = self._journal.paths()
        for path in [path for path in self._recovered_files if path not in needed]:
            self._recovered_files.discard(path)
            self._journal.remove(path)

    def _forget(self, now_ns: int) -> None:
        """Let go of windows that no late call can reach any more."""
        first_ns, last_ns = self._kept_windows(now_ns)
        unsealed = [w for w in self.reservoirs.windows() if self.reservoirs.refs(w)]
        self.reservoirs.keep_between(
            min([first_ns, *unsealed]), max([last_ns, *unsealed])
        )
        for window in [w for w in self._sealed_at_ns if not first_ns <= w <= last_ns]:
            self._sealed_at_ns.pop(window)
            self._supplements.pop(window, None)
            self._told.pop(window, None)

    def _kept_windows(self, now_ns: int) -> tuple[int, int]:
        """Return the first and the last start of a window that calls may still have."""
        config = self._reservoir_config
        oldest = now_ns - (config.late_windows + 2) * config.window_ns
        return oldest - config.grace_ns, now_ns + 2 * config.window_ns


def _outline(
    states: tuple[segment.ReservoirState, ...], *, is_final: bool
) -> frozenset[_Told]:
    """Return what a reader's probabilities follow from; in the end, counts too."""
    return frozenset(
        (
            (state.service, state.modality, state.stratum),
            (state.threshold, state.pre_threshold, *state.span_thresholds.items()),
            state.seen if is_final else -1,
        )
        for state in states
    )


def _media_of(call: Call) -> dict[str, bytes]:
    """Return the inline media of a redacted call by digest."""
    every = (*call.snapshot.media, *call.snapshot.answer.media)
    return {every[index].digest: data for index, data in call.blobs.items()}


def _collector_id(folder: Path, name: str) -> str:
    """Return an id that no other collector has, and that a restart keeps."""
    path = folder / "collector-id"
    if path.exists():
        return path.read_text().strip()
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:64]
    made = f"{plain.strip('-') or 'collector'}-{secrets.token_hex(4)}"
    staged = path.with_suffix(".new")
    staged.write_text(made)
    staged.replace(path)
    return made
