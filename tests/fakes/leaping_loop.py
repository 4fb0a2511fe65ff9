"""An event loop whose time leaps to the next timer whenever nothing is ready."""

import asyncio
import selectors


class _LeapingSelector(selectors.DefaultSelector):
    """Never waits for a timer: leaps over it, once the network is quiet."""

    def __init__(self):
        super().__init__()
        self.leapt_seconds = 0.0
        self.quiet_seconds = 0.0  # real time to wait for the network before a leap

    def select(self, timeout=None):
        if timeout is None:
            return super().select(None)
        ready = super().select(min(timeout, self.quiet_seconds))
        if not ready:
            self.leapt_seconds += max(timeout, 0.0)
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """Runs hours of timers in milliseconds. `quiet_seconds` leaves time for sockets."""

    def __init__(self, quiet_seconds=0.0):
        self._leaping = _LeapingSelector()
        self._leaping.quiet_seconds = quiet_seconds
        super().__init__(self._leaping)
        self._began = super().time()

    def time(self):
        return self._began + self._leaping.leapt_seconds


class LoopClock:
    """A `Clock` that follows a loop, so that leaps are leaps of the calendar too."""

    def __init__(self, start_ns=1_800_000_000_000_000_000):
        self._start_ns, self._loop = start_ns, None
        self._began = 0.0

    def _elapsed(self):
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._began = loop, loop.time()
        return loop.time() - self._began

    def now_ns(self):
        return self._start_ns + int(self._elapsed() * 1e9)

    def monotonic_seconds(self):
        return self._elapsed()


def leap(main, quiet_seconds=0.0):
    """Run a coroutine function on a leaping loop and return what it returns."""
    with asyncio.Runner(loop_factory=lambda: LeapingLoop(quiet_seconds)) as runner:
        return runner.run(main())
