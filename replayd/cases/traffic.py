"""Traffic estimates from the store, compared with the collectors' counts.

Of the last hours' windows, those that are whole; each is worked out once, and again
when a late segment of it arrives.
"""

from collections.abc import Iterable
from functools import reduce

from snaptrace.snapshot.inclusion_probability import Frame, Placed
from snaptrace.snapshot.segment import SegmentHeader
from snaptrace.snapshot.traffic_estimate import Traffic, traffic

Cell = tuple[str, str]  # service, modality
_NS = 10**9
_LOOKBACK_NS = 6 * 3600 * _NS
# A window's segments are sealed and uploaded one by one.
_SETTLED_NS = 15 * 60 * _NS
_MOST_SERVICES = 64  # labels of a metric; the smallest are counted together
OTHER = "other"


class _Window:
    """One window's headers and calls, and what follows from them."""

    __slots__ = ("calls", "end_ns", "found", "frame")

    def __init__(self) -> None:
        self.frame, self.end_ns = Frame(), 0
        self.calls: dict[str, tuple[str, Placed]] = {}  # id -> collector, call
        self.found: dict[Cell, Traffic] | None = None

    def estimate(self) -> dict[Cell, Traffic]:
        if self.found is None:
            self.found = traffic(self.frame, self.calls.values())
        return self.found


class TrafficSample:
    """Calls of the last hours, without content. Bounded."""

    def __init__(self) -> None:
        self._windows: dict[int, _Window] = {}

    def add(
        self, header: SegmentHeader, calls: Iterable[tuple[str, Placed]], now_ns: int
    ) -> None:
        """Add one segment's (snapshot id, call) pairs. Idempotent."""
        start_ns = header.window_start_ns
        if start_ns < now_ns - _LOOKBACK_NS:
            return
        window = self._windows.setdefault(start_ns, _Window())
        window.frame.add(header)
        window.end_ns = max(window.end_ns, start_ns + header.window_length_ns)
        window.found = None
        for snapshot_id, call in calls:
            # Two collectors that saw one re-delivered span keep it twice.
            window.calls.setdefault(snapshot_id, (header.collector, call))

    def estimate(self, now_ns: int) -> dict[Cell, Traffic]:
        """Return estimates over complete windows of the last hours, largest first.

        Safe to call again and again: only windows that changed are worked out.
        """
        for start_ns in [s for s in self._windows if s < now_ns - _LOOKBACK_NS]:
            del self._windows[start_ns]
        totals: dict[Cell, Traffic] = {}
        for window in self._windows.values():
            if window.end_ns + _SETTLED_NS <= now_ns:
                for cell, each in window.estimate().items():
                    totals[cell] = totals.get(cell, Traffic()).plus(each)
        return _bounded(totals)


def _bounded(totals: dict[Cell, Traffic]) -> dict[Cell, Traffic]:
    seen: dict[str, int] = {}
    for (service, _), each in totals.items():
        seen[service] = seen.get(service, 0) + each.seen
    named = set(sorted(seen, key=lambda name: -seen[name])[:_MOST_SERVICES])
    found: dict[Cell, list[Traffic]] = {}
    for (service, modality), each in totals.items():
        cell = (service if service in named else OTHER, modality)
        found.setdefault(cell, []).append(each)
    return {cell: reduce(Traffic.plus, each) for cell, each in found.items()}
