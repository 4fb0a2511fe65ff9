"""An epoch led by the real code over two endpoints that go away by a schedule."""

import asyncio
import random
from functools import partial
from hashlib import blake2b

from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock, leap
from fakes.led_epoch import EPOCH, NOW, StubContent, cases
from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.arms.endpoint import Endpoint, EndpointSettings
from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.cases.schedule import Schedule, ScheduleSettings
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.evaluation.caught_pairs import CaughtPairs
from replayd.evaluation.committer import Committer
from replayd.evaluation.counts import EpochRunnerSettings
from replayd.evaluation.pair import PairReplay
from replayd.evaluation.runner import EpochRunner
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.ledger.ledger import Ledger
from replayd.model import JudgedPair, PairResult, StreamScore
from replayd.providers import PROVIDERS
from replayd.providers.contract import Reading
from replayd.scoring.pair import arm_outcome
from snaptrace.runtime.config import Duration
from snaptrace.snapshot.model import Answer

USABLE = {"answered", "refused", "truncated"}
WAYS = {
    "reset": Reading(outcome="connection", detail="ServerDisconnectedError"),
    "503": Reading(outcome="server_error", detail="status_503"),
    "429": Reading(outcome="rate_limited", detail="status_429"),
    "401": Reading(outcome="bad_request", detail="status_401"),
    "dns": Reading(outcome="connection", detail="ClientConnectorDNSError"),
    "hang": Reading(outcome="timeout", detail="deadline"),
}


class Outage(Struct, frozen=True):
    """A stretch of time in which nobody is answered, in seconds from the start."""

    begin: float
    end: float
    way: str


class ScheduledEndpoint(Endpoint):
    """An endpoint whose answers come from a schedule; all else of it is real."""

    def __init__(self, name, rng, outages, fails, concurrency):
        settings = EndpointSettings(
            name=name, url="http://nowhere", concurrency=concurrency
        )
        super().__init__(settings, PROVIDERS["openai_chat"], LoopClock(NOW), rng)
        self._outages, self._fails, self._draws = outages, fails, rng
        self.calls, self.concurrency = 0, concurrency
        self.on_call = lambda: None

    def open(self):
        loop = asyncio.get_running_loop()
        self._now, self._began = loop.time, loop.time()

    def _away(self, first, last):
        """Return the first outage that touches a stretch of time."""
        return next(
            (o for o in self._outages if o.begin <= last and o.end > first), None
        )

    async def _exchange(self, request, deadline):
        self.calls += 1
        self.on_call()
        loop = asyncio.get_running_loop()
        began = loop.time() - self._began
        ends = began + 0.2 + self._draws.expovariate(2.0)
        outage = self._away(began, ends)
        if outage is not None:
            if outage.way == "hang":
                await asyncio.sleep(max(deadline - loop.time(), 0))
            else:
                await asyncio.sleep(max(outage.begin - began, 0.01))
            return WAYS[outage.way], {}
        await asyncio.sleep(max(min(ends - began, deadline - loop.time()), 0))
        if (way := self._fails(request.body)) is not None:
            if way == "hang":
                await asyncio.sleep(max(deadline - loop.time(), 0))
            return WAYS[way], {}
        return Reading(outcome="answered", answer=Answer(text="x")), {}


def a_share(share, way="503"):
    """Return a failure of the cases themselves: the same ones at every try."""

    def fails(body):
        drawn = int.from_bytes(blake2b(body, digest_size=4).digest(), "big") / 2**32
        return way if drawn < share else None

    return fails


def never(_body):
    return None


async def _judged(clock, planned, _recorded, answers):
    canary, control = answers.canary, answers.control
    result = PairResult(
        number=planned.number,
        snapshot_id=answers.snapshot_id,
        modality="text",
        lane=planned.lane,
        slices=planned.slices,
        recorded_at_ns=planned.case.recorded_at_ns,
        committed_at_ns=clock.now_ns(),
        canary=arm_outcome(canary),
        control=arm_outcome(control),
        streams={
            "answered": StreamScore(
                scorer="answered",
                canary=float(canary.outcome in USABLE),
                control=float(control.outcome in USABLE),
            )
        },
    )
    return JudgedPair(result, answers)


