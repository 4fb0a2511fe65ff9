"""Selection of calls: window and rank, reservoirs, and the journal of what is kept."""

import logging
from collections import Counter
from collections.abc import Callable

from collector.call import Call
from collector.config.sampling import SealConfig
from collector.reservoir import Kind, ReservoirConfig, Reservoirs, SamplingDecision
from collector.sealing.journal import Journal, JournalCall, Recovered
from collector.sealing.placement import kind_of, place
from collector.sealing.tombstones import TombstoneFilter
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import codec

log = logging.getLogger(__name__)


class CallSelection:
    """Offers calls to their reservoirs and journals those that are admitted.

    A call is placed, then `wants` says whether it is worth redacting, then it is
    admitted or lost. Nothing here waits for the store.
    """

    def __init__(
        self,
        config: SealConfig,
        reservoir_config: ReservoirConfig,
        *,
        reservoirs: Reservoirs,
        journal: Journal,
        erasing: TombstoneFilter,
        key: FleetKey,
        label: Callable[[str], str],
        counts: Counter[tuple[str, ...]],
    ) -> None:
        """`counts` and `label` as of `Sealer`."""
        self._config, self._reservoir_config = config, reservoir_config
        self._reservoirs, self._journal = reservoirs, journal
        self._erasing, self._key, self._label = erasing, key, label
        self._counts = counts
        self._next_ref = 0

    def place(self, call: Call) -> Call:
        """Return the call with rank, window, route and strata; before redaction."""
        return place(
            call, self._key, self._reservoirs, self._reservoir_config, self._label
        )

    def wants(self, call: Call) -> bool:
        """Return whether `admit` would keep this placed call, before redaction.

        False has been counted as a rejection, and the call is to be forgotten.
        """
        snapshot = call.snapshot
        reason = self._reservoirs.rejection(
            snapshot.window_start_ns,
            kind_of(snapshot),
            snapshot.rank,
            snapshot.span_rank,
        )
        if reason is None:
            return True
        self._counts["call", snapshot.modality, reason] += 1
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
            self._counts["journal", "error"] += 1
            log.warning("journal cannot be written", extra={"why": error.strerror})
            return decision
        decision = self._offer(snapshot.window_start_ns, ref, entry)
        self._counts["call", snapshot.modality, decision.reason] += 1
        return decision

    def lose(self, call: Call, reason: str) -> None:
        """Count a placed call that was selected but will not be admitted.

        It stays in the count of what was seen, so that the estimate falls short of it.
        """
        snapshot = call.snapshot
        self._counts["call", snapshot.modality, reason] += 1
        self._reservoirs.note_lost(
            snapshot.window_start_ns, kind_of(snapshot), snapshot.rank
        )

    def restore(self, window: int, recovered: Recovered) -> None:
        """Take up a call from a journal of before a crash."""
        assert isinstance(recovered.content, JournalCall)
        ref, self._next_ref = self._next_ref, self._next_ref + 1
        self._journal.adopt(ref, recovered)
        self._offer(window, ref, recovered.content)
        self._counts["journal", "recovered"] += 1

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
        decision = self._reservoirs.offer(
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


def _media_of(call: Call) -> dict[str, bytes]:
    """Return the inline media of a redacted call by digest."""
    every = (*call.snapshot.media, *call.snapshot.answer.media)
    return {every[index].digest: data for index, data in call.blobs.items()}
