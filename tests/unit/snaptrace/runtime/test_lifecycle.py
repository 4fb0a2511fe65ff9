"""`snaptrace.runtime.lifecycle`: order of start and stop, failures, late parts."""

import asyncio

import pytest

from snaptrace.runtime.lifecycle import PartLateError, run_parts


class Recorder:
    """A part that writes down what happens to it."""

    def __init__(self, name, events, *, fails="", hangs=False):
        self.name, self._events = name, events
        self._fails, self._hangs = fails, hangs

    async def run(self, ready, stop):
        self._events.append(f"start {self.name}")
        if self._fails == "start":
            raise RuntimeError(self.name)
        ready()
        if self._fails == "later":
            raise RuntimeError(self.name)
        await stop.wait()
        if self._hangs:
            await asyncio.Event().wait()
        self._events.append(f"stop {self.name}")


async def test_sinks_start_first_and_sources_stop_first():
    """A source would send into a sink that is not there."""
    events, stop = [], asyncio.Event()
    parts = [Recorder("source", events), Recorder("sink", events)]
    await run_parts(parts, stop, drain_seconds=5, on_ready=stop.set)
    assert events == ["start sink", "start source", "stop source", "stop sink"]


@pytest.mark.parametrize("when", ["start", "later"])
async def test_a_failing_part_stops_the_others_in_order(when):
    """A sibling would be cut off in the middle of a write."""
    events, stop = [], asyncio.Event()
    parts = [Recorder("source", events, fails=when), Recorder("sink", events)]
    with pytest.raises(ExceptionGroup) as caught:
        await run_parts(parts, stop, drain_seconds=5)
    assert str(caught.value.exceptions[0]) == "source"
    assert events[-1] == "stop sink"


async def test_a_sibling_that_watches_the_program_ends_with_a_failed_part():
    """A taken port would be told after the whole drain, by the name of a sibling."""
    stop = asyncio.Event()

    class Watching:
        name = "tap"

        async def run(self, ready, _stop):
            ready()
            await stop.wait()

    parts = [Recorder("source", [], fails="start"), Watching()]
    async with asyncio.timeout(5):
        with pytest.raises(ExceptionGroup) as caught:
            await run_parts(parts, stop, drain_seconds=60)
    assert [str(error) for error in caught.value.exceptions] == ["source"]


async def test_what_failed_is_told_before_who_is_late():
    """The cause of an end would be hidden by what only followed from it."""
    parts = [Recorder("source", [], fails="start"), Recorder("sink", [], hangs=True)]
    with pytest.raises(ExceptionGroup) as caught:
        await run_parts(parts, asyncio.Event(), drain_seconds=0.01)
    first, second = caught.value.exceptions
    assert (str(first), second.parts) == ("source", ("sink",))


async def test_a_late_part_is_named():
    """A hanging shutdown would not say who hangs."""
    events, stop = [], asyncio.Event()
    parts = [Recorder("source", events, hangs=True), Recorder("sink", events)]
    with pytest.raises(PartLateError) as caught:
        await run_parts(parts, stop, drain_seconds=0.01, on_ready=stop.set)
    assert caught.value.parts == ("source",)
    assert "stop sink" in events


async def test_a_part_that_just_ends_ends_the_program():
    """A program would go on without one of its parts and look healthy."""

    class Short:
        name = "short"

        async def run(self, ready, stop):
            ready()

    events = []
    await run_parts(
        [Short(), Recorder("sink", events)], asyncio.Event(), drain_seconds=5
    )
    assert events == ["start sink", "stop sink"]
