"""The watch on production, from the schedule to the store, over a real HTTP server."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from fakes.asked_control import RATE, SetClock, opened_control, spending_of
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import store_calls, text_call
from prometheus_client import CollectorRegistry

from replayd.cases.intake import Intake
from replayd.cases.loader import CaseLoader
from replayd.config import BudgetConfig, ReplaydConfig, WatchConfig
from replayd.scoring.pool import ScoringPool
from replayd.scoring.redaction import RedactionSettings
from replayd.services.control_asker import ControlAsker, Surroundings
from replayd.services.production_watch import ProductionWatch
from replayd.telemetry.watch_metrics import WatchMetrics
from replayd.watch.state import stored_states
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

NOW = 1_800_000_000 * 10**9
DAY = 86_400 * 10**9
KEY = FleetKey(b"k" * 32)


class Watched:
    """The part over a store with twenty calls, and the model it asks."""

    def __init__(self, provider, stack, **watch):
        self.provider, self._stack = provider, stack
        self.clock, self.registry = SetClock(NOW), CollectorRegistry()
        self.store = Store.open(StoreConfig(url="memory://"))
        self.leading, self.metrics = True, WatchMetrics(self.registry)
        self.config = ReplaydConfig(
            watch=WatchConfig(**{"anchors": 10, "baseline": 3, **watch}),
            control_rate=RATE,
        )

    async def open(self):
        """Store the calls and open the arm."""
        calls = [
            text_call(n, at_ns=NOW, answer=f"The total is {n} euros.")
            for n in range(20)
        ]
        await store_calls(self.store, calls, at_ns=NOW, key=KEY)
        self.arm = await opened_control(self.provider.url, self.clock, self._stack)
        self.part = self.made()
        return self

    def made(self):
        """Return the part as a replica that starts makes it."""
        redaction = RedactionSettings(RedactConfig(), KEY.handed_over(), ())
        around = Surroundings(
            config=self.config,
            store=self.store,
            content=CaseLoader(self.store, KEY),
            clock=self.clock,
            control=lambda: self.arm,
            spending=spending_of(self.clock),
            judging=ScoringPool(self.clock, redaction, in_process=False),
            leading=lambda: self.leading,
        )
        return ControlAsker(ProductionWatch(around, self.metrics), around)

    async def days(self, count):
        """Let days pass, one look each."""
        for _ in range(count):
            fresh = await Intake(self.store, NOW - DAY, lookback_ns=0).poll(NOW)
            self.part.offer(fresh.cases)
            await self.part.look(asyncio.Event())
            self.clock.at_ns += DAY

    async def state(self):
        """Return what the store has of text."""
        return (await stored_states(self.store))["text"]

    def sample(self, name, **labels):
        """Return a metric's value."""
        return self.registry.get_sample_value(f"snaptrace_replayd_{name}", labels)


@pytest.fixture
async def watched():
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(FakeProvider(rightly))

        async def open_(**watch):
            return await Watched(provider, stack, **watch).open()

        yield open_


def rightly(body):
    """Answer as was recorded."""
    number = body["messages"][0]["content"].split()[-1].strip("?")
    return completion(f"The total is {number} euros.")


def wrongly(_body):
    """Answer with another number."""
    return completion("The total is 7777 euros.")


async def test_a_model_that_changed_is_told_without_any_canary(watched):
    """A provider's silent change would be found by users."""
    part = await watched(run_length=200)
    await part.days(4)
    before = await part.state()
    assert before.pairs > 0
    assert before.changed is None
    assert part.sample("production_changed", modality="text") == 0
    part.provider.answer = wrongly
    await part.days(3)
    changed = (await part.state()).changed
    assert changed.difference < -0.3
    assert changed.worst[0].now.score < changed.worst[0].before.score
    assert part.sample("production_changed", modality="text") == 1
    since = part.sample(
        "production_changed_since_timestamp_seconds", modality="text", bound="latest"
    )
    assert since * 1e9 >= NOW + 4 * DAY


async def test_nothing_of_an_answer_is_stored(watched):
    """An erasure would not reach what the watch keeps."""
    part = await watched()
    await part.days(2)
    names = [info.name async for info in part.store.list("v1/watch")]
    assert names
    for name in names:
        assert b"euros" not in await part.store.get(name)


async def test_a_budget_ends_the_asking_and_holds_through_a_restart(watched):
    """A watch would spend what nobody gave it."""
    part = await watched(budget=BudgetConfig(requests_per_day=5))
    part.clock.at_ns -= part.clock.at_ns % DAY
    fresh = await Intake(part.store, NOW - DAY, lookback_ns=0).poll(NOW)
    for _ in range(2):
        part.part.offer(fresh.cases)
        await part.part.look(asyncio.Event())
        part.part = part.made()
    assert len(part.provider.requests) == 5


async def test_a_request_that_was_not_answered_is_no_change(watched):
    """An endpoint that refuses requests for an hour would raise the alarm."""
    part = await watched(run_length=200)
    await part.days(3)
    pairs = (await part.state()).pairs
    part.provider.answer = lambda _body: 400
    await part.days(1)
    state = await part.state()
    assert state.pairs == pairs
    assert state.changed is None


async def test_a_standby_asks_nothing(watched):
    """Every replica would ask the control."""
    part = await watched()
    part.leading = False
    await part.days(1)
    assert part.provider.requests == []


async def test_a_restart_goes_on_with_the_same_anchors(watched):
    """Earlier answers would be lost, and a change with them."""
    part = await watched()
    await part.days(1)
    asked = len(part.provider.requests)
    anchors = {a.case.snapshot_id for a in (await part.state()).anchors}
    part.part = part.made()
    part.clock.at_ns -= DAY
    await part.days(1)
    assert len(part.provider.requests) == asked
    assert {a.case.snapshot_id for a in (await part.state()).anchors} == anchors
