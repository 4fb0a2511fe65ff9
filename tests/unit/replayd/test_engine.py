"""An engine as wired: several canaries, one control, each with its own traffic."""

import json
import random
from contextlib import AsyncExitStack

import pytest
from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock
from fakes.led_epoch import cases
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from replayd.config import ReplaydConfig
from replayd.engine import Engine
from replayd.evaluation import revisions
from replayd.services import gauges
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import load

NOW = 1_800_000_000_000_000_000
ARMS = {
    "production": {"role": "control", "url": "http://p/v1", "model": "m7"},
    "shop-canary": {
        "role": "canary",
        "url": "http://a/v1",
        "model": "m8",
        "applies_to": {"service": ["shop*"]},
    },
    "old-only": {
        "role": "canary",
        "url": "http://b/v1",
        "model": "m9",
        "applies_to": {"recorded_model": ["m6"]},
    },
}


@pytest.fixture
async def engine():
    document = load(None, {}, [f"replayd.arms={json.dumps(ARMS)}"])
    config = document.section("replayd", ReplaydConfig)
    metrics = EngineMetrics(CollectorRegistry())
    made = Engine(
        config,
        dict_store(),
        FleetKey(b"k" * 32),
        LoopClock(NOW),
        random.Random(1),
        metrics=metrics,
    )
    async with AsyncExitStack() as stack:
        await made.open_arms(stack, {})
        yield made


async def test_each_canary_has_its_own_traffic_and_the_rest_is_counted(engine):
    """If it failed, a canary would be judged by calls that it will never serve."""
    known = [
        replace(case, service=service, model=model)
        for case, (service, model) in zip(
            cases(4),
            [("shop", "m7"), ("shop-eu", "m6"), ("mail", "m6"), ("mail", "m7")],
            strict=True,
        )
    ]
    for shadow in engine.shadows.values():
        shadow.offer(known, {})
    held = {
        name: {(c.service, c.model) for c in shadow.newest_cases()}
        for name, shadow in engine.shadows.items()
    }
    assert held == {
        "shop-canary": {("shop", "m7"), ("shop-eu", "m6")},
        "old-only": {("shop-eu", "m6"), ("mail", "m6")},
    }
    gauges.refresh(
        engine.metrics,
        engine.shadows.values(),
        engine.arms,
        engine.spending,
        LoopClock(NOW),
    )
    counted = engine.metrics.not_applicable.labels("old-only")._value.get()
    assert counted == 2


async def test_a_declared_revision_is_in_the_store_before_it_is_said_to_be(engine):
    """If it failed, a revision would be forgotten by a restart or unknown elsewhere."""
    await engine.declare("old-only", "r2")
    found = await revisions.newest(engine._store, "old-only")
    assert (found.revision, found.instead_of) == ("r2", "")
    with pytest.raises(KeyError):
        await engine.declare("production", "r2")


async def test_all_canaries_share_one_control(engine):
    """If it failed, each canary would ask production at a rate of its own."""
    controls = {id(shadow._control) for shadow in engine.shadows.values()}
    assert controls == {id(engine.arms["production"])}
    assert all(s._tools.spending is engine.spending for s in engine.shadows.values())
