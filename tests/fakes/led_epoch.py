"""One epoch led by the real code, with stand-ins for models and stored content."""

import asyncio
import hashlib
import random

from fakes.leaping_loop import LoopClock
from fakes.stored_calls import text_call
from fakes.waiting import until

from replayd.arms.availability import Availability
from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.cases.loader import Gone, Loaded
from replayd.cases.schedule import Schedule, ScheduleSettings
from replayd.config import BudgetConfig, ControlRateConfig
from replayd.evaluation.caught_pairs import CaughtPairs
from replayd.evaluation.committer import Committer
from replayd.evaluation.counts import EpochRunnerSettings
from replayd.evaluation.pair import Asked
from replayd.evaluation.pair_sending import Unsent
from replayd.evaluation.runner import EpochRunner
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.ledger.ledger import Ledger
from replayd.model import (
    ArmAnswer,
    ArmOutcome,
    Case,
    Epoch,
    JudgedPair,
    PairAnswers,
    PairResult,
    StreamScore,
)
from replayd.scoring.recorded import Recorded
from snaptrace.snapshot.codec import pack_snapshot
from snaptrace.snapshot.model import Answer

NOW = 1_800_000_000 * 10**9
EPOCH = Epoch(
    epoch="e1",
    canary="canary",
    control="production",
    revision="r1",
    key={},
    modalities=("text",),
)


def cases(count):
    """Return cases of as many units."""
    return [_case(number) for number in range(count)]


def _case(number):
    call = text_call(number, at_ns=NOW)
    return Case(
        snapshot_id=call.snapshot_id,
        segment="s",
        index=number,
        unit=call.trace_id,
        trace_id=call.trace_id,
        service="shop",
        modality="text",
        api="openai_chat",
        model="m",
        route="r1",
        rank=call.rank,
        recorded_at_ns=NOW,
        uniform=True,
        replayable=True,
        tokens=18,
        input_tokens=11,
    )


class StubContent:
    """Content that is always there."""

    async def load(self, case):
        call = text_call(case.index, at_ns=NOW)
        return Loaded(call, {}, Recorded(pack_snapshot(call)))


class StubReplay:
    """Answers after a pause drawn per case; `sent` holds every number that was sent.

    `on_pair(number)` runs first and may kill the process.
    """

    before_try = None  # nothing is sent twice here

    def __init__(self, on_pair=lambda _number: None, seconds=1.0):
        self.sent = []
        self._on_pair, self._seconds = on_pair, seconds
        self._rng = random.Random(3)

    def let_go(self):
        """Return nobody: no pair queues here."""
        return frozenset()

    async def pair(self, planned, _reserved_at_ns, load, *, again=False):
        assert not again
        loaded = await load()
        if isinstance(loaded, Gone):
            return Unsent(loaded.reason)
        self.sent.append(planned.number)
        self._on_pair(planned.number)
        await asyncio.sleep(self._seconds * self._rng.random())
        answer = ArmAnswer(outcome="answered", answer=Answer(text="x"), latency_ms=5.0)
        answers = PairAnswers(
            number=planned.number,
            snapshot_id=planned.case.snapshot_id,
            canary=answer,
            control=answer,
        )
        return Asked(loaded.recorded, answers)


async def judge(planned, _case, answers):
    """Score by a hash of the case: the same at every time it is judged."""
    digest = hashlib.blake2b(planned.case.snapshot_id.encode(), digest_size=1).digest()
    worse = digest[0] < 20
    result = PairResult(
        number=planned.number,
        snapshot_id=answers.snapshot_id,
        modality="text",
        lane=planned.lane,
        slices=planned.slices,
        recorded_at_ns=planned.case.recorded_at_ns,
        committed_at_ns=NOW,
        canary=ArmOutcome(outcome=answers.canary.outcome, input_tokens=11),
        control=ArmOutcome(outcome="answered", input_tokens=11),
        streams={
            "quality": StreamScore(
                scorer="stub", canary=0.0 if worse else 1.0, control=1.0
            )
        },
        service="shop",
        route="r1",
    )
    return JudgedPair(result, answers)


def lead(store, known, *, replay=None, leader="a", in_flight=3, block=4, **more):
    """Return a Lead of epoch `e1` over `store`, and its replay."""
    clock = LoopClock(NOW)
    schedule = Schedule(
        ScheduleSettings(seed="e1", lookback_ns=10**15, age_limit_ns=10**15)
    )
    schedule.offer(known)
    rate = ControlRate(
        ControlRateConfig(share_of_production=1.0, per_minute=1e9), 86400.0
    )
    rate.observed(10**9)
    spending = SpendingAccount(
        more.pop("budgets", Budgets(BudgetConfig(), {})), Prices({}), rate, clock
    )
    ledger = Ledger(store, "e1", clock, leader)
    fold = Fold(lambda: Scoreboard(EPOCH, BoardSettings()))
    replay = replay or StubReplay()
    loop = asyncio.get_running_loop()
    availability = {s: Availability(loop.time) for s in ("canary", "control")}
    found = EpochRunner(
        ledger=ledger,
        schedule=schedule,
        replay=CaughtPairs(replay, availability, spending),
        content=more.pop("content", StubContent()),
        spending=spending,
        committer=Committer(
            ledger,
            fold,
            in_flight=in_flight,
            keep_answers=True,
            is_awaited=more.pop("is_awaited", lambda: True),
        ),
        judge=judge,
        settings=EpochRunnerSettings(
            in_flight=in_flight,
            block=block,
            poll_seconds=5.0,
            drain_seconds=10.0,
            models=("new", "old"),
        ),
        clock=clock,
        **more,
    )
    return found, replay


async def run_until(found, numbers, seconds=3600.0):
    """Run a Lead until so many numbers are committed; stop it in order."""
    stop = asyncio.Event()

    async def watch():
        async with asyncio.timeout(seconds):
            await until(lambda: found.fold.next_number >= numbers)
        stop.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        await found.run(stop)
