"""`runtime.malloc_trim`: memory is returned after a burst, and not before."""

import asyncio

from snaptrace.runtime.malloc_trim import MallocTrimmer, trim

MIB = 2**20


class Burst:
    """What is in use now, and the most since it was last asked."""

    def __init__(self):
        self.now = self.peak = self.given_back = 0
        self.trimmer = MallocTrimmer(
            lambda: self.now, lambda: self.peak, self._count_one
        )

    def _count_one(self):
        self.given_back += 1

    def check(self, now, peak):
        self.now, self.peak = now, peak
        self.trimmer.check()
        return self.given_back


def test_memory_goes_back_once_after_a_burst():
    """A sidecar would keep the size of its worst second, or pay for trimming always."""
    burst = Burst()
    assert burst.check(0, 0) == 0
    assert burst.check(0, 50 * MIB) == 1
    assert burst.check(0, 0) == 1


def test_nothing_goes_back_in_the_middle_of_a_burst():
    """The relay would stop for milliseconds while it is busiest."""
    burst = Burst()
    assert burst.check(40 * MIB, 50 * MIB) == 0
    assert burst.check(30 * MIB, 30 * MIB) == 0
    assert burst.check(1 * MIB, 2 * MIB) == 1


def test_a_trickle_is_left_alone():
    """Every small request would be followed by a system call for nothing."""
    burst = Burst()
    assert burst.check(0, MIB) == 0


async def test_it_looks_until_it_is_stopped():
    """The task would outlive the relay, or never look."""
    burst, stop, ready = Burst(), asyncio.Event(), asyncio.Event()
    burst.peak = 50 * MIB
    running = asyncio.ensure_future(burst.trimmer.run(ready.set, stop))
    await ready.wait()
    stop.set()
    await running
    assert burst.given_back == 1


def test_trimming_never_fails():
    """A C library without it would end the relay."""
    trim()
