"""Certificates that replayd makes by itself, from answers that are stored anyway."""

import asyncio

import pytest
from fakes.leaping_loop import LoopClock
from fakes.stored_calls import store_calls, text_call
from prometheus_client import CollectorRegistry

from replayd.config import DrillConfig, ReplaydConfig
from replayd.drills.certificate import certificates
from replayd.scoring.pool import ScoringPool
from replayd.scoring.redaction import RedactionSettings
from replayd.services.drills import OfflineDrills
from replayd.telemetry.drill_metrics import DrillMetrics
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

NOW = 1_800_000_000 * 10**9
KEY = FleetKey(b"k" * 32)


class Drilled:
    """The part over a store with some recorded answers."""

    def __init__(self, *, leading=True, replayable=12, from_pairs=10):
        self.clock, self.registry = LoopClock(NOW), CollectorRegistry()
        self.store = Store.open(StoreConfig(url="memory://"))
        redaction = RedactionSettings(RedactConfig(), KEY.handed_over(), ())
        self.part = OfflineDrills(
            ReplaydConfig(drills=DrillConfig(from_pairs=from_pairs, pairs=12)),
            self.store,
            KEY,
            self.clock,
            judging=ScoringPool(self.clock, redaction, in_process=False),
            metrics=DrillMetrics(self.registry),
            leading=lambda: leading,
            replayable=lambda: replayable,
        )

    async def look(self):
        """Store the calls and look once; return the kept certificates."""
        calls = [
            text_call(n, at_ns=NOW, answer=f"The total is {100 + n} euros.")
            for n in range(12)
        ]
        await store_calls(self.store, calls, at_ns=NOW, key=KEY)
        await self.part.look()
        return await certificates(self.store, "offline")

    def sample(self, name, **labels):
        """Return a metric's value."""
        return self.registry.get_sample_value(f"snaptrace_replayd_{name}", labels)


def test_a_first_certificate_comes_by_itself():
    """The first green would come without a word on what it is worth."""
    drilled = Drilled()
    (made,) = asyncio.run(drilled.look())
    assert made.source == "recording"
    row = {"modality": "text", "slice": "", "fault": "digit_changed", "rate": "1"}
    assert drilled.sample("drill_detected", **row) == 1
    assert drilled.sample("drill_once_detected", **row) == 1
    assert drilled.sample("drill_pairs", **row) < 100
    assert drilled.sample("drill_certificate_timestamp_seconds", kind="offline")
    assert drilled.part.known.made_at_ns == made.made_at_ns


@pytest.mark.parametrize(
    "given", [{"leading": False}, {"replayable": 9}, {"from_pairs": 0}]
)
def test_no_certificate_before_there_is_reason_for_one(given):
    """Every replica would drill, or a handful of answers would be certified."""
    assert asyncio.run(Drilled(**given).look()) == []


def test_a_certificate_is_made_anew_only_after_its_time():
    """Scoring would be kept busy by the same drill, once a minute."""

    async def twice():
        drilled = Drilled()
        await drilled.look()
        await drilled.part.look()
        return await certificates(drilled.store, "offline")

    assert len(asyncio.run(twice())) == 1
