"""What is done again and again: hours are closed, erasures finished, retention."""

import pytest
from fakes.filled_store import (
    DAY_NS,
    HOUR_NS,
    KEY,
    START_NS,
    KilledError,
    dying,
    everything,
    memory_store,
    put_answers,
    put_segment,
    recorded,
)

from snaptrace.snapshot import object_names
from snaptrace.store import hour_index, verify
from snaptrace.store.maintenance import SETTLED_NS, Maintenance
from snaptrace.store.retention import Policy, Retention
from snaptrace.store.store import Store
from snaptrace.store.tombstones import subjects_of, write_tombstone

MINUTE_NS = 60 * 10**9


class CountingBackend:
    """Counts what is listed and read."""

    def __init__(self, backend):
        self._backend, self.listed, self.read = backend, 0, 0

    def __getattr__(self, name):
        return getattr(self._backend, name)

    async def list(self, prefix, after):
        async for info in self._backend.list(prefix, after):
            self.listed += 1
            yield info

    async def get(self, name):
        self.read += 1
        return await self._backend.get(name)

    async def get_start(self, name, size_bytes):
        self.read += 1
        return await self._backend.get_start(name, size_bytes)


async def filled(hours, per_hour=3):
    """Return a store with segments of several collectors in each of some hours."""
    store, number = memory_store(), 0
    for hour in range(hours):
        for pod in range(per_hour):
            number += 1
            await put_segment(
                store,
                [recorded(number, user=f"user {number}", image=b"%d" % number * 40)],
                at_ns=START_NS + hour * HOUR_NS,
                sequence=number,
                collector=f"pod-{pod}",
            )
    return store


async def test_a_round_closes_hours_and_deletes_what_is_old():
    """The store would grow for ever, or looking back become slow."""
    store = await filled(5)
    keeper = Maintenance(store, KEY, Policy(age_ns=3 * HOUR_NS))
    kept = await keeper.once(START_NS + 5 * HOUR_NS)
    assert kept.catalogues == 4
    assert kept.removed.segments == 3
    kept = await keeper.once(START_NS + 6 * HOUR_NS)
    assert (kept.catalogues, kept.removed.segments) == (1, 3)
    hours = {one.name.split("/")[5] async for one in hour_index.listed(store)}
    assert len(hours) == 3
    assert [f async for f in verify.verify(store, KEY, START_NS + 6 * HOUR_NS)] == []


async def test_later_rounds_and_lookers_do_not_list_closed_hours_again():
    """With a thousand collectors every round would list and read millions of names."""
    backend = CountingBackend((await filled(20, per_hour=30))._backend)
    store = Store(backend)
    keeper = Maintenance(store, KEY, Policy(age_ns=30 * DAY_NS, most_bytes=10**12))
    now_ns = START_NS + 21 * HOUR_NS
    await keeper.once(now_ns)
    backend.listed = backend.read = 0
    await keeper.once(now_ns + 10 * MINUTE_NS)
    # The month's media are listed, since bytes count; of 600 segments none is.
    # What deletes lists twice.
    assert backend.listed <= 600 + 8 * 20
    assert backend.read == 0
    backend.listed = backend.read = 0
    assert len([one async for one in hour_index.listed(store)]) == 600
    assert backend.read == 20


async def test_two_leaders_at_once_delete_no_more_than_one():
    """A lost lease in the middle of a round would cost an hour too many."""
    store = await filled(6)
    policy = Policy(age_ns=3 * HOUR_NS)
    first, second = Maintenance(store, KEY, policy), Maintenance(store, KEY, policy)
    now_ns = START_NS + 6 * HOUR_NS
    await hour_index.close_hours(store, now_ns)
    await second._retention._count_segments(now_ns)  # has listed, then slept
    await first.once(now_ns)
    await second.once(now_ns)
    left = [one.name async for one in hour_index.listed(store)]
    assert len(left) == 12
    assert [f async for f in verify.verify(store, KEY, now_ns)] == []


async def test_an_erasure_is_gone_through_again_once_late_uploads_are_in():
    """What a collector uploaded a moment too late would stay for ever."""
    store = await filled(1, per_hour=1)
    subject = KEY.subject("user", "ann")
    at_ns = START_NS + MINUTE_NS
    await write_tombstone(store, subject, at_ns)
    await put_segment(store, [recorded(99, user="ann")], sequence=99)
    keeper = Maintenance(store, KEY, Policy())
    assert (await keeper.once(at_ns + SETTLED_NS - 1)).erasures == 0
    assert (await keeper.once(at_ns + SETTLED_NS + 1)).erasures == 1
    names = [one.name async for one in hour_index.listed(store)]
    assert [name for name in names if name.endswith("99")] == []
    assert (await keeper.once(at_ns + SETTLED_NS + MINUTE_NS)).erasures == 0
    # Another program, and the next day: only those of the last day.
    other = Maintenance(store, KEY, Policy())
    assert (await other.once(at_ns + 2 * DAY_NS)).erasures == 0


async def test_a_person_erased_twice_is_gone_through_twice():
    """Who came back and left again would keep what was late the second time."""
    store = memory_store()
    subject = KEY.subject("user", "ann")
    keeper = Maintenance(store, KEY, Policy())
    for round_ in range(2):
        at_ns = START_NS + round_ * HOUR_NS
        await write_tombstone(store, subject, at_ns)
        assert (await keeper.once(at_ns + SETTLED_NS + 1)).erasures == 1


async def test_answers_are_erased_where_retention_took_the_snapshot():
    """A canary's words about a person would outlive the person's erasure."""
    store = memory_store()
    ann, _ = recorded(1, user="ann")
    await put_answers(store, "epoch", 0, [ann], subjects=subjects_of(KEY, ann))
    await write_tombstone(store, KEY.subject("user", "ann"), START_NS)
    kept = await Maintenance(store, KEY, Policy()).once(START_NS + HOUR_NS)
    assert kept.erased.answers == 1
    assert [
        n for n in await everything(store) if n.startswith(object_names.ANSWERS)
    ] == []


async def test_retention_without_limits_deletes_nothing():
    """0 would mean everything instead of no limit."""
    store = await filled(3)
    before = await everything(store)
    await Retention(store, Policy()).apply(START_NS + 400 * DAY_NS)
    assert await everything(store) == before


@pytest.mark.parametrize("policy", [Policy(age_ns=HOUR_NS), Policy(most_bytes=1)])
async def test_a_round_killed_anywhere_is_finished_by_the_next_program(policy):
    """Half an hour of segments, or a month's pictures, would stay for ever."""
    now_ns = START_NS + 40 * DAY_NS
    for left in range(200):
        store = await filled(2, per_hour=2)
        subject = KEY.subject("user", "user 1")
        await write_tombstone(store, subject, now_ns - HOUR_NS)
        try:
            await Maintenance(dying(store, left), KEY, policy).once(now_ns)
        except KilledError:
            found = [f async for f in verify.verify(store, KEY, now_ns)]
            assert not [f for f in found if f.problem == "corrupt"]
            await Maintenance(store, KEY, policy).once(now_ns)
            again = False
        else:
            again = True
        names = [
            n for n in await everything(store) if not n.startswith(object_names.ERASED)
        ]
        assert names == []
        if again:
            return
    pytest.fail("the round never came to its end")
