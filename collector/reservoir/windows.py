"""All windows that are open or still accept late calls. No clock, no I/O."""

from collections import Counter
from collections.abc import Mapping

from collector.config.sampling import ReservoirConfig
from collector.reservoir.threshold_ladder import rung_from
from collector.reservoir.window import (
    WINDOW_OVER,
    Kind,
    Reason,
    SamplingDecision,
    Window,
)
from snaptrace.snapshot.segment import ReservoirState

# Of windows to come that calls seen now may belong to: clocks differ, and a call's
# window is only known when its parts are together.
_AHEAD_NS = 60 * 10**9


class Reservoirs:
    """Decides which calls are kept. Memory is bounded by calls kept, not offered.

    `rank` and `span_rank` are `FleetKey.rank(trace id)` and `.span_rank(span id)`.
    """

    def __init__(self, config: ReservoirConfig) -> None:
        self._config = config
        self._windows: dict[int, Window] = {}
        self._pre: dict[str, int] = {}  # service -> what is rejected undecoded now
        # The same of windows that are not open yet, as far as it was higher: calls of
        # theirs may have been rejected.
        self._noted: dict[int, dict[str, int]] = {}
        self._over_ns = -1  # windows up to here were dropped
        # Calls that were kept and given up again, by why; and strata without room.
        self.counts: Counter[str] = Counter()

    def window_of(self, ended_ns: int, arrived_ns: int) -> tuple[int, bool]:
        """Return the start of a call's window, and whether it is filed by arrival.

        A call belongs to the window in which it ended, unless that is further from its
        arrival than late calls are waited for, or lies in the future: clocks differ.
        """
        length = self._config.window_ns
        own = ended_ns // length * length
        here = arrived_ns // length * length
        last = min(here + length, (arrived_ns + _AHEAD_NS) // length * length)
        if here - self._config.late_windows * length <= own <= last:
            return own, False
        return here, True

    def rejection(
        self, window_start_ns: int, kind: Kind, rank: int, span_rank: int
    ) -> Reason | None:
        """Return why `offer` would reject this call, before any further work on it.

        A reason counts the call as seen and rejected, so it must not be offered after
        that. None means that it would be kept, and counts nothing.
        """
        window = self._windows.get(window_start_ns)
        if window is None:
            if window_start_ns <= self._over_ns:
                return "window_over"
            window = self._opened(window_start_ns)
        if window.reject_quickly(kind, rank):
            return "below_threshold"
        if window.would_admit(kind, rank, span_rank):
            return None
        return window.offer(kind, rank, span_rank, ref=-1, size_bytes=0).reason

    def offer(
        self,
        window_start_ns: int,
        kind: Kind,
        rank: int,
        span_rank: int,
        *,
        ref: int,
        size_bytes: int,
    ) -> SamplingDecision:
        """Keep or reject a call, known to the owner as `ref`, of `size_bytes`.

        Refs are never negative and never used again. `SamplingDecision.evicted` lists
        those that no reservoir needs any more; the call itself may be among them, when
        its content alone is beyond the byte limit.
        """
        window = self._windows.get(window_start_ns)
        if window is None:
            if window_start_ns <= self._over_ns:
                return WINDOW_OVER
            window = self._opened(window_start_ns)
        decision = window.offer(kind, rank, span_rank, ref=ref, size_bytes=size_bytes)
        if not decision.admitted:
            return decision
        self.counts["displaced"] += len(decision.evicted)
        if self.content_bytes <= self._config.window_bytes:
            return decision
        evicted = self._shrink()
        self.counts["window_bytes"] += len(evicted)
        evicted += decision.evicted
        return SamplingDecision(
            admitted=True, reason="kept", evicted=evicted, held_by=decision.held_by
        )

    def note_lost(self, window_start_ns: int, kind: Kind, rank: int) -> None:
        """Count a call as seen that was to be kept and got lost before its offer.

        The sample then represents fewer calls than were seen, and the difference shows.
        """
        if (window := self._windows.get(window_start_ns)) is not None:
            window.note_lost(kind, rank)

    @property
    def content_bytes(self) -> int:
        """Total bytes of calls kept and not sealed."""
        return sum(window.content_bytes for window in self._windows.values())

    def set_pre_thresholds(
        self, changes: Mapping[str, int], now_ns: int
    ) -> tuple[int, ...]:
        """Take note of what is rejected undecoded, by service; return evicted refs.

        It may rise at any time. It holds for every window as a whole whose calls were
        rejected by it, so what was kept up to that rank goes: it had a chance that its
        later neighbours have not. A lower value only concerns later windows.
        """
        evicted: tuple[int, ...] = ()
        unopened = [w for w in self._reachable(now_ns) if w not in self._windows]
        for service, pre in changes.items():
            highest = max(pre, self._pre.get(service, 0))
            for window in self._windows.values():
                evicted += window.raise_pre(service, pre)
            for start in unopened:
                noted = self._noted.setdefault(start, {})
                noted[service] = max(highest, noted.get(service, 0))
            if pre:
                self._pre[service] = pre
            else:
                self._pre.pop(service, None)  # memory follows traffic
        self.counts["decode_budget"] += len(evicted)
        return evicted

    def would_raise_pre(self, changes: Mapping[str, int]) -> bool:
        """Return whether these pre-thresholds change an open window."""
        return any(
            rung_from(pre) > window.pre.get(service, 0)
            for window in self._windows.values()
            for service, pre in changes.items()
        )

    def windows(self) -> list[int]:
        """Return the start times of all windows held, oldest first."""
        return sorted(self._windows)

    def refs(self, window_start_ns: int) -> list[int]:
        """Return the calls that a seal of this window has to write."""
        window = self._windows.get(window_start_ns)
        return window.refs() if window else []

    def states(self, window_start_ns: int) -> tuple[ReservoirState, ...]:
        """Return the reservoir states of this window for a segment's header."""
        window = self._windows.get(window_start_ns)
        return window.states() if window else ()

    def mark_sealed(self, window_start_ns: int) -> None:
        """Release this window's content; its ranks stay for late calls."""
        if window := self._windows.get(window_start_ns):
            window.mark_sealed()

    def expect(self, window_start_ns: int, states: tuple[ReservoirState, ...]) -> None:
        """Create the reservoirs that existed before a crash; call before any offer.

        One that found no room then must find none now: it would not know what it
        missed.
        """
        self._opened(window_start_ns).expect(states)

    def recover(
        self, window_start_ns: int, states: tuple[ReservoirState, ...]
    ) -> tuple[int, ...]:
        """Take up states from before a crash, after re-offering the journal's calls.

        Returns evicted refs: one trace of each full reservoir goes, because what was
        rejected last may not have been written down.
        """
        return self._opened(window_start_ns).recover(states)

    def keep_between(self, first_ns: int, last_ns: int) -> None:
        """Forget windows that begin elsewhere; late calls of older ones are refused.

        Both follow the clock, backwards too: where it was wrong, the windows of the
        right time must open. One that is opened again merges with what was stored.
        """
        for start in [s for s in self._windows if not first_ns <= s <= last_ns]:
            self.counts["strata_refused"] += self._windows[start].strata_refused
            del self._windows[start]
        for start in [s for s in self._noted if not first_ns <= s <= last_ns]:
            del self._noted[start]
        self._over_ns = first_ns - 1

    @property
    def strata_refused(self) -> int:
        """Kinds of calls that found no room for a quota reservoir, so far."""
        open_ones = sum(window.strata_refused for window in self._windows.values())
        return self.counts["strata_refused"] + open_ones

    def _opened(self, start_ns: int) -> Window:
        if (window := self._windows.get(start_ns)) is None:
            window = Window(start_ns, self._config)
            for bars in (self._pre, self._noted.pop(start_ns, {})):
                for service, pre in bars.items():
                    window.raise_pre(service, pre)
            self._windows[start_ns] = window
        return window

    def _reachable(self, now_ns: int) -> range:
        """Return the starts of all windows that calls seen by now may belong to."""
        length, late = self._config.window_ns, self._config.late_windows
        here = now_ns // length * length
        last = (now_ns + _AHEAD_NS) // length * length
        return range(here - late * length, last + 1, length)

    def _shrink(self) -> tuple[int, ...]:
        evicted: tuple[int, ...] = ()
        while self.content_bytes > self._config.window_bytes:
            heaviest = max(self._windows.values(), key=lambda w: w.content_bytes)
            if (gone := heaviest.shrink_once()) is None:
                break
            evicted += gone
        return evicted
