"""Shows live traffic on models whose shutdown is announced."""

from collections.abc import Sequence

from replayd.config import ReplaydConfig
from replayd.model import Case
from replayd.planning.retirement import retirement_of, retirements
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.clock import Clock

MOST_ROWS = 200  # services and models; later ones are not shown


class RetirementNotice:
    """Counts the days left of every model that recent traffic uses."""

    def __init__(
        self, config: ReplaydConfig, clock: Clock, metrics: EngineMetrics
    ) -> None:
        self._known, self._clock = retirements(config), clock
        self._days = metrics.retiring
        metrics.retirement_notice.set(config.retirement_notice / 86_400)
        self._lookback_ns = int(config.schedule.lookback * 1e9)
        self._seen: dict[tuple[str, str], int] = {}  # newest call by service and model

    def saw(self, cases: Sequence[Case]) -> None:
        """Take new calls, and show who still uses what goes."""
        for case in cases:
            if case.pin or retirement_of(self._known, case.model) is None:
                continue
            key = (case.service, case.model)
            if key in self._seen or len(self._seen) < MOST_ROWS:
                newest = max(self._seen.get(key, 0), case.recorded_at_ns)
                self._seen[key] = newest
        now_ns = self._clock.now_ns()
        self._days.clear()
        for (service, model), newest_ns in self._seen.items():
            found = retirement_of(self._known, model)
            if found is not None and newest_ns > now_ns - self._lookback_ns:
                self._days.labels(service, model).set(found.days_left(now_ns))
