"""Follows an external judge's decisions for every canary that has one."""

import asyncio
import logging
from collections.abc import Callable, Mapping

import aiohttp

from replayd.adjudication.source import DecisionSource, DecisionsUnreadableError
from replayd.evaluation.canary import CanaryEvaluation
from replayd.services import gauges
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.events import wait

log = logging.getLogger(__name__)


class AdjudicationFeed:
    """Polls as often as new cases are looked for; retries an absent judge."""

    name = "deciding"

    def __init__(
        self,
        shadows: Mapping[str, CanaryEvaluation],
        metrics: EngineMetrics,
        *,
        poll_seconds: float,
    ) -> None:
        self._shadows, self._metrics = shadows, metrics
        self._poll_seconds = poll_seconds

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Poll until `stop`."""
        ready()
        async with aiohttp.ClientSession() as session:
            sources = {
                name: DecisionSource(shadow.decisions, session)
                for name, shadow in self._shadows.items()
                if shadow.decisions
            }
            while not stop.is_set():
                for name, source in sources.items():
                    await self._ask(self._shadows[name], source)
                await wait(stop, self._poll_seconds)

    async def _ask(self, shadow: CanaryEvaluation, source: DecisionSource) -> None:
        if shadow.epoch is None:
            return
        epoch = shadow.epoch.epoch
        try:
            decisions = await source.read(epoch, shadow.epoch.sides)
        except DecisionsUnreadableError as error:
            self._metrics.damaged.labels("decisions").inc()
            log.warning(
                "adjudication decisions unavailable",
                extra={"canary": shadow.name, "why": str(error)},
            )
            return
        if decisions is not None:
            gauges.count_decisions(self._metrics, shadow.name, decisions)
            shadow.decide(epoch, decisions)
