"""Who leads, by objects alone."""

import asyncio

from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock, leap

from replayd.ledger.lease import KEPT, Lease


def test_one_holds_and_the_other_waits_until_it_ends():
    """If it failed, two replicas would lead at once, or none after a crash."""

    async def main():
        store, clock = dict_store(), LoopClock()
        one, two = (Lease(store, name, 15.0, clock) for name in "ab")
        assert await one.hold()
        assert not await two.hold()
        await asyncio.sleep(10)
        assert await one.hold()
        await asyncio.sleep(16)
        assert not await two.hold()  # clocks may differ a little
        await asyncio.sleep(2)
        assert await two.hold()
        assert not await one.hold()

    leap(main)


def test_a_released_lease_is_free_at_once():
    """If it failed, every deployment would pause the evaluation."""

    async def main():
        store, clock = dict_store(), LoopClock()
        one, two = (Lease(store, name, 15.0, clock) for name in "ab")
        assert await one.hold()
        await two.release()
        assert not await two.hold()
        await one.release()
        assert await two.hold()

    leap(main)


def test_of_many_at_once_exactly_one_wins():
    """If it failed, a race at the start would make several leaders."""

    async def main():
        store, clock = dict_store(), LoopClock()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(Lease(store, str(n), 15.0, clock).hold())
                for n in range(16)
            ]
        assert sum(task.result() for task in tasks) == 1

    leap(main)


def test_renewing_leaves_no_trail():
    """If it failed, a year of leading would fill the store with leases."""

    async def main():
        store, clock = dict_store(), LoopClock()
        lease = Lease(store, "a", 15.0, clock)
        for _ in range(50):
            assert await lease.hold()
            await asyncio.sleep(5)
        assert len(store._backend.objects) <= KEPT

    leap(main)


class AheadClock:
    """A clock that is an hour ahead of the loop's."""

    def now_ns(self):
        return LoopClock().now_ns() + 3600 * 10**9


def test_a_dead_holder_whose_clock_was_ahead_is_not_waited_for():
    """If it failed, a leader dead with a wrong clock would stop all for an hour."""

    async def main():
        store = dict_store()
        ahead = Lease(store, "a", 15.0, AheadClock())
        behind = Lease(store, "b", 15.0, LoopClock())
        for _ in range(6):  # it lives, and renews
            assert await ahead.hold()
            assert not await behind.hold()
            await asyncio.sleep(5)
        assert not await behind.hold()
        await asyncio.sleep(18)
        assert await behind.hold()

    leap(main)
