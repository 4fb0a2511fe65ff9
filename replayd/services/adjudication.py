"""Follows people's decisions for every canary: those in the store, and a file's."""

import asyncio
import logging
from collections.abc import Callable, Mapping

import aiohttp

from replayd.adjudication.decisions import Decisions
from replayd.adjudication.opinions import OpinionBook, decisions_of, joined
from replayd.adjudication.source import DecisionSource, DecisionsUnreadableError
from replayd.evaluation.canary import CanaryEvaluation
from replayd.model import Epoch
from replayd.services import gauges
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import StoreRefusedError, StoreUnavailableError

log = logging.getLogger(__name__)


class AdjudicationFeed:
    """Polls as often as new cases are looked for; retries an absent judge."""

    name = "deciding"

    def __init__(
        self,
        shadows: Mapping[str, CanaryEvaluation],
        metrics: EngineMetrics,
        book: OpinionBook,
        *,
        poll_seconds: float,
    ) -> None:
        self._shadows, self._metrics, self._book = shadows, metrics, book
        self._poll_seconds = poll_seconds
        # By canary: the epoch, and what a file or an address said about it last.
        self._told: dict[str, tuple[str, Decisions]] = {}
        self._given: dict[str, tuple[str, Decisions]] = {}

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
                for name, shadow in self._shadows.items():
                    if shadow.epoch is not None:
                        await self._ask(shadow, shadow.epoch, sources.get(name))
                await wait(stop, self._poll_seconds)

    async def _ask(
        self, shadow: CanaryEvaluation, epoch: Epoch, source: DecisionSource | None
    ) -> None:
        told = self._told.get(shadow.name)
        known = told[1] if told and told[0] == epoch.epoch else Decisions()
        try:
            if source is not None:
                known = await source.read(epoch.epoch, epoch.sides) or known
                self._told[shadow.name] = epoch.epoch, known
            opinions = (await self._book.read(epoch.epoch)).values()
        except (
            DecisionsUnreadableError,
            StoreRefusedError,
            StoreUnavailableError,
        ) as error:
            self._metrics.damaged.labels("decisions").inc()
            log.warning(
                "adjudication decisions unavailable",
                extra={"canary": shadow.name, "why": str(error)},
            )
            return
        gauges.show_labels(self._metrics, shadow.name, epoch, opinions)
        found = joined(known, decisions_of(opinions, epoch.sides))
        if self._given.get(shadow.name) != (epoch.epoch, found):
            self._given[shadow.name] = epoch.epoch, found
            gauges.count_decisions(self._metrics, shadow.name, found)
            shadow.decide(epoch.epoch, found)
