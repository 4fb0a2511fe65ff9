"""Hours with providers that misbehave in every way, on a clock that leaps."""

import asyncio
import os
import random
from collections import Counter

import pytest
from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock, leap
from fakes.led_epoch import EPOCH, NOW, StubContent, cases, judge
from fakes.misbehaving import MIB, WAYS
from fakes.misbehaving import World as Misbehaving
from fakes.provider import FakeProvider, completion

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.concurrency_limit import LONGEST_OBEYED_SECONDS
from replayd.arms.endpoint import Endpoint
from replayd.arms.outcomes import OUTCOMES
from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.cases.schedule import Schedule, ScheduleSettings
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.evaluation.caught_pairs import CaughtPairs
from replayd.evaluation.committer import Committer
from replayd.evaluation.counts import EpochRunnerSettings
from replayd.evaluation.excluded import REFUSED_BY_BOTH
from replayd.evaluation.pair import MOST_ATTEMPTS, PairReplay
from replayd.evaluation.runner import EpochRunner
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.evidence.tallies import ARM_UNREACHABLE
from replayd.ledger.ledger import Ledger
from replayd.providers import PROVIDERS
from replayd.providers.contract import ProviderRequest
from snaptrace.runtime.config import Duration

CASES = 1500
PER_MINUTE = 12.0
PER_HOUR = 300  # requests, all arms together
IN_FLIGHT = 6
HOUR_NS = 3600 * 10**9
SECONDS = 60.0  # a pair's deadline
LARGEST_BYTES = MIB  # of a response
ABSURD = ("absurd", "infinite", "until the year 9999")  # each stops an arm for an hour
SOCKET_BYTES = 32 * MIB  # what kernel and server may hold of a body that is cut off


def arm(name, role, url, clock, rng):
    config = ArmConfig(
        role=role,
        url=url,
        model=name,
        timeout=Duration(SECONDS),
        max_response_bytes=LARGEST_BYTES,
    )
    settings = endpoint_settings(name, config, {})
    endpoint = Endpoint(settings, PROVIDERS[config.api], clock, rng)
    return Arm(name, config, endpoint)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_is_typed_and_leaves_nothing_behind(name):
    """If it failed, one server could crash the daemon, fill it, or be believed."""
    outcomes, made = WAYS[name]

    async def main():
        clock = LoopClock(NOW)
        clock.now_ns()
        server, elsewhere = FakeProvider(), FakeProvider()
        async with server, elsewhere:
            world = Misbehaving(clock, elsewhere.url)
            server.answer = lambda _body: made(world)
            one = arm("canary", "canary", server.url, clock, random.Random(1))
            async with one.endpoint as endpoint:
                await endpoint.take_slot()
                deadline = asyncio.get_running_loop().time() + SECONDS
                asking = ProviderRequest(
                    method="POST", path="/chat/completions", body=b"{}"
                )
                attempt = await endpoint.attempt(asking, deadline)
                assert attempt.reading.outcome in outcomes
                assert endpoint.state().in_flight == 0
                assert attempt.retry_after_seconds >= 0
                now = asyncio.get_running_loop().time()
                opens = endpoint._throttle.opens_at(now)
                assert opens - now <= LONGEST_OBEYED_SECONDS + 1
                assert now <= deadline + 1
            assert world.most_sent_bytes <= LARGEST_BYTES + SOCKET_BYTES
            assert elsewhere.requests == []
        return len(asyncio.all_tasks())

    assert leap(main, quiet_seconds=0.004) == 1


