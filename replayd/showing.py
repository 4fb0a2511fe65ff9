"""What replayd shows: the verdicts, laid out once a second, and the plans they need."""

import asyncio
from collections.abc import Callable, Mapping

from replayd import reporting
from replayd.arms import Arm
from replayd.config import ReplaydConfig
from replayd.costed_plan import CostedPlan, costed_plans, survey
from replayd.intake import Intake
from replayd.metrics import EngineMetrics, VerdictCollector
from replayd.shadow import Shadow
from replayd.spending import Spending
from replayd.verdicts import LiveModality, LiveTraffic, Verdicts
from replayd.waiting import wait
from snaptrace.runtime.clock import Clock

REPORT_EVERY_SECONDS = 1.0


class Showing:
    """Computes verdicts and gauges on a timer; `verdicts` are the last ones."""

    name = "reporting"

    def __init__(
        self,
        *,
        shadows: Mapping[str, Shadow],
        arms: Mapping[str, Arm],
        spending: Spending,
        metrics: EngineMetrics,
        series: VerdictCollector,
        clock: Clock,
        leading: Callable[[], bool],
    ) -> None:
        self._shadows, self._arms, self._spending = shadows, arms, spending
        self._metrics, self._series, self._clock = metrics, series, clock
        self._leading = leading
        self.verdicts = Verdicts(canaries={}, leading=False)

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Report every second until `stop`."""
        ready()
        while not stop.is_set():
            self._report()
            await wait(stop, REPORT_EVERY_SECONDS)

    def _report(self) -> None:
        views = {name: shadow.view() for name, shadow in self._shadows.items()}
        known = {name: view for name, view in views.items() if view is not None}
        leading = self._leading() and len(known) == len(views)
        self.verdicts = Verdicts(canaries=known, leading=leading)
        self._series.publish(self.verdicts)
        reporting.refresh(
            self._metrics,
            self._shadows.values(),
            self._arms,
            self._spending,
            self._clock,
        )


def live_traffic(intake: Intake) -> LiveTraffic:
    """Return what intake saw of live traffic lately."""
    return LiveTraffic(
        modalities={
            name: LiveModality(
                seen=seen.seen, replayable=seen.replayable, reasons=seen.reasons
            )
            for name, seen in intake.sample.live().items()
        }
    )


def plans(
    config: ReplaydConfig,
    verdicts: Verdicts,
    shadows: Mapping[str, Shadow],
    intake: Intake,
    now_ns: int,
) -> dict[str, list[CostedPlan]]:
    """Return what a verdict on each canary will need, from now on."""
    lookback_ns = int(config.schedule.lookback * 1e9)
    found: dict[str, list[CostedPlan]] = {}
    for name, view in verdicts.canaries.items():
        shadow = shadows[name]
        traffic = survey(shadow.newest_cases(), now_ns, lookback_ns)
        pace = intake.sample.production_calls_per_hour(now_ns, shadow.applies_to)
        found[name] = list(
            costed_plans(config, name, view, traffic, production_calls_per_hour=pace)
        )
    return found
