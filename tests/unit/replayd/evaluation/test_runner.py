"""Leading an epoch: killed at every step, led by two, or out of budget."""

import asyncio

import pytest
from fakes.dict_store import dict_store
from fakes.dying_store import DyingStore, KilledError
from fakes.leaping_loop import leap
from fakes.led_epoch import EPOCH, NOW, StubReplay, cases, lead, run_until

from replayd.budget.limits import Budgets
from replayd.cases.loader import Gone
from replayd.config import BudgetConfig
from replayd.errors import LostLeadError
from replayd.evaluation import committer
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.ledger.ledger import Ledger
from snaptrace.runtime.clock import SystemClock

COUNT = 14
IN_FLIGHT = 3


async def killed(store, replay=None, known=None):
    """Lead until the store's process dies; return what was sent."""
    found, replay = lead(store, known or cases(COUNT), replay=replay)
    try:
        await run_until(found, COUNT)
    except* KilledError:
        pass
    return replay.sent


async def committed(store):
    ledger = Ledger(store, "e1", SystemClock())
    return [result async for run in ledger.runs() for result in run.results]


async def folded_from_scratch(store):
    fold = Fold(lambda: Scoreboard(EPOCH, BoardSettings()))
    ledger = Ledger(store, "e1", SystemClock())
    planned = {}
    async for block in ledger.blocks():
        planned |= {item.number: item for item in block.planned}
    for result in await committed(store):
        fold.add(planned[result.number], result)
    return fold.checkpoint()


def test_undisturbed_every_case_is_judged_once_in_order():
    """If it failed, nothing else here would mean anything."""

    async def main():
        store = dict_store()
        found, replay = lead(store, cases(COUNT))
        await run_until(found, COUNT)
        assert sorted(replay.sent) == list(range(COUNT))
        results = await committed(store)
        assert [r.number for r in results] == list(range(COUNT))
        assert len({r.snapshot_id for r in results}) == COUNT
        assert found.fold.checkpoint() == await folded_from_scratch(store)

    leap(main)


def test_the_next_block_is_written_while_one_is_sent_and_no_further_one():
    """If it failed, sending would stop for every block, or reserve far too much."""

    async def main():
        store = dict_store()
        found, replay = lead(store, cases(COUNT), replay=StubReplay(seconds=1e9))
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(found.run(stop))
            await asyncio.sleep(60)
            assert len(replay.sent) == IN_FLIGHT
            ledger = Ledger(store, "e1", SystemClock())
            blocks = [block async for block in ledger.blocks()]
            assert [len(block.planned) for block in blocks] == [4, 4]
            stop.set()

    leap(main)


def test_a_run_of_large_answers_is_written_in_parts(monkeypatch):
    """If it failed, a run of sounds would be larger than a reader takes."""
    monkeypatch.setattr(committer, "LARGEST_RUN_BYTES", 3)

    async def main():
        store = dict_store()
        found, _ = lead(store, cases(COUNT), in_flight=40)
        await run_until(found, COUNT)
        ledger = Ledger(store, "e1", SystemClock())
        runs = [len(run.results) async for run in ledger.runs()]
        # Every stub pair says "x" twice: two pairs pass three bytes.
        assert sum(runs) == COUNT
        assert max(runs) == 2

    leap(main)


def steps():
    """Count the store's operations in one undisturbed run."""

    async def main():
        store = DyingStore(dict_store())
        found, _ = lead(store, cases(COUNT))
        await run_until(found, COUNT)
        return store.operations

    return leap(main)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_step_it_loses_nothing_and_judges_nothing_twice(after):
    """If it failed, a crash would corrupt a verdict or pay for everything again."""

    async def main(step):
        store = dict_store()
        first = await killed(DyingStore(store, step, after=after))
        before = await committed(store)
        found, replay = lead(store, cases(COUNT), leader="b")
        await run_until(found, COUNT)
        results = await committed(store)
        assert [r.number for r in results] == list(range(COUNT))
        assert len({r.snapshot_id for r in results}) == COUNT
        assert results[: len(before)] == before
        assert not any(r.excluded for r in results)
        twice = set(first) & set(replay.sent)
        assert len(twice) <= IN_FLIGHT
        assert len(replay.sent) == len(set(replay.sent))
        assert found.fold.checkpoint() == await folded_from_scratch(store)

    assert steps() > 25
    for step in range(1, steps() + 1):
        leap(lambda step=step: main(step))


def test_killed_twice_at_any_two_steps_it_still_counts_right():
    """If it failed, a crash during recovery would break what one crash does not."""

    async def main(step, later):
        store = dict_store()
        await killed(DyingStore(store, step))
        await killed(DyingStore(store, later))
        found, _ = lead(store, cases(COUNT), leader="c")
        await run_until(found, COUNT)
        results = await committed(store)
        assert [r.number for r in results] == list(range(COUNT))
        assert len({r.snapshot_id for r in results}) == COUNT
        # Innocents of a wave may become failures; they are named and few.
        assert {r.excluded for r in results} <= {"", "crashed_twice"}
        assert sum(bool(r.excluded) for r in results) <= 1

    for step in range(5, steps(), 4):
        for later in range(5, steps(), 5):
            leap(lambda step=step, later=later: main(step, later))


