"""Recomputes verdicts once a second, and the plans that they need."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from replayd.arms.arm import Arm
from replayd.budget.accounting import SpendingAccount
from replayd.cases.intake import Intake
from replayd.config import ReplaydConfig
from replayd.evaluation.canary import CanaryEvaluation
from replayd.model import Epoch
from replayd.planning.cost import CostedPlan, costed_plans, survey
from replayd.services import gauges
from replayd.telemetry.metrics import EngineMetrics, VerdictCollector
from replayd.verdicts.views import LiveModality, LiveTraffic, Verdicts
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait

REPORT_EVERY_SECONDS = 1.0


class Evaluated(Protocol):
    """Interface of the engine that currently evaluates."""

    shadows: dict[str, CanaryEvaluation]
    arms: dict[str, Arm]
    spending: SpendingAccount

    @property
    def leading(self) -> bool:
        """Whether this replica leads."""
        ...


class VerdictRefresh:
    """Computes verdicts and gauges on a timer; `verdicts` are this replica's."""

    name = "reporting"

    def __init__(
        self,
        evaluated: Callable[[], Evaluated],
        *,
        metrics: EngineMetrics,
        series: VerdictCollector,
        clock: Clock,
        suites: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._evaluated, self._suites = evaluated, suites
        self._metrics, self._series, self._clock = metrics, series, clock
        self.verdicts = Verdicts(canaries={}, leading=False)

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Refresh every second until `stop`."""
        ready()
        while not stop.is_set():
            self._report()
            await wait(stop, REPORT_EVERY_SECONDS)

    def _report(self) -> None:
        engine = self._evaluated()
        views = {name: shadow.view() for name, shadow in engine.shadows.items()}
        known = {name: view for name, view in views.items() if view is not None}
        leading = engine.leading and len(known) == len(views)
        self.verdicts = Verdicts(
            canaries=known, leading=leading, suites=dict(self._suites())
        )
        self._series.publish(self.verdicts)
        gauges.refresh(
            self._metrics,
            engine.shadows.values(),
            engine.arms,
            engine.spending,
            self._clock,
        )


def live_traffic(intake: Intake, epoch: Epoch | None = None) -> LiveTraffic:
    """Return the live traffic recently seen by intake, as an epoch may draw of it."""
    left_out = () if epoch is None else epoch.left_out
    return LiveTraffic(
        modalities={
            name: LiveModality(
                seen=seen.seen, replayable=seen.replayable, reasons=seen.reasons
            )
            for name, seen in intake.sample.live(left_out).items()
        }
    )


def plans(
    config: ReplaydConfig,
    verdicts: Verdicts,
    shadows: Mapping[str, CanaryEvaluation],
    intake: Intake,
    now_ns: int,
) -> dict[str, list[CostedPlan]]:
    """Return the remaining needs of a verdict on each canary."""
    lookback_ns = int(config.schedule.lookback * 1e9)
    found: dict[str, list[CostedPlan]] = {}
    for name, view in verdicts.canaries.items():
        if (shadow := shadows.get(name)) is None:
            continue  # a leader with another configuration published it
        traffic = survey(shadow.newest_cases(), now_ns, lookback_ns)
        pace = intake.sample.production_calls_per_hour(now_ns, shadow.applies_to)
        found[name] = list(
            costed_plans(config, name, view, traffic, production_calls_per_hour=pace)
        )
    return found
