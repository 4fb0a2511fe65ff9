"""One pair over real endpoints: together, treated alike, tried again together."""

import asyncio
import random

import pytest
from fakes.leaping_loop import LoopClock
from fakes.led_epoch import StubContent, cases
from fakes.provider import FakeProvider, completion, respond
from fakes.strict_provider import strictly
from fakes.waiting import until

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Amount, Budgets, Prices
from replayd.cases.loader import Gone
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.evaluation import pair
from replayd.evaluation.pair import PairDeadline, PairReplay
from replayd.evaluation.pair_sending import Unsent
from replayd.model import Planned
from replayd.providers import PROVIDERS
from snaptrace.runtime.config import Duration
from snaptrace.snapshot.errors import StoreUnavailableError

NOW = 1_800_000_000_000_000_000


class World:
    """Two models, two arms, and a budget."""

    def __init__(self, *, budget=None, timeout=20.0, models=(), profile=""):
        self._models, self._profile = dict(models), profile
        self.order, self.content = [], StubContent()
        self.canary = FakeProvider(self._answering("canary"))
        self.control = FakeProvider(self._answering("control"))
        self.says = {"canary": [], "control": []}
        clock, rng = LoopClock(NOW), random.Random(1)
        rate = ControlRate(
            ControlRateConfig(share_of_production=1.0, per_minute=1e9), 86_400.0
        )
        rate.observed(10**9)
        budgets = Budgets(budget or BudgetConfig(), {})
        self.spending = SpendingAccount(budgets, Prices({}), rate, clock)
        self._clock, self._rng, self._timeout = clock, rng, timeout

    def _answering(self, name):
        def answer(_body):
            self.order.append(name)
            waiting = self.says[name]
            return waiting.pop(0) if waiting else completion(name)

        return answer

    async def ask(self, **planned):
        """Send one pair; return the answers."""
        found = await self.ask_once(**planned)
        return found.answers

    async def ask_once(self, **planned):
        """Send one pair; return what came of it."""
        async with self.canary, self.control:
            canary = self._arm("canary", "canary", self.canary.url)
            control = self._arm("production", "control", self.control.url)
            self._ends = [canary.endpoint, control.endpoint]
            async with canary.endpoint, control.endpoint:
                found = PairReplay(canary, control, self.spending, self._rng)
                item = Planned(number=1, case=cases(1)[0], lane="traffic", **planned)
                return await found.pair(item, NOW, lambda: self.content.load(item.case))

    def in_flight(self):
        """Return how many slots of each arm are taken."""
        return [end.state().in_flight for end in self._ends]

    def counted(self):
        """Return how many requests to the control are counted."""
        return self.spending.rate._sent.count(self._clock.now_ns())

    def _arm(self, name, role, url):
        config = ArmConfig(
            role=role,
            url=url,
            model=self._models.get(name, name),
            profile=self._profile,
            timeout=Duration(self._timeout),
        )
        settings = endpoint_settings(name, config, {})
        provider = PROVIDERS[config.api]
        return Arm(name, config, Endpoint(settings, provider, self._clock, self._rng))


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


@pytest.mark.parametrize("who", ["canary", "production"])
async def test_what_one_arms_model_refuses_neither_arm_is_sent(who):
    """If it failed, a reasoning model would be compared at another temperature."""
    world = World(models={who: "gpt-5-mini"})
    await world.ask()
    for arm in (world.canary, world.control):
        ((_, body),) = arm.requests
        assert "messages" in body
        assert "temperature" not in body


@pytest.mark.parametrize(
    ("profile", "outcome"), [("", "answered"), ("none", "bad_request")]
)
async def test_a_strict_server_answers_where_the_profile_is_known(profile, outcome):
    """If it failed, a refusal known beforehand would count against the canary."""
    world = World(models={"canary": "gpt-5-mini"}, profile=profile)
    world.canary.answer = strictly("/chat/completions", world.canary.answer)
    answers = await world.ask()
    assert answers.canary.outcome == outcome
    assert answers.control.outcome == "answered"


