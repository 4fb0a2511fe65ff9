"""A defect inside of one pair stays with that pair."""

import asyncio

import pytest
from fakes.dict_store import dict_store
from fakes.leaping_loop import leap
from fakes.led_epoch import StubReplay, cases, judge, lead, run_until
from msgspec.structs import replace

from replayd.evaluation.pair import Asked
from replayd.ledger.ledger import Ledger
from replayd.model import ArmAnswer
from snaptrace.runtime.clock import SystemClock

COUNT, BROKEN = 12, 5


@pytest.mark.parametrize("where", ["sending", "scoring"])
def test_a_defect_becomes_a_typed_failure_of_its_pair(where):
    """If it failed, one answer would end an epoch, again after every restart."""
    seen = []

    def breaks(number):
        if where == "sending" and number == BROKEN:
            raise ZeroDivisionError

    async def judging(planned, recorded, answers):
        if where == "scoring" and planned.number == BROKEN:
            raise UnicodeDecodeError("utf-8", b"\xf0", 0, 1, "cut")
        return await judge(planned, recorded, answers)

    async def main():
        store = dict_store()
        found, _ = lead(
            store, cases(COUNT), replay=StubReplay(breaks), on_fault=seen.append
        )
        found._judge = judging
        await run_until(found, COUNT)
        ledger = Ledger(store, "e1", SystemClock())
        results = [r async for run in ledger.runs() for r in run.results]
        assert {r.number: r.excluded for r in results if r.excluded} == {
            BROKEN: "pair_fault"
        }
        # What was asked is paid for, and stays counted.
        asked = results[BROKEN].canary is not None
        assert asked == (where == "scoring")
        assert seen == [where]
        tally = found.fold.board.tally("text")
        assert "pair_fault" in tally.withheld_because()

    leap(main)


def test_nothing_is_held_for_a_pair_that_failed():
    """If it failed, every defect would make the places and the budget smaller."""

    def breaks(_number):
        raise ZeroDivisionError

    async def main():
        found, replay = lead(dict_store(), cases(COUNT), replay=StubReplay(breaks))
        await run_until(found, COUNT)
        assert sorted(replay.sent) == list(range(COUNT))
        assert found._places._value == 3
        assert found.counts.in_flight == 0
        assert not asyncio.all_tasks() - {asyncio.current_task()}

    leap(main)


def test_a_case_that_both_arms_refuse_is_excluded_and_counted():
    """If it failed, a request that no model takes would count as agreement."""

    class Refusing(StubReplay):
        async def pair(self, planned, reserved_at_ns, load):
            asked = await super().pair(planned, reserved_at_ns, load)
            if planned.number != BROKEN:
                return asked
            arm = ArmAnswer(outcome="bad_request", detail="status_400")
            answers = replace(asked.answers, canary=arm, control=arm)
            return Asked(asked.recorded, answers)

    async def main():
        store = dict_store()
        found, _ = lead(store, cases(COUNT), replay=Refusing())
        await run_until(found, COUNT)
        ledger = Ledger(store, "e1", SystemClock())
        results = [r async for run in ledger.runs() for r in run.results]
        assert {r.number: r.excluded for r in results if r.excluded} == {
            BROKEN: "refused_by_both"
        }
        assert found.counts.excluded == {"refused_by_both": 1}
        # Both were asked, which is paid for.
        assert results[BROKEN].canary is not None

    leap(main)
