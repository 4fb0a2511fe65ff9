"""An hour with a provider that misbehaves in every way, on a clock that leaps."""

import asyncio
import random
from collections import Counter

from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock, leap
from fakes.led_epoch import EPOCH, NOW, StubContent, cases, judge
from fakes.provider import FakeProvider, completion, respond

from replayd.arms import Arm, endpoint_settings
from replayd.board_settings import BoardSettings
from replayd.committer import Committer
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.endpoint import Endpoint
from replayd.fold import Fold
from replayd.lead import Lead, LeadSettings
from replayd.ledger import Ledger
from replayd.limits import Budgets, ControlRate, Prices
from replayd.providers import PROVIDERS
from replayd.replay import MOST_ATTEMPTS, Replay
from replayd.schedule import Schedule, ScheduleSettings
from replayd.scoreboard import Scoreboard
from replayd.spending import Spending
from snaptrace.runtime.config import Duration

CASES = 400
PER_MINUTE = 5.0
PER_HOUR = 400  # requests, all arms together
IN_FLIGHT = 6


async def hang(_request):
    await asyncio.sleep(3600)


async def cut(request):
    request.transport.abort()
    return respond()


WAYS = [
    *[lambda: completion("ok")] * 30,
    lambda: completion("ok", model="another"),
    lambda: 500,
    lambda: 400,
    lambda: 401,
    lambda: respond(429, headers={"retry-after": "20"}),
    lambda: respond(body=b"\x00garbage"),
    lambda: respond(302, headers={"location": "http://127.0.0.1:1/"}),
    lambda: hang,
    lambda: cut,
]


def arm(name, role, url, clock, chance):
    config = ArmConfig(role=role, url=url, model=name, timeout=Duration(60))
    settings = endpoint_settings(name, config, {})
    endpoint = Endpoint(settings, PROVIDERS[config.api], clock, chance)
    return Arm(name, config, endpoint)


def led(store, canary, control, clock, chance):
    """Return a Lead over real endpoints, and its spending."""
    rate_config = ControlRateConfig(per_minute=PER_MINUTE, share_of_production=1.0)
    rate = ControlRate(rate_config, 86_400.0)
    rate.observed(10**6)
    budgets = Budgets(BudgetConfig(requests_per_hour=PER_HOUR), {})
    spending = Spending(budgets, Prices({}), rate, clock)
    schedule = Schedule(
        ScheduleSettings(seed="e1", lookback_ns=10**15, age_limit_ns=10**15)
    )
    schedule.offer(cases(CASES))
    ledger = Ledger(store, "e1", clock, "a")
    fold = Fold(lambda: Scoreboard(EPOCH, BoardSettings()))
    return Lead(
        ledger=ledger,
        schedule=schedule,
        replay=Replay(canary, control, spending, chance),
        content=StubContent(),
        spending=spending,
        committer=Committer(ledger, fold, in_flight=IN_FLIGHT, keep_answers=True),
        judge=judge,
        settings=LeadSettings(
            in_flight=IN_FLIGHT,
            block=8,
            poll_seconds=5.0,
            drain_seconds=10.0,
            models=("new", "old"),
        ),
        clock=clock,
    )


def test_an_hour_of_misbehaviour():
    """If it failed, a sick provider would cost money, hurt production, or end us."""
    chance = random.Random(11)
    asked = {"canary": [], "control": []}

    def answering(name, clock):
        def answer(body):
            asked[name].append((clock.now_ns(), str(body["messages"])))
            return chance.choice(WAYS)()

        return answer

    async def main():
        clock = LoopClock(NOW)
        clock.now_ns()
        sick, production = FakeProvider(), FakeProvider()
        sick.answer = answering("canary", clock)
        production.answer = answering("control", clock)
        async with sick, production:
            canary = arm("canary", "canary", sick.url, clock, chance)
            control = arm("production", "control", production.url, clock, chance)
            async with canary.endpoint, control.endpoint:
                found = led(dict_store(), canary, control, clock, chance)
                stop = asyncio.Event()
                async with asyncio.TaskGroup() as group:
                    group.create_task(found.run(stop))
                    await asyncio.sleep(3600)
                    stop.set()
                assert canary.endpoint.state().in_flight == 0
                assert control.endpoint.state().in_flight == 0
                assert found.counts.in_flight == 0
        assert found.fold.next_number > 20
        return len(asyncio.all_tasks())

    assert leap(main, quiet_seconds=0.004) == 1
    for name, requests in asked.items():
        times = Counter(case for _, case in requests)
        most = MOST_ATTEMPTS * (2 if name == "control" else 1)  # asked again on purpose
        assert max(times.values()) <= most
    sent = sorted(at for at, _ in asked["control"])
    for at in sent:
        within = sum(at <= other < at + 60 * 10**9 for other in sent)
        # A minute at the server is not the minute here: what was under way counts.
        assert within <= PER_MINUTE + IN_FLIGHT
    total = len(asked["canary"]) + len(asked["control"])
    assert total <= PER_HOUR + 3 * IN_FLIGHT
