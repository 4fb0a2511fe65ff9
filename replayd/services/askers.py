"""Parts that ask the control outside of any epoch, where they are wanted."""

from collections.abc import Callable
from typing import TypeAlias

from replayd.arms.arm import Arm
from replayd.budget.accounting import SpendingAccount
from replayd.cases.loader import CaseLoader
from replayd.config import ReplaydConfig
from replayd.scoring.pool import ScoringPool
from replayd.services.drill_share import DrillShare
from replayd.services.drills import JudgeBeside
from replayd.services.production_watch import ProductionWatch
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store

Asker: TypeAlias = ProductionWatch | DrillShare


def askers(
    config: ReplaydConfig,
    store: Store,
    content: CaseLoader,
    clock: Clock,
    *,
    control: Callable[[], Arm | None],
    spending: SpendingAccount,
    judging: ScoringPool,
    metrics: EngineMetrics,
    leading: Callable[[], bool],
) -> list[Asker]:
    """Return the watch on production and the continuous drill, if configured."""
    found: list[Asker] = []
    if config.watch.anchors:
        watch = ProductionWatch(
            config,
            store,
            content,
            clock,
            control=control,
            spending=spending,
            judging=judging,
            metrics=metrics.watch,
            leading=leading,
        )
        found.append(watch)
    if config.drills.share:
        share = DrillShare(
            config,
            store,
            content,
            clock,
            control=control,
            spending=spending,
            judge=JudgeBeside(judging),
            metrics=metrics.drills,
            leading=leading,
        )
        found.append(share)
    return found
