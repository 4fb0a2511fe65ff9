"""The part that asks the control: it leads, loses the store, and is made to stop."""

import asyncio

import pytest
from fakes.asked_control import SetClock, spending_of
from fakes.led_epoch import cases
from msgspec.structs import replace

from replayd.config import BudgetConfig, ReplaydConfig
from replayd.errors import ReplaydError
from replayd.services import control_asker
from replayd.services.control_asker import ControlAsker, Surroundings
from snaptrace.snapshot.errors import StoreUnavailableError


class Purpose:
    """Writes down what is asked of it."""

    name, lane, budget = "purpose", "lane", BudgetConfig()

    def __init__(self, *failures):
        self.done, self.taken, self._failures = [], [], list(failures)

    def take(self, case):
        """Take a call."""
        self.taken.append(case)

    async def load(self, _arm, _calls):
        """Load."""
        self.done.append("load")

    async def ask(self, _arm, _calls, stop):
        """Ask, or fail as was planned; the third time is the last."""
        self.done.append("ask")
        if self._failures and (failure := self._failures.pop(0)) is not None:
            raise failure
        if self.done.count("ask") >= 3:
            stop.set()

    def forget(self):
        """Forget."""
        self.done.append("forget")

    def spent(self, _case, _at_ns, _amount):
        """Count."""


class Replica:
    """A replica that serves one purpose."""

    def __init__(self, purpose):
        self.leading, self.arm = True, object()
        clock = SetClock(0)
        around = Surroundings(
            config=ReplaydConfig(),
            store=None,
            content=None,
            clock=clock,
            control=lambda: self.arm,
            spending=spending_of(clock),
            judging=None,
            leading=lambda: self.leading,
        )
        self.part = ControlAsker(purpose, around)


@pytest.mark.parametrize(
    "failure", [StoreUnavailableError("put", "state", "down"), ReplaydError("odd")]
)
async def test_what_was_stored_is_read_again_after_a_failure(failure, monkeypatch):
    """Counts of what was spent would stay as they were before the failure."""
    monkeypatch.setattr(control_asker, "LOOK_EVERY_SECONDS", 0.0)
    purpose = Purpose(None, failure)
    await Replica(purpose).part.run(lambda: None, asyncio.Event())
    assert purpose.done == ["load", "ask", "ask", "forget", "load", "ask"]


async def test_a_state_is_forgotten_where_another_replica_leads():
    """It would overwrite what the other replica stored in the meantime."""
    purpose = Purpose()
    replica = Replica(purpose)
    await replica.part.look(asyncio.Event())
    replica.leading = False
    await replica.part.look(asyncio.Event())
    replica.leading, replica.arm = True, None
    await replica.part.look(asyncio.Event())
    replica.arm = object()
    await replica.part.look(asyncio.Event())
    assert purpose.done == ["load", "ask", "forget", "forget", "load", "ask"]


def test_calls_that_do_not_stand_for_traffic_are_not_offered():
    """Rare calls that a quota kept would count as if they were frequent."""
    purpose = Purpose()
    drawn, rare = cases(2)
    rare = replace(rare, uniform=False)
    Replica(purpose).part.offer([drawn, rare])
    assert purpose.taken == [drawn]
