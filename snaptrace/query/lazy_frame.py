"""Reservoir states of a whole store, merged a window at a time as they are asked for.

A page of a search shows calls of few windows; a store has headers of very many.
"""

from collections.abc import Iterator

from snaptrace.snapshot.inclusion_probability import (
    Frame,
    ReservoirKey,
    Sampled,
    merged,
)
from snaptrace.snapshot.segment import ReservoirState, SegmentHeader


class LazyFrame(Frame):
    """A `Frame` whose headers wait until their collector and window are asked for."""

    def __init__(self) -> None:
        super().__init__()
        # By collector and window; taken apart for two ways of asking.
        self._waiting: dict[tuple[str, int], list[SegmentHeader]] = {}
        self._uncut: dict[tuple[str, int], list[SegmentHeader]] = {}
        self._cells: dict[tuple[str, int, str, str], dict[str, ReservoirState]] = {}

    def add(self, header: SegmentHeader) -> None:
        """Add one header; before anything is asked of its window."""
        key = (header.collector, header.window_start_ns)
        self._waiting.setdefault(key, []).append(header)
        self._uncut.setdefault(key, []).append(header)

    def states(
        self, collector: str, window_start_ns: int, service: str, modality: str
    ) -> dict[str, ReservoirState]:
        """Return a cell's reservoirs by stratum; "" is the uniform one."""
        if (collector, window_start_ns) in self._uncut:
            self._cut(collector, window_start_ns)
        return self._cells.get((collector, window_start_ns, service, modality), {})

    def _cut(self, collector: str, window_start_ns: int) -> None:
        for header in self._uncut.pop((collector, window_start_ns)):
            for state in header.reservoirs:
                cell = (collector, window_start_ns, state.service, state.modality)
                held = self._cells.setdefault(cell, {})
                known = held.get(state.stratum)
                held[state.stratum] = state if known is None else merged(known, state)

    def items(self) -> Iterator[tuple[ReservoirKey, ReservoirState]]:
        """Yield every reservoir and its state."""
        self._take_all()
        yield from super().items()

    def seen(self) -> dict[tuple[str, str], int]:
        """Return calls offered, by service and modality, as the collectors counted."""
        self._take_all()
        return super().seen()

    def equal_probability_threshold(
        self,
        *,
        services: frozenset[str] | None = None,
        modality: str | None = None,
        since_ns: int = 0,
    ) -> int:
        """Return the rank above which a trace was kept wherever it passed."""
        self._take_all()
        return super().equal_probability_threshold(
            services=services, modality=modality, since_ns=since_ns
        )

    def is_uniform(self, collector: str, snapshot: Sampled) -> bool:
        """Return whether the call is in its window's equal-probability sample."""
        self._take(collector, snapshot.window_start_ns)
        return super().is_uniform(collector, snapshot)

    def pre_threshold(self, collector: str, snapshot: Sampled) -> int:
        """Return the rank up to which calls of its kind were rejected undecoded."""
        self._take(collector, snapshot.window_start_ns)
        return super().pre_threshold(collector, snapshot)

    def _of(
        self, collector: str, snapshot: Sampled
    ) -> Iterator[tuple[ReservoirKey, ReservoirState]]:
        self._take(collector, snapshot.window_start_ns)
        return super()._of(collector, snapshot)

    def _take_all(self) -> None:
        for collector, window_start_ns in list(self._waiting):
            self._take(collector, window_start_ns)

    def _take(self, collector: str, window_start_ns: int) -> None:
        for header in self._waiting.pop((collector, window_start_ns), ()):
            super().add(header)