class Told(Struct):
    """What one run came to."""

    regressed_at: int | None = None  # pairs fed until then
    fed: int = 0
    excluded: int = 0
    results: list = []
    shares: dict = {}
    states: set = set()
    calls: dict = {}


def run(seed, *, canary=(), control=(), fails=never, pairs=300, in_flight=16, **more):
    """Lead an epoch of so many pairs, or seconds, under both arms' schedules."""
    told = Told()
    told.results, told.shares, told.states, told.calls = [], {}, set(), {}

    async def main():
        rng = random.Random(seed)
        timeout = more.get("timeout", 20.0)
        ends = {
            "canary": ScheduledEndpoint("canary", rng, canary, fails, in_flight),
            "control": ScheduledEndpoint("control", rng, control, never, in_flight),
        }
        spending = unlimited(LoopClock(NOW))
        found = runner(ends, rng, spending, told, pairs=pairs, timeout=timeout)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(found.run(stop))
            waited = 0.0
            while found.fold.next_number < pairs and waited < more.get("seconds", 9e4):
                await asyncio.sleep(1.0)
                waited += 1.0
                told.states |= {e.availability.state for e in ends.values()}
            told.shares = {name: e.availability.share() for name, e in ends.items()}
            told.calls = {name: e.calls for name, e in ends.items()}
            stop.set()

    leap(main)
    told.regressed_at = first_regressed(told.results)
    return told


def first_regressed(results):
    """Return how many pairs it takes until `regressed`, looking after every one."""
    board = Scoreboard(EPOCH, BoardSettings())
    for fed, result in enumerate(results, 1):
        board.fold(result)
        if board.word("text", "answered") == "regressed":
            return fed
    return None


def unlimited(clock):
    """Return an account without limits."""
    rate = ControlRate(
        ControlRateConfig(share_of_production=1.0, per_minute=1e9), 86_400.0
    )
    rate.observed(10**9)
    return SpendingAccount(Budgets(BudgetConfig(), {}), Prices({}), rate, clock)


def runner(ends, rng, spending, told, *, pairs, timeout=20.0, store=None, clock=None):
    """Return what leads an epoch over `ends`, which are opened for it."""
    clock = clock or LoopClock(NOW)
    in_flight = ends["canary"].concurrency
    arms = []
    for name, end in ends.items():
        end.open()
        config = ArmConfig(
            role=name, url="http://x", model=name, timeout=Duration(timeout)
        )
        arms.append(Arm(name, config, end))
    schedule = Schedule(
        ScheduleSettings(seed="e1", lookback_ns=10**15, age_limit_ns=10**15)
    )
    schedule.offer(cases(min(pairs, 20_000) + 4 * in_flight))
    ledger = Ledger(store or dict_store(), "e1", clock, str(rng.random()))
    fold = Fold(lambda: Scoreboard(EPOCH, BoardSettings()))

    def committed(results):
        for result in results:
            told.results.append(result)
            told.excluded += bool(result.excluded)
            told.fed += not result.excluded

    return EpochRunner(
        ledger=ledger,
        schedule=schedule,
        replay=CaughtPairs(
            PairReplay(*arms, spending, rng),
            {name: end.availability for name, end in ends.items()},
            spending,
        ),
        content=StubContent(),
        spending=spending,
        committer=Committer(
            ledger,
            fold,
            in_flight=in_flight,
            keep_answers=False,
            on_committed=committed,
        ),
        judge=partial(_judged, clock),
        settings=EpochRunnerSettings(
            in_flight=in_flight,
            block=16,
            poll_seconds=5.0,
            drain_seconds=5.0,
            models=("new", "old"),
        ),
        clock=clock,
    )
