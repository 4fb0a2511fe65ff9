"""All reservoirs of one window, and which calls they still reference."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from msgspec import Struct

from collector.config.sampling import ReservoirConfig
from collector.reservoir.threshold_ladder import RankCounts, rung_from
from collector.reservoir.top_k import Reservoir
from snaptrace.snapshot.segment import ReservoirState

Reason = Literal[
    "kept",
    "below_threshold",
    "trace_cap",
    "duplicate",
    "too_many_services",
    "window_over",  # too old for any window that is still remembered
]
_MOST_GROUPS = 4096


class SamplingDecision(Struct, frozen=True):
    """Result of an offer."""

    admitted: bool
    reason: Reason
    evicted: tuple[int, ...] = ()  # refs no longer in any reservoir
    held_by: tuple[str, ...] = ()  # strata whose reservoirs keep it; "" is uniform


BELOW = SamplingDecision(admitted=False, reason="below_threshold")
TOO_MANY_SERVICES = SamplingDecision(admitted=False, reason="too_many_services")
WINDOW_OVER = SamplingDecision(admitted=False, reason="window_over")

Cell = tuple[str, str, str]  # service, modality, stratum


class Kind(NamedTuple):
    """Attributes shared by calls that are offered to the same reservoirs."""

    service: str
    modality: str
    strata: tuple[str, ...] = ()  # of quota reservoirs; every call has the uniform one


class _Group:
    """The reservoirs of calls that agree in service, modality and strata."""

    __slots__ = ("floor", "names", "rejected", "reservoirs", "seen")

    def __init__(self, names: list[str], reservoirs: list[Reservoir]) -> None:
        self.names, self.reservoirs = names, reservoirs
        self.seen, self.rejected = RankCounts(), 0
        self.floor = 0

    def settle_counts(self) -> None:
        """Apply the counts deferred by the quick path."""
        if self.seen:
            for reservoir in self.reservoirs:
                reservoir.counts.add_all(self.seen)
                reservoir.threshold = max(reservoir.threshold, self.rejected)
            self.seen.clear()
            self.rejected = 0


class Window:
    """The reservoirs of one window. The result is independent of offer order.

    (The byte limit excepted: what it takes away depends on what was there.)
    """

    def __init__(self, start_ns: int, config: ReservoirConfig) -> None:
        self.start_ns, self._config = start_ns, config
        self.content_bytes = 0  # of calls kept and not sealed
        self.pre: dict[str, int] = {}  # service -> pre-threshold
        self._reservoirs: dict[Cell, Reservoir] = {}
        self._services: set[str] = set()
        self._groups: dict[Kind, _Group] = {}
        self._holders: dict[int, int] = {}  # ref -> reservoirs that hold it
        self._sizes: dict[int, int] = {}  # ref -> bytes; unsealed ones only
        self.strata_refused = 0  # kinds of calls without one of their quota reservoirs

    def reject_quickly(self, kind: Kind, rank: int) -> bool:
        """Reject and count a call that is below every threshold; false: not sure."""
        group = self._groups.get(kind)
        if group is None or rank >= group.floor:
            return False
        group.seen.add(rank)
        if rank > group.rejected:  # noqa: PLR1730 - max() takes twice as long
            group.rejected = rank
        return True

    def would_admit(self, kind: Kind, rank: int, span_rank: int) -> bool:
        """Return whether `offer` would keep the call, without counting it."""
        group = self._group(kind)
        return group is not None and any(
            reservoir.would_admit(rank, span_rank) for reservoir in group.reservoirs
        )

    def offer(
        self, kind: Kind, rank: int, span_rank: int, *, ref: int, size_bytes: int
    ) -> SamplingDecision:
        """Offer a call to every reservoir that it belongs to."""
        group = self._group(kind)
        if group is None:
            return TOO_MANY_SERVICES
        dropped: list[int] = []
        held: list[str] = []
        reason: Reason = "below_threshold"
        for name, reservoir in zip(group.names, group.reservoirs, strict=True):
            outcome = reservoir.offer(rank, span_rank, ref, dropped)
            if outcome == "kept":
                held.append(name)
            elif outcome != "below_threshold":
                reason = outcome
        group.floor = min(reservoir.floor for reservoir in group.reservoirs)
        if held:
            self._holders[ref] = len(held)
            self._sizes[ref] = size_bytes
            self.content_bytes += size_bytes
        evicted = self._release(dropped)
        if not held:
            return (
                BELOW
                if reason == "below_threshold"
                else SamplingDecision(admitted=False, reason=reason)
            )
        return SamplingDecision(
            admitted=True, reason="kept", evicted=evicted, held_by=tuple(held)
        )

    def note_lost(self, kind: Kind, rank: int) -> None:
        """Count a call as seen only."""
        if (group := self._group(kind)) is not None:
            group.seen.add(rank)

    def shrink_once(self) -> tuple[int, ...] | None:
        """Evict the lowest trace of the fullest reservoir; None if all are empty."""
        fullest = max(self._reservoirs.values(), key=len, default=None)
        if fullest is None or not len(fullest):
            return None
        dropped: list[int] = []
        fullest.shrink(dropped)
        return self._release(dropped)

    def raise_pre(self, service: str, pre: int) -> tuple[int, ...]:
        """Record that ranks up to `pre` of this service are not decoded.

        It is rounded up to a rung, at which the counts are exact.
        """
        pre = rung_from(pre)
        if pre <= self.pre.get(service, 0):
            return ()
        self.pre[service] = pre
        dropped: list[int] = []
        for (name, _, _), reservoir in self._reservoirs.items():
            if name == service:
                reservoir.raise_pre(pre, dropped)
        return self._release(dropped)

    def refs(self) -> list[int]:
        """Return the calls kept and not yet sealed, oldest ref first."""
        return sorted(self._sizes)

    def mark_sealed(self) -> None:
        """Release the content of kept calls; ranks stay, for late calls."""
        self._sizes.clear()
        self.content_bytes = 0

    def states(self) -> tuple[ReservoirState, ...]:
        """Return every reservoir's state, by service, modality and stratum."""
        self._settle_counts()
        return tuple(
            ReservoirState(
                kind="quota" if stratum else "uniform",
                service=service,
                modality=modality,
                stratum=stratum,
                size=reservoir.size,
                threshold=reservoir.threshold,
                pre_threshold=reservoir.pre,
                seen=reservoir.seen,
                kept=sum(1 for _ in reservoir.calls()),
                span_thresholds=dict(reservoir.spans),
            )
            for (service, modality, stratum), reservoir in sorted(
                self._reservoirs.items()
            )
        )

    def expect(self, states: tuple[ReservoirState, ...]) -> None:
        """Create empty reservoirs for these states."""
        for state in states:
            self._open((state.service, state.modality, state.stratum))

    def recover(self, states: tuple[ReservoirState, ...]) -> tuple[int, ...]:
        """Merge states written before a crash, without overstating the sample."""
        dropped: list[int] = []
        self._settle_counts()
        for state in states:
            cell = (state.service, state.modality, state.stratum)
            reservoir = self._open(cell)
            reservoir.size = min(reservoir.size, state.size)
            pre = max(self.pre.get(state.service, 0), rung_from(state.pre_threshold))
            self.pre[state.service] = pre
            reservoir.raise_pre(pre, dropped)
            reservoir.raise_threshold(state.threshold, dropped)
            # Of those that the journal has not their ranks are known no more.
            missing = max(0, state.seen - reservoir.seen)
            reservoir.counts.add_unranked(missing, reservoir.pre)
        for reservoir in self._reservoirs.values():
            reservoir.settle(dropped)
        return self._release(dropped)

    def _group(self, kind: Kind) -> _Group | None:
        if (group := self._groups.get(kind)) is not None:
            return group
        service, modality, strata = kind
        if service not in self._services:
            if len(self._services) >= self._config.services:
                return None
            self._services.add(service)
        if len(self._groups) >= _MOST_GROUPS:
            self._settle_counts()
            self._groups.clear()
        names = [""] if self._config.quota == 0 else ["", *strata]
        cells = [(name, (service, modality, name)) for name in names]
        # A stratum that finds no room is not opened later in the window either: each
        # open one has seen all its calls. The uniform one always finds room.
        full = len(self._reservoirs) >= self._config.reservoirs
        usable = [
            (n, c) for n, c in cells if not n or not full or c in self._reservoirs
        ]
        self.strata_refused += len(usable) < len(cells)
        group = _Group([n for n, _ in usable], [self._open(c) for _, c in usable])
        group.floor = min(reservoir.floor for reservoir in group.reservoirs)
        self._groups[kind] = group
        return group

    def _open(self, cell: Cell) -> Reservoir:
        if (reservoir := self._reservoirs.get(cell)) is None:
            size = self._config.quota if cell[2] else self._config.size
            reservoir = Reservoir(size, self._config.calls_per_trace)
            reservoir.pre = self.pre.get(cell[0], 0)
            self._reservoirs[cell] = reservoir
            self._services.add(cell[0])
        return reservoir

    def _settle_counts(self) -> None:
        for group in self._groups.values():
            group.settle_counts()

    def _release(self, dropped: list[int]) -> tuple[int, ...]:
        return tuple(self._released(dropped))

    def _released(self, dropped: list[int]) -> Iterator[int]:
        for ref in dropped:
            left = self._holders[ref] - 1
            if left:
                self._holders[ref] = left
                continue
            del self._holders[ref]
            if (size := self._sizes.pop(ref, None)) is not None:
                self.content_bytes -= size
                yield ref
