"""Asks the control outside of any epoch, while this replica leads.

The lead, the loop and the budget are alike for everything that asks; a purpose decides
which calls it wants and what becomes of the answers. No verdict's fold reads any of it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.budget.accounting import SpendingAccount
from replayd.budget.limits import Amount
from replayd.cases.loader import CaseLoader
from replayd.config import BudgetConfig, ReplaydConfig
from replayd.errors import ReplaydError
from replayd.model import Case
from replayd.scoring.pool import ScoringPool
from replayd.services.control_calls import ControlCalls
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 30.0


class Surroundings(Struct, frozen=True, kw_only=True):
    """Parts of the engine that every purpose uses."""

    config: ReplaydConfig
    store: Store
    content: CaseLoader
    clock: Clock
    control: Callable[[], Arm | None]
    spending: SpendingAccount
    judging: ScoringPool
    leading: Callable[[], bool]


class Purpose(Protocol):
    """A reason to ask the control, with a budget and a state of its own."""

    @property
    def name(self) -> str:
        """Name of the part."""

    @property
    def lane(self) -> str:
        """Lane of its calls in the control's rate."""

    @property
    def budget(self) -> BudgetConfig:
        """Limits of its calls, beside the control's rate."""

    def take(self, case: Case) -> None:
        """Take a new call of the equal-probability sample."""

    async def load(self, arm: Arm, calls: ControlCalls) -> None:
        """Read the stored state, and count what was spent before this replica led.

        Raises:
            SnapshotError: the store does not answer; safe to repeat.
        """

    async def ask(self, arm: Arm, calls: ControlCalls, stop: asyncio.Event) -> None:
        """Ask everything that is due, as far as the budget goes; store what came of it.

        Raises:
            SnapshotError: the store does not answer; `load` is called again.
        """

    def forget(self) -> None:
        """Drop the loaded state: another replica may have changed the stored one."""

    def spent(self, case: Case, at_ns: int, amount: Amount) -> None:
        """Count what one call cost."""


class ControlAsker:
    """Part that serves one purpose."""

    def __init__(self, purpose: Purpose, around: Surroundings) -> None:
        self.name = purpose.name
        self._purpose, self._around = purpose, around
        self._calls = ControlCalls(
            purpose.budget,
            around.spending,
            around.clock,
            lane=purpose.lane,
            on_spent=purpose.spent,
        )
        self._loaded = False

    def offer(self, cases: Sequence[Case]) -> None:
        """Offer new calls; those that stand for traffic reach the purpose."""
        for case in cases:
            if case.stands_for_traffic:
                self._purpose.take(case)

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Ask until `stop`."""
        ready()
        while not stop.is_set():
            try:
                await self.look(stop)
            except (SnapshotError, ReplaydError) as error:
                log.warning(
                    "asking the control waits",
                    extra={"part": self.name, "why": str(error)},
                )
                self._forget()
            await wait(stop, LOOK_EVERY_SECONDS)

    async def look(self, stop: asyncio.Event) -> None:
        """Ask once what is due; nothing while there is no control or no lead.

        Raises:
            SnapshotError: the store does not answer; the look is repeated.
        """
        arm = self._around.control()
        if arm is None or not self._around.leading():
            self._forget()
            return
        if not self._loaded:
            self._calls.reset()
            await self._purpose.load(arm, self._calls)
            self._loaded = True
        await self._purpose.ask(arm, self._calls, stop)

    def _forget(self) -> None:
        self._purpose.forget()
        self._loaded = False
