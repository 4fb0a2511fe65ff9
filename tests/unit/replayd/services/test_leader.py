"""Who cannot lead says so."""

import asyncio

from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock, leap
from prometheus_client import CollectorRegistry

from replayd.errors import DamagedResultError
from replayd.ledger.lease import Lease
from replayd.services.leader import CALM_SECONDS, LeaderElection
from replayd.telemetry.metrics import EngineMetrics


class FakeLead:
    def __init__(self, fold):
        self.fold, self.caught_up = fold, asyncio.Event()


class FakeFold:
    next_number = 0


class Sick:
    """A canary whose leadership breaks off as often as it is told to."""

    name = "next"

    def __init__(self, failures, error):
        self.lead, self.begun = None, 0
        self._fold, self._failures, self._error = FakeFold(), failures, error

    async def run(self, stop):
        self.begun += 1
        self.lead = FakeLead(self._fold)
        self.lead.caught_up.set()
        if self.begun <= self._failures:
            await asyncio.sleep(1)
            raise ExceptionGroup("", [self._error])
        while not stop.is_set():
            self._fold.next_number += 1
            await asyncio.sleep(1)

    def step_down(self):
        self.lead = None


def led(sick, *, checks):
    """Lead `sick`, and return what `failing` said at each time of `checks`."""

    async def main():
        metrics = EngineMetrics(CollectorRegistry())
        lease = Lease(dict_store(), "a", 15.0, LoopClock(10**18))
        leading = LeaderElection(lease, {"next": sick}, metrics, renew_seconds=5.0)
        stop, said = asyncio.Event(), []
        async with asyncio.TaskGroup() as group:
            group.create_task(leading.run(lambda: None, stop))
            at = 0.0
            for check in checks:
                await asyncio.sleep(check - at)
                at = check
                said.append((leading.failing(), metrics.lead_failing.labels("next")))
            said = [(text, gauge._value.get()) for text, gauge in said]
            stop.set()
        count = metrics.lead_failures
        return said, {
            sample.labels["why"]: sample.value
            for family in count.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }

    return leap(main)


def test_a_canary_that_is_led_is_ready():
    """If it failed, every start would look like a failure."""
    said, counted = led(Sick(0, ValueError()), checks=[10.0])
    assert said == [("", 0.0)]
    assert counted == {}


def test_a_leader_that_cannot_lead_is_not_ready_until_it_can():
    """If it failed, a replica that judges nothing would look healthy for ever."""
    sick = Sick(3, ValueError())
    said, counted = led(sick, checks=[10.0, 14.0 + 2 * CALM_SECONDS])
    assert said[0][0] == "next cannot be led: defect"
    assert said[1] == ("", 0.0)
    assert counted == {"defect": 3.0}


def test_why_is_said_in_a_bounded_word():
    """If it failed, the readiness probe would show what stands in the store."""
    said, counted = led(Sick(99, DamagedResultError("x", "y")), checks=[20.0])
    assert said == [("next cannot be led: damaged", 1.0)]
    assert set(counted) == {"damaged"}
