"""Looking after the store: by the leader alone, again after a failure."""

import asyncio

import pytest
from fakes.leaping_loop import LoopClock, leap
from prometheus_client import CollectorRegistry, generate_latest

from replayd.app import check
from replayd.config import ArmConfig, ReplaydConfig
from replayd.services.store_maintenance import StoreMaintenance
from replayd.telemetry.metrics import MaintenanceMetrics
from snaptrace.runtime.config import ConfigError, Duration
from snaptrace.snapshot.errors import StoreUnavailableError
from snaptrace.store.maintenance import Kept
from snaptrace.store.retention import Removed


class StubKeeper:
    """Does rounds as it is told."""

    def __init__(self, *rounds):
        self._rounds, self.begun, self.cancelled = list(rounds), 0, 0

    async def once(self, now_ns):
        del now_ns
        self.begun += 1
        what = self._rounds.pop(0) if self._rounds else Kept()
        if what == "hang":
            try:
                await asyncio.sleep(10**9)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(what, Exception):
            raise what
        return what


class Ran:
    """A keeping part that runs for some loop time."""

    def __init__(self, keeper, leading=lambda: True):
        self._keeper, self._leading = keeper, leading

    def for_seconds(self, seconds):
        """Return the metrics after that time."""
        registry = CollectorRegistry()

        async def main():
            keeping = StoreMaintenance(
                self._keeper,
                MaintenanceMetrics(registry),
                LoopClock(),
                leading=self._leading,
                every_seconds=600,
            )
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(seconds, stop.set)
            await keeping.run(lambda: None, stop)

        leap(main)
        return generate_latest(registry).decode()


def test_the_leader_does_a_round_every_ten_minutes():
    """The store would grow, or a thousand objects be listed every second."""
    keeper = StubKeeper(Kept(catalogues=2, removed=Removed(segments=3, freed_bytes=9)))
    page = Ran(keeper).for_seconds(3000)
    assert keeper.begun in (4, 5)
    assert "snaptrace_replayd_store_closed_hours_total 2.0" in page
    assert 'snaptrace_replayd_store_removed_total{what="segments"} 3.0' in page
    assert "snaptrace_replayd_store_freed_bytes_total 9.0" in page


def test_a_standby_does_nothing():
    """Every replica would list and delete."""
    keeper = StubKeeper()
    Ran(keeper, leading=lambda: False).for_seconds(3000)
    assert keeper.begun == 0


def test_a_round_that_fails_is_tried_the_next_time():
    """One outage of the store would end retention until a restart."""
    keeper = StubKeeper(StoreUnavailableError("list", "v1", "away"))
    page = Ran(keeper).for_seconds(1900)
    assert keeper.begun == 3
    assert "snaptrace_replayd_store_keeping_failed_total 1.0" in page


def test_a_round_does_not_keep_the_program_from_ending():
    """A pod would be killed at its deadline, with results unwritten."""
    keeper = StubKeeper("hang")
    Ran(keeper).for_seconds(700)
    assert keeper.cancelled == 1


def test_a_round_without_pause_is_refused():
    """A typing error would list the store without end."""
    arm = ArmConfig(role="canary", url="http://c", model="m")
    config = ReplaydConfig(arms={"canary": arm}, upkeep=Duration(0))
    with pytest.raises(ConfigError, match=r"replayd\.upkeep"):
        check(config)
