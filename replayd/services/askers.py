"""Parts that ask the control outside of any epoch, where they are wanted."""

from replayd.services.control_asker import ControlAsker, Surroundings
from replayd.services.drill_share import DrillShare
from replayd.services.production_watch import ProductionWatch
from replayd.telemetry.metrics import EngineMetrics


def askers(around: Surroundings, metrics: EngineMetrics) -> list[ControlAsker]:
    """Return the watch on production and the continuous drill, if configured."""
    found: list[ControlAsker] = []
    if around.config.watch.anchors:
        watch = ProductionWatch(around, metrics.watch)
        found.append(ControlAsker(watch, around))
    if around.config.drills.share:
        share = DrillShare(around, metrics.drills)
        found.append(ControlAsker(share, around))
    return found
