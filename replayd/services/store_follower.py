"""Follows the store: declared revisions, new segments, production traffic."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from replayd.budget.accounting import SpendingAccount
from replayd.cases.intake import Intake
from replayd.cases.loader import CaseLoader
from replayd.evaluation import revisions as declarations
from replayd.evaluation.canary import HANDED_AT_ONCE, CanaryEvaluation
from replayd.model import Case
from replayd.services.gauges import show_traffic
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import StoreRefusedError, StoreUnavailableError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)


class StoreFollower:
    """Polls for new segments, at the configured interval, for all canaries."""

    name = "intake"

    def __init__(
        self,
        *,
        store: Store,
        content: CaseLoader,
        intake: Intake,
        spending: SpendingAccount,
        metrics: EngineMetrics,
        clock: Clock,
        shadows: Mapping[str, CanaryEvaluation],
        poll_seconds: float,
    ) -> None:
        self._store, self._content, self._intake = store, content, intake
        self._spending, self._metrics, self._clock = spending, metrics, clock
        self._shadows, self._poll_seconds = shadows, poll_seconds
        # Called with every new set of cases, whatever canaries there are.
        self.listeners: list[Callable[[Sequence[Case]], None]] = []

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Follow the store until `stop`; retries while the store is unavailable."""
        ready()
        while not stop.is_set():
            try:
                await self.poll()
            except StoreUnavailableError:
                pass  # said by the store, once an episode
            except StoreRefusedError as error:
                log.warning("object store refuses", extra={"why": str(error)})
            await wait(stop, self._poll_seconds)

    async def poll(self) -> None:
        """Look for new cases once and pass them to every canary.

        Raises:
            StoreUnavailableError: safe to repeat.
        """
        for name, shadow in self._shadows.items():
            declared = await declarations.newest(self._store, name)
            if declared is not None:
                shadow.declare(declared)
        await self._content.refresh()
        fresh = await self._intake.poll(self._clock.now_ns())
        if fresh.damaged:
            self._metrics.damaged.labels("segment").inc(len(fresh.damaged))
            log.warning("segments cannot be read", extra={"count": len(fresh.damaged)})
        sample = self._intake.sample
        for listener in self.listeners:
            listener(fresh.cases)
        for shadow in self._shadows.values():
            thresholds = sample.thresholds(shadow.applies_to)
            for first in range(0, max(len(fresh.cases), 1), HANDED_AT_ONCE):
                part = fresh.cases[first : first + HANDED_AT_ONCE]
                shadow.offer(part, thresholds)
                await asyncio.sleep(0)
        calls = sample.production_calls(
            lambda service: (
                # Without a canary the control stands for all traffic.
                not self._shadows
                or any(s.applies_to(service) for s in self._shadows.values())
            )
        )
        self._spending.rate.observed(calls)
        await self._show_traffic()

    async def _show_traffic(self) -> None:
        """Set the gauges of traffic; beside the loop, for it may be many calls."""
        estimate = self._intake.traffic.estimate
        cells = await asyncio.to_thread(estimate, self._clock.now_ns())
        show_traffic(self._metrics, cells)
