"""Drills that ask the control: what is sent, what it costs, what needs no medium."""

import asyncio

import pytest
from fakes.judged_epoch import KEY, chart
from fakes.stored_calls import image_call, store_calls

from replayd.budget.limits import Prices
from replayd.cases.intake import Intake
from replayd.cases.loader import CaseLoader
from replayd.config import PriceConfig, ReplaydConfig
from replayd.drills.dependence import dependence
from replayd.drills.injuring import score_versions
from replayd.drills.offline import certified, no_pause
from replayd.drills.requests import REQUEST_FAULTS
from replayd.drills.sensitivity import Orders
from replayd.drills.stored_pairs import recorded_cases
from replayd.model import ArmAnswer
from replayd.offline.asked_drill import asked_pairs, plan_of, prepared
from replayd.scoring.worker import judged
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot.model import Answer
from snaptrace.store.store import Store

NOW = 1_800_000_000 * 10**9
COUNT = 12


def _right(number):
    return f"North: {4210 + number}\nSouth: 3100\nEast: 875"


async def _prepared():
    """Return the cases of a store of charts, and the bytes of each."""
    store = Store.open(StoreConfig(url="memory://"))
    blobs = [
        chart({"North": 4210 + n, "South": 3100, "East": 875}) for n in range(COUNT)
    ]
    calls = [
        image_call(n, blob, KEY, at_ns=NOW, answer=_right(n))
        for n, blob in enumerate(blobs)
    ]
    await store_calls(store, calls, at_ns=NOW, blobs=blobs, key=KEY)
    loader = CaseLoader(store, KEY)
    fresh = await Intake(store, NOW - 86_400 * 10**9, lookback_ns=0).poll(NOW)
    return prepared([each async for each in recorded_cases(loader, fresh.cases, 50)])


class Model:
    """Reads a chart if it gets the very bytes that were recorded."""

    def __init__(self, cases, *, sees=True, most=10**9):
        self.right = {c.loaded.media[0]: c.loaded.snapshot.answer for c in cases}
        self.sees, self.most, self.asked = sees, most, 0

    async def ask(self, case, asked):
        """Answer one request; None once `most` were answered."""
        if self.asked >= self.most:
            return None
        self.asked += 1
        await asyncio.sleep(0)
        known = self.right.get(asked.media[0])
        if not self.sees:  # it knows every answer by heart
            known = asked.snapshot.answer
        answer = known or Answer(text="North: 1\nSouth: 2\nEast: 3")
        return ArmAnswer(outcome="answered", answer=answer)


async def _drilled(model_of):
    cases = await _prepared()
    model = model_of(cases)
    pairs, versions = await asked_pairs(cases, model.ask)
    measured = await score_versions(pairs, versions, judged)
    made = await certified(
        measured,
        tuple(REQUEST_FAULTS.values()),
        ReplaydConfig(),
        orders=Orders(count=5, most_pairs=200),
        pause=no_pause,
        kind="asked",
        source="request",
        epoch=None,
        made_at_ns=NOW,
    )
    return model, made, dependence(measured)


async def test_the_plan_is_what_is_sent():
    """A drill would cost more than it said."""
    cases = await _prepared()
    prices = Prices({"m7": PriceConfig(input=1_000_000, output=0)})
    plan = plan_of(cases, "m7", prices)
    model, _, _ = await _drilled(Model)
    assert plan.calls == model.asked
    assert plan.cases == {"image": COUNT}
    assert plan.faults["image_blanked"] == COUNT
    assert "image_512" not in plan.faults  # no chart is as large
    assert plan.money == sum(
        case.case.input_tokens * (2 + len(case.requests)) for case in cases
    )
    assert plan_of(cases, "other", prices).unpriced == "other"


async def test_a_fault_that_the_model_shows_is_caught():
    """An image pipeline could halve its images without anybody knowing."""
    _, made, needed = await _drilled(Model)
    rows = {(row.fault, row.rate): row for row in made.rows}
    for fault in ("image_160", "image_rotated", "image_blanked", "image_swapped"):
        assert rows[fault, 1.0].standing == "caught", fault
        assert rows[fault, 1.0].after < 100
    assert rows["audio_silent", 1.0].standing == "not_applicable"
    assert made.noise_pairs == {"image": COUNT}
    (image,) = needed
    assert (image.cases, image.independent, image.share) == (COUNT, 0, 0.0)


async def test_cases_that_need_no_medium_are_counted():
    """A pass on images would rest on questions that no image is needed for."""
    _, made, needed = await _drilled(lambda cases: Model(cases, sees=False))
    (image,) = needed
    assert (image.cases, image.independent, image.share) == (COUNT, COUNT, 1.0)
    rows = {(row.fault, row.rate): row for row in made.rows}
    assert rows["image_blanked", 1.0].standing == "not_caught"


@pytest.mark.parametrize("most", [0, 1, 30])
async def test_a_budget_that_ends_early_leaves_what_was_answered(most):
    """A drill would be lost, or would go on spending."""
    model, made, _ = await _drilled(lambda cases: Model(cases, most=most))
    assert model.asked == most
    # A fault that nobody asked about says nothing of a case.
    counted = {row.pairs for row in made.rows} - {0}
    # At most so many cases got an answer at all; four are asked at the same time.
    assert counted <= set(range(1, min(most, COUNT) + 1))
    assert bool(counted) == (most > 0)
