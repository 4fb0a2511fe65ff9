"""Killed at every step that changes something on disk or in the store."""

from pathlib import Path

import pytest
from fakes.filled_store import KilledError, memory_store
from fakes.small_sealer import (
    SECOND_NS,
    START_NS,
    HandClock,
    call,
    expected,
    feed,
    make,
    stored,
)

import collector.sealing.journal
import collector.sealing.sealer
import collector.sealing.spool

# Every place at which the sealer, the journal or the spool changes something on disk
# or in the store, or hands work to a thread.
STEPS = (
    (collector.sealing.journal.os, "write"),
    (Path, "replace"),
    (Path, "rename"),
    (Path, "unlink"),
    (Path, "mkdir"),
    (collector.sealing.spool, "_write"),
    (collector.sealing.spool.shutil, "rmtree"),
    (collector.sealing.journal, "_write_whole"),
)


class Killer:
    """Kills the process at the n-th step, before or after it took effect."""

    def __init__(self, monkeypatch, at, *, after):
        self.steps, self._at, self._after, self.dead = 0, at, after, False
        for owner, name in STEPS:
            original = getattr(owner, name)
            monkeypatch.setattr(owner, name, self._wrapped(original))

    def _wrapped(self, original):
        def step(*args, **kwargs):
            number = self.begin()
            result = original(*args, **kwargs)
            self.end(number)
            return result

        return step

    def begin(self):
        if self.dead:
            raise KilledError
        self.steps += 1
        if self.steps == self._at and not self._after:
            self.dead = True
            raise KilledError
        return self.steps

    def end(self, number):
        if number == self._at and self._after:
            self.dead = True
            raise KilledError

    def store(self, store):
        """Return the store with its changes as steps, too."""
        killer = self

        class Killing:
            def __getattr__(self, name):
                return getattr(store, name)

            async def create(self, name, data):
                number = killer.begin()
                done = await store.create(name, data)
                killer.end(number)
                return done

        return Killing()


async def one_life(folder, store, clock, calls):
    """Feed calls and seal until killed; return the calls tried, the ids admitted."""
    tried, journaled = [], set()
    try:
        sealer = make(folder, store, clock, size=6)
        for index, one in enumerate(calls):
            tried.append(one)
            if await feed(sealer, one):
                journaled.add(one.snapshot.snapshot_id)
            if index == len(calls) // 2:
                await sealer.tick()
        clock.at_ns += 40 * SECOND_NS
        await sealer.tick()
    except* KilledError:
        pass
    return tried, journaled


@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_any_step_nothing_journaled_is_lost(tmp_path, after):
    """A crash would lose admitted calls, or leave a torn object for readers."""
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        store, clock = memory_store(), HandClock()
        # Two windows; the second has fewer traces than fit.
        calls = [call(n, START_NS, image=b"%d" % (n % 3) * 50) for n in range(10)]
        calls += [call(n, START_NS + 10 * SECOND_NS) for n in range(20, 24)]
        with pytest.MonkeyPatch.context() as patch:
            killer = Killer(patch, step, after=after)
            tried, before = await one_life(folder, killer.store(store), clock, calls)
        # What readers see at this moment is whole.
        await stored(store)
        sealer = make(folder, store, clock, size=6)
        clock.at_ns += 100 * SECOND_NS
        await sealer.tick()
        clock.at_ns += 100 * SECOND_NS
        await sealer.tick()
        frame, found = await stored(store)
        held = {s.snapshot_id for _, s in found}
        # Recovery gives up the lowest trace of a window, so that it tells the truth.
        first = [one for one in tried if one in calls[:10]]
        assert expected(first, 5) & before <= held
        for one in calls[10:]:
            if one.snapshot.snapshot_id in before:
                assert one.snapshot.snapshot_id in held
        for header, snapshot in found:
            rng = frame.probability(header.collector, snapshot)
            assert rng is None or 0 < rng <= 1
        # Nothing is left lying about.
        assert sealer.spool_bytes == 0
        left = {p.name for p in folder.rglob("*") if p.is_file()}
        assert left <= {"collector-id", "sequence", "sequence.number"}
        if not killer.dead:
            break
    assert step > 60
