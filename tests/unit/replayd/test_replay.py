"""One pair over real endpoints: together, treated alike, tried again together."""

import asyncio
import random

import pytest
from fakes.leaping_loop import LoopClock
from fakes.led_epoch import cases
from fakes.provider import FakeProvider, completion, respond
from fakes.stored_calls import text_call

from replayd.arms import Arm, endpoint_settings
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.endpoint import Endpoint
from replayd.limits import Amount, Budgets, ControlRate, Prices
from replayd.providers import PROVIDERS
from replayd.records import Planned
from replayd.replay import Patience, Replay
from replayd.spending import Spending
from snaptrace.runtime.config import Duration

NOW = 1_800_000_000_000_000_000


class World:
    """Two models, two arms, and a budget."""

    def __init__(self, *, budget=None, timeout=20.0):
        self.order = []
        self.canary = FakeProvider(self._answering("canary"))
        self.control = FakeProvider(self._answering("control"))
        self.says = {"canary": [], "control": []}
        clock, chance = LoopClock(NOW), random.Random(1)
        rate = ControlRate(
            ControlRateConfig(share_of_production=1.0, per_minute=1e9), 86_400.0
        )
        rate.observed(10**9)
        budgets = Budgets(budget or BudgetConfig(), {})
        self.spending = Spending(budgets, Prices({}), rate, clock)
        self._clock, self._chance, self._timeout = clock, chance, timeout

    def _answering(self, name):
        def answer(_body):
            self.order.append(name)
            waiting = self.says[name]
            return waiting.pop(0) if waiting else completion(name)

        return answer

    async def ask(self, **planned):
        """Send one pair; return the answers."""
        async with self.canary, self.control:
            canary = self._arm("canary", "canary", self.canary.url)
            control = self._arm("production", "control", self.control.url)
            async with canary.endpoint, control.endpoint:
                replay = Replay(canary, control, self.spending, self._chance)
                call = text_call(1, at_ns=NOW)
                requests = replay.requests(call, {})
                item = Planned(number=1, case=cases(1)[0], lane="traffic", **planned)
                return await replay.pair(item, call.snapshot_id, requests)

    def _arm(self, name, role, url):
        config = ArmConfig(
            role=role, url=url, model=name, timeout=Duration(self._timeout)
        )
        settings = endpoint_settings(name, config, {})
        provider = PROVIDERS[config.api]
        return Arm(
            name, config, Endpoint(settings, provider, self._clock, self._chance)
        )


@pytest.mark.parametrize("first", [True, False])
async def test_the_order_is_the_one_that_was_drawn(first):
    """If it failed, one arm would always find the other's load, or its cache."""
    world = World()
    answers = await world.ask(canary_first=first)
    assert world.order == (["canary", "control"] if first else ["control", "canary"])
    assert (answers.canary.answer.text, answers.control.answer.text) == (
        "canary",
        "control",
    )
    assert answers.second_control is None


async def test_a_second_control_is_asked_where_it_was_planned():
    """If it failed, the noise floor would rest on nothing."""
    world = World()
    answers = await world.ask(second_control=True)
    assert world.order.count("control") == 2
    assert answers.second_control.answer.text == "control"


@pytest.mark.parametrize("who", ["canary", "control"])
async def test_a_failure_of_either_sends_both_again(who):
    """If it failed, one arm would get more chances than the other."""
    world = World()
    world.says[who] = [respond(429, headers={"retry-after-ms": "1"})]
    answers = await world.ask()
    assert world.order.count("canary") == world.order.count("control") == 2
    assert answers.canary.outcome == answers.control.outcome == "answered"
    assert answers.canary.attempts == answers.control.attempts == 2


async def test_a_refusal_for_good_is_not_asked_again():
    """If it failed, a request that an arm cannot take would be paid for five times."""
    world = World()
    world.says["canary"] = [400]
    answers = await world.ask()
    assert world.order.count("canary") == 1
    assert answers.canary.outcome == "bad_request"
    assert answers.control.outcome == "answered"


async def test_both_arms_have_one_deadline():
    """If it failed, a slow canary would be waited for longer than production."""
    world = World(timeout=0.4)

    async def hang(_request):
        await asyncio.sleep(60)

    world.says["canary"] = [hang] * 9
    answers = await world.ask()
    assert answers.canary.outcome == "timeout"
    assert answers.control.outcome == "answered"


async def test_without_budget_a_pair_is_not_tried_again():
    """If it failed, retries would spend what no budget allowed."""
    world = World(budget=BudgetConfig(requests_per_day=2))
    world.spending.reserve("text", Amount(requests=2))
    world.says["canary"] = [500]
    answers = await world.ask(reserved_requests=2)
    assert world.order.count("canary") == 1
    assert answers.canary.outcome == "server_error"


def test_patience_is_thrice_the_controls_p99_and_never_less_than_the_timeout():
    """If it failed, a canary as slow as production would lose answers by the clock."""
    patience = Patience(10.0, 20.0)
    assert patience.seconds() == 20.0
    for _ in range(99):
        patience.learnt(1.0)
    patience.learnt(30.0)
    assert patience.seconds() == 90.0
