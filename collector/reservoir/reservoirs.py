"""All windows that are open or may still get late calls. Pure: no clock, no I/O."""

from collector.reservoir.window import WINDOW_OVER, Decision, Kind, Window
from collector.sampling_config import ReservoirConfig
from snaptrace.snapshots.segment import ReservoirState


class Reservoirs:
    """Decides which calls are kept. Memory follows what is kept, not what is offered.

    `rank` and `span_rank` are `FleetKey.rank(trace id)` and `.span_rank(span id)`.
    """

    def __init__(self, config: ReservoirConfig) -> None:
        self._config = config
        self._windows: dict[int, Window] = {}
        self._pre: dict[str, int] = {}
        self._over_ns = -1  # windows up to here are forgotten

    def window_of(self, ended_ns: int, arrived_ns: int) -> tuple[int, bool]:
        """Return the start of a call's window, and whether it is filed by arrival.

        A call belongs to the window in which it ended, unless that is further from its
        arrival than late calls are waited for, or lies in the future: clocks differ.
        """
        length = self._config.window_ns
        own = ended_ns // length * length
        here = arrived_ns // length * length
        if here - self._config.late_windows * length <= own <= here + length:
            return own, False
        return here, True

    def would_admit(
        self, window_start_ns: int, kind: Kind, rank: int, span_rank: int
    ) -> bool:
        """Return whether `offer` would keep this call; before it costs anything.

        False counts the call as seen and rejected, so it must not be offered after
        that; true counts nothing.
        """
        window = self._windows.get(window_start_ns)
        if window is None:
            if window_start_ns <= self._over_ns:
                return False
            window = self._opened(window_start_ns)
        if window.reject_quickly(kind, rank):
            return False
        if window.would_admit(kind, rank, span_rank):
            return True
        window.offer(kind, rank, span_rank, ref=-1, size_bytes=0)
        return False

    def offer(
        self,
        window_start_ns: int,
        kind: Kind,
        rank: int,
        span_rank: int,
        *,
        ref: int,
        size_bytes: int,
    ) -> Decision:
        """Keep or reject a call, known to the owner as `ref`, of `size_bytes`.

        Refs are never negative and never used again. `Decision.evicted` lists those
        that no reservoir needs any more; the call itself may be among them, when
        its content alone is beyond the byte limit.
        """
        window = self._windows.get(window_start_ns)
        if window is None:
            if window_start_ns <= self._over_ns:
                return WINDOW_OVER
            window = self._opened(window_start_ns)
        decision = window.offer(kind, rank, span_rank, ref=ref, size_bytes=size_bytes)
        if not decision.admitted or self.content_bytes <= self._config.window_bytes:
            return decision
        evicted = decision.evicted + self._shrink()
        return Decision(
            admitted=True, reason="kept", evicted=evicted, held_by=decision.held_by
        )

    @property
    def content_bytes(self) -> int:
        """Bytes of all calls kept and not sealed."""
        return sum(window.content_bytes for window in self._windows.values())

    def set_pre_threshold(self, service: str, pre: int) -> tuple[int, ...]:
        """Take note of what is rejected undecoded from now on; return evicted refs.

        It holds for every open window as a whole, so what was kept up to that rank
        goes: it had a chance that its later neighbours have not. A lower value only
        concerns windows that open from now on.
        """
        self._pre[service] = pre
        evicted: tuple[int, ...] = ()
        for window in self._windows.values():
            evicted += window.raise_pre(service, pre)
        return evicted

    def windows(self) -> list[int]:
        """Return the starts of all windows held, oldest first."""
        return sorted(self._windows)

    def refs(self, window_start_ns: int) -> list[int]:
        """Return the calls that a seal of this window has to write."""
        window = self._windows.get(window_start_ns)
        return window.refs() if window else []

    def states(self, window_start_ns: int) -> tuple[ReservoirState, ...]:
        """Return what a segment's header says of this window's reservoirs."""
        window = self._windows.get(window_start_ns)
        return window.states() if window else ()

    def mark_sealed(self, window_start_ns: int) -> None:
        """Let go of this window's content; its ranks stay for late calls."""
        if window := self._windows.get(window_start_ns):
            window.mark_sealed()

    def recover(
        self, window_start_ns: int, states: tuple[ReservoirState, ...]
    ) -> tuple[int, ...]:
        """Take up states from before a crash, after re-offering the journal's calls.

        Returns evicted refs: one trace of each full reservoir goes, because what was
        rejected last may not have been written down.
        """
        return self._opened(window_start_ns).recover(states)

    def forget_before(self, start_ns: int) -> None:
        """Forget windows that begin before `start_ns`; their late calls are refused."""
        for start in [start for start in self._windows if start < start_ns]:
            del self._windows[start]
        self._over_ns = max(self._over_ns, start_ns - 1)

    def _opened(self, start_ns: int) -> Window:
        if (window := self._windows.get(start_ns)) is None:
            window = Window(start_ns, self._config)
            for service, pre in self._pre.items():
                window.raise_pre(service, pre)
            self._windows[start_ns] = window
        return window

    def _shrink(self) -> tuple[int, ...]:
        evicted: tuple[int, ...] = ()
        while self.content_bytes > self._config.window_bytes:
            heaviest = max(self._windows.values(), key=lambda w: w.content_bytes)
            if (gone := heaviest.shrink_once()) is None:
                break
            evicted += gone
        return evicted
