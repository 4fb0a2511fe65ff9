"""The continuous drill: from recorded calls, over a real server, to a certificate."""

import asyncio
import base64
from contextlib import AsyncExitStack

import pytest
from fakes.asked_control import RATE, SetClock, opened_control, spending_of
from fakes.judged_epoch import KEY, chart
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import image_call, store_calls
from prometheus_client import CollectorRegistry

from replayd.cases.intake import Intake
from replayd.cases.loader import CaseLoader
from replayd.config import BudgetConfig, DrillConfig, ReplaydConfig
from replayd.drills.certificate import certificates
from replayd.drills.dependence import left_out
from replayd.drills.share import stored_share
from replayd.scoring.pool import ScoringPool
from replayd.scoring.redaction import RedactionSettings
from replayd.services.control_asker import ControlAsker, Surroundings
from replayd.services.drill_share import DrillShare
from replayd.telemetry.drill_metrics import DrillMetrics
from snaptrace.redact.config import RedactConfig
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

NOW = 1_800_000_000 * 10**9
DAY = 86_400 * 10**9
COUNT = 24


def _right(number):
    return f"North: {4210 + number}\nSouth: 3100\nEast: 875"


def _chart(number):
    return chart({"North": 4210 + number, "South": 3100, "East": 875})


class Reader:
    """A model that reads the recorded charts, and nothing else."""

    def __init__(self, *, sees=True):
        self.sees, self.asked = sees, 0
        self._known = {
            base64.b64encode(_chart(n)).decode(): _right(n) for n in range(COUNT)
        }

    def __call__(self, body):
        """Answer by the image, or by the question alone."""
        self.asked += 1
        text, image = "", ""
        for part in body["messages"][0]["content"]:
            text += part.get("text", "")
            image += part.get("image_url", {}).get("url", "").partition(",")[2]
        if not self.sees:
            return completion("North: 4210\nSouth: 3100\nEast: 875")
        return completion(self._known.get(image, "North: 1\nSouth: 2\nEast: 3"))


class Drilled:
    """The part over a store of charts, and the model it asks."""

    def __init__(self, provider, stack, **drills):
        self.provider, self._stack = provider, stack
        self.clock = SetClock(NOW)
        self.store = Store.open(StoreConfig(url="memory://"))
        self.leading = True
        drills = {"share": 1.0, "share_budget": BudgetConfig(), **drills}
        self.config = ReplaydConfig(drills=DrillConfig(**drills), control_rate=RATE)

    async def open(self, answer=_right):
        """Store the calls and open the arm."""
        blobs = [_chart(n) for n in range(COUNT)]
        calls = [
            image_call(n, blob, KEY, at_ns=NOW, answer=answer(n))
            for n, blob in enumerate(blobs)
        ]
        await store_calls(self.store, calls, at_ns=NOW, blobs=blobs, key=KEY)
        self.arm = await opened_control(self.provider.url, self.clock, self._stack)
        self.part = self.made()
        return self

    def made(self):
        """Return the part as a replica that starts makes it."""
        redaction = RedactionSettings(RedactConfig(), KEY.handed_over(), ())
        judging = ScoringPool(self.clock, redaction, in_process=False)
        around = Surroundings(
            config=self.config,
            store=self.store,
            content=CaseLoader(self.store, KEY),
            clock=self.clock,
            control=lambda: self.arm,
            spending=spending_of(self.clock),
            judging=judging,
            leading=lambda: self.leading,
        )
        return ControlAsker(
            DrillShare(around, DrillMetrics(CollectorRegistry())), around
        )

    async def look(self):
        """Offer the calls and look once; return the certificates."""
        fresh = await Intake(self.store, NOW - DAY, lookback_ns=0).poll(NOW)
        self.part.offer(fresh.cases)
        await self.part.look(asyncio.Event())
        return await certificates(self.store, "share")


@pytest.fixture
async def drilled():
    async with AsyncExitStack() as stack:

        async def open_(model=None, answer=_right, **drills):
            model = model or Reader()
            provider = await stack.enter_async_context(FakeProvider(model))
            return await Drilled(provider, stack, **drills).open(answer)

        yield open_


async def test_a_share_becomes_a_certificate_that_no_gate_reads(drilled):
    """What production's green is worth would be known only where somebody drills."""
    part = await drilled()
    (made,) = await part.look()
    assert (made.kind, made.source, made.control) == ("share", "request", "production")
    assert made.noise_pairs == {"image": COUNT}
    caught = [row for row in made.rows if row.standing == "caught"]
    assert caught
    assert all(row.pairs <= COUNT for row in made.rows)
    names = [info.name async for info in part.store.list("v1/")]
    written = {name.split("/")[1] for name in names}
    assert written.isdisjoint({"results", "answers", "plans", "epochs"})


async def test_a_fault_is_measured_where_it_was_tried(drilled):
    """A fault that few cases were asked under would look harmless."""
    part = await drilled()
    (made,) = await part.look()
    row = {(r.fault, r.rate): r for r in made.rows}["image_blanked", 1.0]
    assert 0 < row.pairs < COUNT
    assert row.pairs == row.applies


async def test_nothing_is_sent_without_a_share(drilled):
    """An upgrade would start to spend money on drills that nobody asked for."""
    part = await drilled(share=0.0)
    await part.look()
    assert part.provider.requests == []
    assert ReplaydConfig().drills.share == 0.0


async def test_the_share_is_of_the_calls(drilled):
    """A share of a tenth would drill everything."""
    part = await drilled(share=0.3)
    await part.look()
    assert 0 < len((await stored_share(part.store)).drilled) < COUNT


async def test_the_budget_holds_through_a_restart_and_a_kill(drilled):
    """A drill would spend what nobody gave it."""
    part = await drilled(share_budget=BudgetConfig(requests_per_day=9))
    part.clock.at_ns -= part.clock.at_ns % DAY
    for _ in range(3):
        await part.look()
        part.part = part.made()  # without a word to the one before, as after a kill
    assert 4 <= len(part.provider.requests) <= 9


async def test_a_case_is_drilled_once(drilled):
    """A restart would ask the same cases again, and count them twice."""
    part = await drilled()
    await part.look()
    asked = len(part.provider.requests)
    part.part = part.made()
    await part.look()
    assert len(part.provider.requests) == asked


async def test_nothing_of_an_answer_is_stored(drilled):
    """An erasure would not reach what the drill keeps."""
    part = await drilled()
    await part.look()
    async for info in part.store.list("v1/drills"):
        assert b"North" not in await part.store.get(info.name)


async def test_a_standby_asks_nothing(drilled):
    """Every replica would ask the control."""
    part = await drilled()
    part.leading = False
    await part.look()
    assert part.provider.requests == []


async def test_a_route_that_needs_no_image_is_proven(drilled):
    """A pass on images would rest on questions that no image is needed for."""
    part = await drilled(Reader(sees=False), answer=lambda _n: _right(0))
    (made,) = await part.look()
    (route,) = made.routes
    assert route.modality == "image"
    assert route.independent == route.cases > 0
    assert left_out([made], 0.2) == (route.place,)
    assert left_out([made], 0.99) == ()  # so few cases cannot prove it
    assert left_out([made], 0.0) == ()


async def test_a_route_that_needs_its_images_stays(drilled):
    """Verdicts on images would lose the cases that speak of images."""
    part = await drilled()
    (made,) = await part.look()
    assert left_out([made], 0.1) == ()
