"""Draws the next block of the plan and reserves its cost."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from replayd.budget.accounting import SpendingAccount
from replayd.cases.schedule import NothingToDraw, Schedule
from replayd.errors import BudgetSpentError
from replayd.evaluation.counts import EpochRunnerSettings, RunCounts
from replayd.model import Planned
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait

DRAWN_AT_ONCE = 32  # before the loop may turn


class BlockDrawing:
    """Draws blocks from a schedule as budgets allow; waits where there is nothing."""

    def __init__(  # noqa: PLR0917 - what it stands between
        self,
        schedule: Schedule,
        spending: SpendingAccount,
        settings: EpochRunnerSettings,
        clock: Clock,
        counts: RunCounts,
        decided: Callable[[], frozenset[str]],
    ) -> None:
        self._schedule, self._spending, self._settings = schedule, spending, settings
        self._clock, self._counts, self._decided = clock, counts, decided
        self.fresh = asyncio.Event()  # set by whoever offers new cases
        # Planned and not sent yet, by number, and since when its cost is reserved.
        self.unsent: dict[int, tuple[Planned, int]] = {}
        self.lack = "", ""  # why no block could be drawn, and which budget is spent
        self.idle = False  # nothing is left to send

    async def next_block(self, number: int) -> list[Planned]:
        """Draw and reserve up to a block; waits until there is at least one."""
        while True:
            self.fresh.clear()
            block: list[Planned] = []
            wait = self._settings.poll_seconds
            most = self._most()
            while len(block) < most:
                try:
                    drawn = self._draw(number + len(block))
                except BudgetSpentError as error:
                    self.lacks("budget", error.budget)
                    wait = min(self._spending.seconds_until(error), wait)
                    break
                if isinstance(drawn, NothingToDraw):
                    self.lacks(drawn.reason)
                    break
                block.append(drawn)
                if len(block) % DRAWN_AT_ONCE == 0:
                    await asyncio.sleep(0)
            if block:
                self.lacks("")
                return block
            await self._pause(wait)

    def _most(self) -> int:
        """Return how many pairs to plan: after a crash all of them count as sent."""
        most = self._settings.block
        if not self._settings.has_control:
            return most
        return max(self._spending.control_room(most), 1)

    def lacks(self, what: str, budget: str = "") -> None:
        """Note what holds up the next block; it is shown once nothing is sent."""
        self.lack = what, budget
        if self.idle:
            self._counts.waiting, self._counts.budget = self.lack

    def _draw(self, number: int) -> Planned | NothingToDraw:
        """Return the number's plan with its cost reserved.

        Raises:
            BudgetSpentError: there are cases, but no budget for any of them.
        """
        closed: set[str] = set()
        spent: BudgetSpentError | None = None
        while True:
            now_ns, decided = self._clock.now_ns(), self._decided()
            drawn = self._schedule.take(number, now_ns, decided, frozenset(closed))
            if isinstance(drawn, NothingToDraw):
                if spent is not None:
                    raise spent
                return drawn
            try:
                return self._reserved(drawn)
            except BudgetSpentError as error:
                self._schedule.put_back(drawn)
                closed.add(drawn.case.modality)
                spent = error

    def _reserved(self, drawn: Planned) -> Planned:
        models = self._settings.models
        twice = drawn.second_control and len(models) > 1
        amount = self._spending.estimate(
            drawn.case, (*models, models[-1]) if twice else models
        )
        self._spending.reserve(drawn.case.modality, amount)
        planned = replace(
            drawn,
            second_control=twice,
            reserved_requests=amount.requests,
            reserved_tokens=amount.tokens,
            reserved_money=amount.money,
        )
        self.unsent[planned.number] = planned, self._clock.now_ns()
        return planned

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until fresh cases come."""
        await wait(self.fresh, seconds)