class Hours:
    """Two sick providers, a budget per hour, a cap on the control; led for a while."""

    def __init__(self, seed, *, ways=(), well=0.5, storms=()):
        self.rng = random.Random(seed)
        self._well, self._storms = well, storms
        self._ways = ways or [name for name in WAYS if name not in ABSURD]
        self.asked = {"canary": [], "control": []}
        self.ways = Counter()

    async def run(self, seconds):
        self.clock = LoopClock(NOW + 1800 * 10**9)  # half an hour after the full hour
        self.clock.now_ns()
        sick, production, elsewhere = FakeProvider(), FakeProvider(), FakeProvider()
        sick.answer = self._answering("canary")
        production.answer = self._answering("control")
        async with sick, production, elsewhere:
            self.world = Misbehaving(self.clock, elsewhere.url)
            arms = [
                arm("canary", "canary", sick.url, self.clock, self.rng),
                arm("production", "control", production.url, self.clock, self.rng),
            ]
            async with arms[0].endpoint, arms[1].endpoint:
                await self._led(arms, seconds)
                for one in arms:
                    assert one.endpoint.state().in_flight == 0
                    assert not one.endpoint._waiting
            assert elsewhere.requests == []
        return len(asyncio.all_tasks())

    def _answering(self, name):
        def answer(body):
            at_ns = self.clock.now_ns()
            self.asked[name].append((at_ns, str(body["messages"])))
            if any(first <= at_ns - NOW < last for first, last in self._storms):
                return 429
            if self.rng.random() < self._well:
                return completion("ok")
            way = self.rng.choice(self._ways)
            self.ways[way] += 1
            return WAYS[way][1](self.world)

        return answer

    async def _led(self, arms, seconds):
        self.lead, spending = self._lead(arms)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.lead.run(stop))
            await asyncio.sleep(seconds)
            stop.set()
        assert self.lead.counts.in_flight == 0
        assert not self.lead._holding
        assert self.lead._places._value == IN_FLIGHT
        ledger = Ledger(self.store, "e1", self.clock)
        self.results = [r async for run in ledger.runs() for r in run.results]
        # Nothing is still held for what was not sent.
        hour = self.clock.now_ns() // HOUR_NS
        sent = sum(at // HOUR_NS == hour for at, _ in self.everything())
        assert spending.budgets.lines(self.clock.now_ns())[0].used <= sent

    def everything(self):
        return self.asked["canary"] + self.asked["control"]

    def _lead(self, arms):
        clock = self.clock
        rate = ControlRate(
            ControlRateConfig(per_minute=PER_MINUTE, share_of_production=1.0), 86_400.0
        )
        rate.observed(10**6)
        budgets = Budgets(BudgetConfig(requests_per_hour=PER_HOUR), {})
        spending = SpendingAccount(budgets, Prices({}), rate, clock)
        schedule = Schedule(
            ScheduleSettings(seed="e1", lookback_ns=10**15, age_limit_ns=10**15)
        )
        schedule.offer(cases(CASES))
        self.store = dict_store()
        ledger = Ledger(self.store, "e1", clock, "a")
        fold = Fold(lambda: Scoreboard(EPOCH, BoardSettings()))
        lead = EpochRunner(
            ledger=ledger,
            schedule=schedule,
            replay=CaughtPairs(
                PairReplay(*arms, spending, self.rng),
                {
                    side: arm.endpoint.availability
                    for side, arm in zip(("canary", "control"), arms, strict=True)
                },
                spending,
            ),
            content=StubContent(),
            spending=spending,
            committer=Committer(ledger, fold, in_flight=IN_FLIGHT, keep_answers=True),
            judge=judge,
            settings=EpochRunnerSettings(
                in_flight=IN_FLIGHT,
                block=8,
                poll_seconds=5.0,
                drain_seconds=9000.0,
                models=("new", "old"),
            ),
            clock=clock,
        )
        return lead, spending


def check(hours):
    """Look at what an hour or two of misbehaviour may never do."""
    for name, requests in hours.asked.items():
        times = Counter(case for _, case in requests)
        # Sent again after an outage, and perhaps to see whether it is over; the control
        # is asked a second time on purpose.
        most = 3 * MOST_ATTEMPTS * (2 if name == "control" else 1)
        assert max(times.values()) <= most
    sent = sorted(at for at, _ in hours.asked["control"])
    for at in sent:
        within = sum(at <= other < at + 60 * 10**9 for other in sent)
        # A minute at the server is not the minute here: what was under way counts.
        assert within <= PER_MINUTE + IN_FLIGHT
    by_hour = Counter(at // HOUR_NS for at, _ in hours.everything())
    window = 3 * IN_FLIGHT  # requests: canary, control and a second control
    assert max(by_hour.values()) <= PER_HOUR + window
    assert hours.world.most_sent_bytes <= LARGEST_BYTES + SOCKET_BYTES
    for result in hours.results:
        assert result.excluded in ("", REFUSED_BY_BOTH, ARM_UNREACHABLE)
        if result.excluded == REFUSED_BY_BOTH:  # by chance, at the same time
            continue
        assert {result.canary.outcome, result.control.outcome} <= set(OUTCOMES)


def open_files():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not read


def test_an_hour_and_a_half_of_misbehaviour():
    """If it failed, a sick provider would cost money, hurt production, or end us."""
    before = open_files()
    hours = Hours(11)
    assert leap(lambda: hours.run(5400.0), quiet_seconds=0.004) == 1
    check(hours)
    assert open_files() <= before
    assert hours.lead.fold.next_number > 60
    assert len(hours.ways) > 20


def test_an_absurd_retry_after_costs_minutes_and_no_more():
    """If it failed, one number in a header would end an evaluation for good."""
    hours = Hours(3, ways=ABSURD, well=0.9)
    assert leap(lambda: hours.run(5 * 3600.0), quiet_seconds=0.004) == 1
    check(hours)
    asked_in = {(at - NOW) // HOUR_NS for at, _ in hours.asked["canary"]}
    assert len(asked_in) >= 4
    assert max(asked_in) >= 4


def test_storms_of_429():
    """If it failed, a server that is overrun would be asked on, or never again."""
    minute = 60 * 10**9
    storms = [(40 * minute, 55 * minute), (70 * minute, 80 * minute)]
    hours = Hours(5, well=1.0, storms=storms)
    assert leap(lambda: hours.run(5400.0), quiet_seconds=0.004) == 1
    check(hours)
    for first, last in storms:
        in_storm = [
            at
            for asked in hours.asked.values()
            for at, _ in asked
            if first + 2 * minute <= at - NOW < last
        ]
        # Both arms away: one pair knocks after a pause of up to a minute.
        assert len(in_storm) <= 2 * MOST_ATTEMPTS * (last - first) / minute
    answered = [r for r in hours.results if r.canary.outcome == "answered"]
    assert len(answered) > 100
