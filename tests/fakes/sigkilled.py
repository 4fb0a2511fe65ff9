"""Kills real processes with SIGKILL at each step of what they do to a disk.

python -m fakes.sigkilled <scenario> <folder>

A scenario is done by a process of its own that kills itself before or after its n-th
change of the disk; another process then finds what is left and finishes the work. For
each n until the work ends by itself. Ends with 1, and says where, if anything is lost.
"""

import asyncio
import itertools
import json
import os
import shutil
import signal
import sys
import traceback
from pathlib import Path

from fakes.filled_store import DAY_NS, KEY, put_answers, put_segment, recorded
from fakes.small_sealer import SECOND_NS, START_NS, HandClock, call, feed, make

from snaptrace.snapshot import object_names, segment
from snaptrace.store import pins
from snaptrace.store.backends import backend_of
from snaptrace.store.data_keys import EnvelopeKey, Keyring, local_cipher
from snaptrace.store.erase import erase
from snaptrace.store.maintenance import Maintenance
from snaptrace.store.retention import Policy
from snaptrace.store.store import Store
from snaptrace.store.verify import verify

CHANGES = (
    "write",
    "rename",
    "replace",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "link",
    "ftruncate",
    "truncate",
    "fsync",
)
ENVELOPES = (EnvelopeKey(b"the envelope of a killed process"),)
LATER_NS = START_NS + 3 * 3600 * SECOND_NS
tell = os.write  # of a process about itself: no step of its work


class Countdown:
    """Ends this process, without a word, at the n-th change of the disk."""

    def __init__(self, at, *, after):
        self._left, self._after = at, after
        for name in CHANGES:
            setattr(os, name, self._counted(getattr(os, name)))
        sys.addaudithook(self._on_event)

    def _counted(self, change):
        def counted(*args, **kwargs):
            self._left -= 1
            if self._left == 0 and not self._after:
                os.kill(os.getpid(), signal.SIGKILL)
            done = change(*args, **kwargs)
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return counted

    def _on_event(self, event, args):
        # A file that is made: what is written into it later is no call of `os`.
        if event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def store_in(folder, *, encrypted):
    """Return the store of a scenario, as every one of its processes opens it."""
    keyring = Keyring(ENVELOPES if encrypted else ())
    return Store(backend_of(f"file://{folder}/store", {}, 5.0), keyring=keyring)


async def problems(store, now_ns):
    """Return what `verify` finds wrong."""
    return [f async for f in verify(store, KEY, now_ns) if f.problem != "orphan_medium"]


async def ids_in(store):
    """Return the ids of all snapshots that a reader sees; damage raises."""
    found = set()
    async for info in store.list(object_names.SEGMENTS):
        read = segment.read(await store.get(info.name), info.name)
        found |= {snapshot.snapshot_id for snapshot in read}
    return found


class Sealing:
    """Admission, journal, seal, spool, upload; then everything again from disk."""

    encrypted = False

    def __init__(self, folder):
        self._folder = folder
        self._cipher = local_cipher(ENVELOPES) if self.encrypted else None

    def _sealer(self, clock):
        store = store_in(self._folder, encrypted=self.encrypted)
        return make(self._folder, store, clock, size=100, cipher=self._cipher), store

    def prepare(self):
        """Nothing is there before."""

    async def live(self, admitted):
        """Work until killed, telling each call that counts as admitted."""
        clock = HandClock()
        sealer, _ = self._sealer(clock)
        for number in range(5):
            image = b"image %d" % (number % 2) * 9 if number < 3 else None
            one = call(number, START_NS + number, image=image, text="words")
            if await feed(sealer, one):
                tell(admitted, one.snapshot.snapshot_id.encode() + b"\n")
        clock.at_ns += 15 * SECOND_NS
        await sealer.tick()
        one = call(9, START_NS + 11 * SECOND_NS)
        if await feed(sealer, one):
            tell(admitted, one.snapshot.snapshot_id.encode() + b"\n")
        await sealer.close(5.0)

    async def recover(self, admitted):
        """What a reader sees is whole; then a new process stores what was admitted."""
        clock = HandClock()
        clock.at_ns = LATER_NS
        store = store_in(self._folder, encrypted=self.encrypted)
        assert await problems(store, LATER_NS) == []
        await ids_in(store)
        sealer, store = self._sealer(clock)
        for _ in range(3):
            await sealer.seal_now()
        assert admitted <= await ids_in(store), "an admitted call is lost"
        assert await problems(store, LATER_NS) == []
        left = {p.name for p in self._folder.glob("[js]p*/**/*") if p.is_file()}
        left |= {p.name for p in self._folder.glob("journal/**/*") if p.is_file()}
        assert left <= {"sequence", "sequence.number"}, left
        # No medium outlives its month, whichever was uploaded before the kill.
        await Maintenance(store, KEY, Policy(age_ns=DAY_NS)).once(
            LATER_NS + 70 * DAY_NS
        )
        names = [info.name async for info in store.list("v1")]
        assert [n for n in names if not n.startswith(object_names.KEYS)] == [], names


