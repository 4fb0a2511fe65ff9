"""What a standby answers: the leader's words, with their age, and not for ever."""

import asyncio

from fakes.dict_store import dict_store
from fakes.gate_verdicts import NOW, verdicts_of
from fakes.leaping_loop import LoopClock, leap

from replayd.budget.limits import Line
from replayd.services.verdict_publisher import KEPT, Published, VerdictPublisher
from replayd.verdicts.gate import decide
from replayd.verdicts.views import Verdicts
from snaptrace.snapshot import object_names

NOBODY = Verdicts(canaries={}, leading=False)
LINE = Line(
    modality="", unit="requests", window="day", limit=9.0, used=4.0, resets_at_ns=1
)


def replica(store, clock, verdicts, name="a", budgets=()):
    """Return one replica's part; it knows `verdicts` itself."""

    def known():
        return Published(
            leader=name,
            at_ns=clock.now_ns(),
            verdicts=verdicts,
            budgets=list(budgets),
        )

    return VerdictPublisher(store, clock, known, every_seconds=10.0, lease_seconds=15.0)


def test_a_standby_answers_the_gate_as_the_leader_does():
    """If it failed, every second question behind a Service would be `unknown`."""

    async def main():
        store, clock = dict_store(), LoopClock(NOW)
        leader = replica(store, clock, verdicts_of(), budgets=[LINE])
        standby = replica(store, clock, NOBODY, "b")
        assert not standby.shown().verdicts.leading  # nothing was published yet
        await leader.turn()
        await standby.turn()
        await asyncio.sleep(7)
        found = standby.shown()
        assert found.verdicts.leading
        assert found.verdicts.standby
        assert 7 <= found.verdicts.age_seconds < 8
        assert found.budgets == [LINE]
        told = decide(found.verdicts, "canary", now_ns=clock.now_ns())
        own = decide(leader.shown().verdicts, "canary", now_ns=clock.now_ns())
        assert told == own
        assert (told.state, told.exit_code) == ("pass", 0)
        late = decide(
            found.verdicts, "canary", now_ns=clock.now_ns(), oldest_seconds=5.0
        )
        assert late.exit_code == 3

    leap(main)


def test_the_word_of_a_leader_that_is_gone_passes_no_gate():
    """If it failed, a dead evaluation would go on passing releases."""

    async def main():
        store, clock = dict_store(), LoopClock(NOW)
        leader = replica(store, clock, verdicts_of())
        standby = replica(store, clock, NOBODY, "b")
        await leader.turn()
        await standby.turn()
        await asyncio.sleep(60)
        found = standby.shown().verdicts
        assert not found.leading
        assert found.canaries  # still shown, with its age
        told = decide(found, "canary", now_ns=clock.now_ns())
        assert told.exit_code == 3
        assert "60 s ago" in told.why[0]

    leap(main)


def test_a_leader_answers_with_its_own_words():
    """If it failed, a new leader would repeat what the old one had said."""

    async def main():
        store, clock = dict_store(), LoopClock(NOW)
        await replica(store, clock, verdicts_of(worse=0.4)).turn()
        new = replica(store, clock, verdicts_of(), "b")
        await new.turn()
        found = new.shown()
        assert (found.leader, found.verdicts.standby) == ("b", False)

    leap(main)


def test_few_objects_stay_and_two_writers_do_not_collide():
    """If it failed, the store would fill, or a second leader would fall over."""

    async def main():
        store, clock = dict_store(), LoopClock(NOW)
        one = replica(store, clock, verdicts_of(), "a")
        two = replica(store, clock, verdicts_of(), "b")
        for _ in range(5):
            await one.turn()
            await two.turn()
        kept = [info.name async for info in store.list(object_names.SHOWN)]
        assert len(kept) <= 2 * KEPT
        standby = replica(store, clock, NOBODY, "c")
        await standby.turn()
        assert standby.shown().leader == "b"

    leap(main)


def test_what_another_release_wrote_is_not_guessed_at():
    """If it failed, a mixed roll-out would end a replica, or show nonsense."""

    async def main():
        store, clock = dict_store(), LoopClock(NOW)
        await store.create(object_names.shown(0), b"\x81\xa6leader\x01")
        standby = replica(store, clock, NOBODY, "b")
        await standby.turn()
        assert not standby.shown().verdicts.leading

    leap(main)