async def test_a_parameter_that_both_models_take_is_sent():
    """If it failed, arms would be asked less than production was."""
    world = World()
    await world.ask()
    assert world.canary.requests[0][1]["temperature"] == 0.2
    assert world.control.requests[0][1]["temperature"] == 0.2


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


class Failing:
    """Content that fails a few times, or is gone."""

    def __init__(self, outages=0, gone_after=10**9, away=lambda: None):
        self._outages, self._gone_after, self._away = outages, gone_after, away
        self._content = StubContent()
        self.loads = 0

    async def load(self, case):
        self.loads += 1
        if self.loads <= self._outages:
            asyncio.get_running_loop().call_soon(self._away)
            raise StoreUnavailableError("get", "s", "away")
        if self.loads > self._gone_after:
            return Gone("erased")
        return await self._content.load(case)


async def test_a_case_that_is_gone_costs_no_slot_and_no_turn():
    """If it failed, erased cases would use up the control's cap and every slot."""
    world = World()
    world.content = Failing(gone_after=0)
    assert await world.ask_once(second_control=True) == Unsent("erased")
    assert world.order == []
    assert world.in_flight() == [0, 0]
    assert world.counted() == 0


async def test_while_the_store_is_away_no_turn_is_kept(monkeypatch):
    """If it failed, what waited for the store would reach production in one burst."""
    world = World()
    held = []
    world.content = Failing(
        outages=2, away=lambda: held.append((world.in_flight(), world.counted()))
    )
    monkeypatch.setattr(pair, "RETRY_SECONDS", 0.01)
    found = await world.ask_once()
    assert found.answers.canary.outcome == "answered"
    assert held == [([0, 0], 0)] * 2
    assert world.counted() == 1


async def test_a_case_that_goes_between_two_tries_keeps_its_first_answers():
    """If it failed, an erasure in mid-pair would hang it, or leak a reservation."""
    world = World(budget=BudgetConfig(requests_per_day=100))
    world.content = Failing(gone_after=1)
    world.spending.reserve("text", Amount(requests=2))
    world.says["canary"] = [respond(429, headers={"retry-after-ms": "1"})]
    found = await world.ask_once(reserved_requests=2)
    assert found.answers.canary.outcome == "rate_limited"
    assert world.order.count("canary") == 1
    assert world.spending.budgets.lines(NOW)[0].used == 2
    assert world.in_flight() == [0, 0]


def test_patience_is_thrice_the_controls_p99_and_never_less_than_the_timeout():
    """If it failed, a canary as slow as production would lose answers by the clock."""
    patience = PairDeadline(10.0, 20.0)
    assert patience.seconds() == 20.0
    for _ in range(99):
        patience.learnt(1.0)
    patience.learnt(30.0)
    assert patience.seconds() == 90.0


async def test_a_pair_that_waits_for_the_control_is_let_go_at_once():
    """If it failed, Ctrl-C would wait ten seconds for pairs that nobody was sent."""
    world = World()
    world.spending.rate.observed(0)  # no turn until there is traffic
    world.spending.rate = ControlRate(ControlRateConfig(floor_per_hour=0), 60.0)
    async with world.canary, world.control:
        canary = world._arm("canary", "canary", world.canary.url)
        control = world._arm("production", "control", world.control.url)
        async with canary.endpoint, control.endpoint:
            replay = PairReplay(canary, control, world.spending, world._rng)
            item = Planned(number=1, case=cases(1)[0], lane="traffic")
            queued = asyncio.create_task(replay.pair(item, NOW, world.content.load))
            await until(lambda: control.endpoint.state().in_flight == 1)
            assert replay.let_go() == {1}
            with pytest.raises(asyncio.CancelledError):
                await queued
            assert canary.endpoint.state().in_flight == 0
            assert control.endpoint.state().in_flight == 0
    assert world.order == []