class SealingEncrypted(Sealing):
    """The same under an envelope key."""

    encrypted = True


class Erasing:
    """A person is erased from segments, answers, pins, media and catalogues."""

    def __init__(self, folder):
        self._store = store_in(folder, encrypted=True)

    async def _fill(self):
        ann = [recorded(n, user="ann", image=b"picture %d" % n * 9) for n in range(2)]
        bob = [recorded(n, user="bob", image=b"picture 1" * 9) for n in (7, 8)]
        name = await put_segment(self._store, [*ann, bob[0]])
        await put_segment(self._store, [ann[0]], sequence=2)
        await put_segment(self._store, [bob[1]], sequence=3)
        snapshots = [snapshot for snapshot, _ in (*ann, *bob)]
        await put_answers(self._store, "epoch", 0, snapshots)
        await pins.pin(
            self._store, KEY, name, ann[0][0], suite="smoke", now_ns=LATER_NS
        )
        await Maintenance(self._store, KEY, Policy()).once(LATER_NS)

    def prepare(self):
        """Fill the store, by a process that is not killed."""
        asyncio.run(self._fill())

    async def live(self, _admitted):
        """Erase."""
        await erase(self._store, KEY, "user", "ann", LATER_NS)

    async def recover(self, _admitted):
        """Others are untouched; a second erasure leaves nothing of the person."""
        bob = {recorded(n)[0].snapshot_id for n in (7, 8)}
        assert bob <= await ids_in(self._store)
        await erase(self._store, KEY, "user", "ann", LATER_NS)
        assert await ids_in(self._store) == bob
        assert await problems(self._store, LATER_NS) == []
        assert [one async for one in pins.pinned(self._store)] == []
        async for info in self._store.list("v1"):
            assert b"of ann" not in await self._store.get(info.name)


class Retaining(Erasing):
    """A round of looking after the store: hours closed, old ones deleted."""

    async def live(self, _admitted):
        """Do a round long after."""
        policy = Policy(age_ns=DAY_NS)
        await Maintenance(self._store, KEY, policy).once(LATER_NS + 70 * DAY_NS)

    async def recover(self, _admitted):
        """What is left is whole; the next round leaves the pin alone."""
        found = await problems(self._store, LATER_NS)
        # A catalogue may name what is deleted; it goes after its segments.
        assert {finding.problem for finding in found} <= {"stale_catalogue"}
        await self.live(None)
        left = [info.name async for info in self._store.list("v1")]
        stays = (
            object_names.PINS,
            object_names.KEYS,
            object_names.ANSWERS,
        )  # answers: by their own age
        assert [name for name in left if not name.startswith(stays)] == []
        assert len([one async for one in pins.pinned(self._store)]) == 1


SCENARIOS = {
    "sealing": Sealing,
    "sealing-encrypted": SealingEncrypted,
    "erasing": Erasing,
    "retaining": Retaining,
}


def in_a_process(work):
    """Run `work` in a process of its own; return its wait status."""
    if pid := os.fork():
        return os.waitpid(pid, 0)[1]
    try:
        work()
    except BaseException:  # noqa: BLE001 - said, then the process ends
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def killed_at(scenario, folder, step, *, after):
    """Return whether the process came to be killed; raise if anything was lost."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    status = in_a_process(lambda: SCENARIOS[scenario](folder).prepare())
    assert status == 0, "the store could not be filled"
    reading, writing = os.pipe()

    def live():
        Countdown(step, after=after)
        asyncio.run(SCENARIOS[scenario](folder).live(writing))

    status = in_a_process(live)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        admitted = set(pipe.read().split())
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or status == 0, "the scenario failed by itself"
    recover = SCENARIOS[scenario](folder).recover
    status = in_a_process(lambda: asyncio.run(recover(admitted)))
    assert status == 0, f"killed {'after' if after else 'before'} step {step}"
    return killed


def main(scenario, folder):
    """Kill at every step, before and after it; say how many there were."""
    os.fsync = lambda _descriptor: (
        None
    )  # A step still; what is written survives a kill.
    for step in itertools.count(1):
        killed = [
            killed_at(scenario, Path(folder) / "life", step, after=after)
            for after in (False, True)
        ]
        if not any(killed):
            said = json.dumps({"scenario": scenario, "steps": step - 1})
            sys.stdout.write(f"{said}\n")
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
