"""One reservoir: the traces of highest rank and, in each, the calls of highest rank.

The result depends on what was offered and not on its order; offering again changes
nothing. Source: E. Cohen, H. Kaplan, "Summarizing data using bottom-k sketches"
(PODC 2007), mirrored to the highest ranks.
"""

import heapq
from collections.abc import Iterator
from typing import Literal

from collector.reservoir.threshold_ladder import RankCounts

Offer = Literal["kept", "below_threshold", "trace_cap", "duplicate"]


class Reservoir:
    """Keeps at most `size` traces. `ref` is the owner's identifier of a call.

    A trace is kept if and only if its rank is above `threshold`, the highest rank
    rejected or evicted so far; 0 while none was.
    """

    __slots__ = (
        "_heap",
        "_traces",
        "cap",
        "counts",
        "pre",
        "size",
        "spans",
        "threshold",
    )

    def __init__(self, size: int, cap: int) -> None:
        self.size, self.cap = size, cap
        self.threshold = 0
        self.pre = 0  # ranks up to here were rejected before they got here
        self.counts = RankCounts()  # calls offered
        self.spans: dict[int, int] = {}  # trace rank -> highest span rank rejected
        self._traces: dict[int, dict[int, int]] = {}  # rank -> span rank -> ref
        self._heap: list[int] = []  # ranks of `_traces`

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def seen(self) -> int:
        """Calls offered, except those that the current pre-threshold rejects."""
        return self.counts.above(self.pre)

    @property
    def floor(self) -> int:
        """A trace below this rank is rejected for certain."""
        if len(self._heap) >= self.size and self._heap:
            return self._heap[0]
        return max(self.threshold, self.pre)

    def would_admit(self, rank: int, span_rank: int) -> bool:
        """Return whether `offer` would keep the call, without changing state."""
        if 0 < rank <= max(self.threshold, self.pre):
            return False
        trace = self._traces.get(rank)
        if trace is not None:
            if span_rank in trace or 0 < span_rank <= self.spans.get(rank, 0):
                return False
            return len(trace) < self.cap or span_rank > min(trace)
        if len(self._heap) < self.size:
            return True
        return bool(self._heap) and rank > self._heap[0]

    def offer(self, rank: int, span_rank: int, ref: int, dropped: list[int]) -> Offer:
        """Admit or reject a call; refs that it displaces are added to `dropped`."""
        self.counts.add(rank)
        if rank <= max(self.threshold, self.pre) and rank > 0:
            return "below_threshold"
        trace = self._traces.get(rank)
        if trace is not None:
            return self._offer_to_trace(trace, rank, span_rank, ref, dropped)
        if len(self._heap) >= self.size:
            if not self._heap or rank < self._heap[0]:
                self.threshold = max(self.threshold, rank)
                return "below_threshold"
            self.evict_lowest(dropped)
        heapq.heappush(self._heap, rank)
        self._traces[rank] = {span_rank: ref}
        return "kept"

    def _offer_to_trace(
        self,
        trace: dict[int, int],
        rank: int,
        span_rank: int,
        ref: int,
        dropped: list[int],
    ) -> Offer:
        if span_rank in trace:
            self.counts.add(rank, -1)  # the same call again
            return "duplicate"
        if span_rank <= self.spans.get(rank, 0):
            return "trace_cap"
        if len(trace) >= self.cap:
            lowest = min(trace)
            if span_rank < lowest:
                self.spans[rank] = span_rank
                return "trace_cap"
            dropped.append(trace.pop(lowest))
            self.spans[rank] = lowest
        trace[span_rank] = ref
        return "kept"

    def evict_lowest(self, dropped: list[int]) -> None:
        """Evict the trace of lowest rank; the threshold becomes that rank."""
        rank = heapq.heappop(self._heap)
        dropped.extend(self._traces.pop(rank).values())
        self.spans.pop(rank, None)
        self.threshold = max(self.threshold, rank)

    def shrink(self, dropped: list[int]) -> None:
        """Keep one trace less from now on, and say so."""
        self.size = max(len(self._heap) - 1, 0)
        if self._heap:
            self.evict_lowest(dropped)

    def raise_pre(self, pre: int, dropped: list[int]) -> None:
        """Reject everything up to `pre`, a rung, as something before us does now."""
        self.pre = max(self.pre, pre)
        self._drop_up_to(self.pre, dropped)

    def raise_threshold(self, threshold: int, dropped: list[int]) -> None:
        """Record that ranks up to `threshold` were rejected."""
        self.threshold = max(self.threshold, threshold)
        self._drop_up_to(self.threshold, dropped)

    def _drop_up_to(self, bar: int, dropped: list[int]) -> None:
        while self._heap and self._heap[0] <= bar:
            rank = heapq.heappop(self._heap)
            dropped.extend(self._traces.pop(rank).values())
            self.spans.pop(rank, None)

    def settle(self, dropped: list[int]) -> None:
        """Make the threshold true although some rejections may have been forgotten.

        Whatever was rejected ranked below the lowest trace kept by a full reservoir,
        so giving up that one trace covers them all. Likewise within full traces.
        """
        if self._heap and (len(self._heap) >= self.size or self.threshold):
            self.evict_lowest(dropped)
        for rank, trace in self._traces.items():
            if len(trace) >= self.cap:
                lowest = min(trace)
                dropped.append(trace.pop(lowest))
                self.spans[rank] = max(lowest, self.spans.get(rank, 0))

    def calls(self) -> Iterator[tuple[int, int, int]]:
        """Yield (rank, span rank, ref) of every call kept."""
        for rank, trace in self._traces.items():
            for span_rank, ref in trace.items():
                yield rank, span_rank, ref