def test_a_case_that_kills_the_process_twice_becomes_a_typed_failure():
    """If it failed, one poisonous case would stop a canary's evaluation for good."""

    async def main():
        store = dict_store()
        for _ in range(2):
            dying = DyingStore(store)

            def poison(number, dying=dying):
                if number == 5:
                    dying.kill()

            await killed(dying, StubReplay(poison))
        found, replay = lead(store, cases(COUNT), leader="c")
        await run_until(found, COUNT)
        results = await committed(store)
        assert {r.number: r.excluded for r in results if r.excluded} == {
            5: "crashed_twice"
        }
        assert 5 not in replay.sent

    leap(main)


def test_an_orderly_stop_dooms_nobody():
    """If it failed, two quick deployments would throw cases away."""

    async def main():
        store = dict_store()
        await killed(DyingStore(store, 12))
        for leader in "bcd":
            found, _ = lead(store, cases(COUNT), leader=leader)
            stop = asyncio.Event()
            stop.set()
            await found.run(stop)
        found, _ = lead(store, cases(COUNT), leader="e")
        await run_until(found, COUNT)
        assert not any(r.excluded for r in await committed(store))

    leap(main)


def test_two_leaders_forced_to_meet_do_no_harm():
    """If it failed, a clock that is off would count pairs twice."""

    async def main():
        store = dict_store()
        one, _ = lead(store, cases(COUNT), leader="a")
        other, _ = lead(store, cases(COUNT), leader="b")
        lost = []

        async def run(found):
            try:
                await run_until(found, COUNT)
            except* LostLeadError:
                lost.append(found)
            except* TimeoutError:
                lost.append(found)

        async with asyncio.TaskGroup() as group:
            group.create_task(run(one))
            group.create_task(run(other))
        assert len(lost) >= 1
        last, _ = lead(store, cases(COUNT), leader="c")
        await run_until(last, COUNT)
        results = await committed(store)
        assert [r.number for r in results] == list(range(COUNT))
        assert len({r.snapshot_id for r in results}) == COUNT

    leap(main)


def test_it_waits_for_fresh_cases_and_says_so():
    """If it failed, a starved stream would look like a stuck daemon."""

    async def main():
        store = dict_store()
        found, _ = lead(store, cases(3))
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(found.run(stop))
            await asyncio.sleep(60)
            assert found.counts.waiting == "fresh_cases"
            assert found.fold.next_number == 3
            found._schedule.offer(cases(5))
            found.fresh.set()
            await asyncio.sleep(60)
            assert found.fold.next_number == 5
            stop.set()

    leap(main)


def test_a_spent_budget_pauses_until_its_window_opens():
    """If it failed, replays would cost more than allowed, or never go on."""

    async def main():
        store = dict_store()
        budgets = Budgets(BudgetConfig(requests_per_hour=8), {})
        found, replay = lead(store, cases(COUNT), budgets=budgets)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(found.run(stop))
            await asyncio.sleep(1800)
            assert len(replay.sent) == 4
            assert found.counts.budget == "all:requests_per_hour"
            await asyncio.sleep(3600)
            assert len(replay.sent) == 8
            stop.set()

    assert NOW % (3600 * 10**9) == 0
    leap(main)


def test_content_that_is_gone_is_an_exclusion_and_costs_nothing():
    """If it failed, erasing a person's data would stop a verdict or skew a budget."""

    class Erased:
        async def load(self, _case):
            return Gone("erased")

    async def main():
        store = dict_store()
        budgets = Budgets(BudgetConfig(requests_per_hour=8), {})
        found, replay = lead(store, cases(COUNT), budgets=budgets, content=Erased())
        await run_until(found, COUNT)
        assert replay.sent == []
        assert {r.excluded for r in await committed(store)} == {"erased"}

    leap(main)


def test_numbers_behind_a_slow_one_are_kept_and_not_paid_twice():
    """If it failed, one hanging call would stall all others, or a crash cost them."""

    async def main():
        store = dict_store()
        dying = DyingStore(store)
        slow = StubReplay()
        pair = slow.pair

        async def pair_or_hang(planned, reserved_at_ns, load):
            if planned.number == 2:
                slow.sent.append(2)
                await asyncio.sleep(10_000)
            return await pair(planned, reserved_at_ns, load)

        slow.pair = pair_or_hang
        found, _ = lead(dying, cases(COUNT), replay=slow)
        stop = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(found.run(stop))
                await asyncio.sleep(120)
                assert len(slow.sent) == COUNT
                assert found.fold.next_number == 2
                dying.kill()
        except* KilledError:
            pass
        again, replay = lead(store, cases(COUNT), leader="b")
        await run_until(again, COUNT)
        assert len(replay.sent) <= IN_FLIGHT
        assert 2 in replay.sent
        results = await committed(store)
        assert [r.number for r in results] == list(range(COUNT))
        assert [info.name async for info in store.list("v1/early")] == []

    leap(main)
