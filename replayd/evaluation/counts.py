"""Settings of one leadership, and its counts for metrics."""

from msgspec import Struct


class EpochRunnerSettings(Struct, frozen=True, kw_only=True):
    """Concurrency and waiting times."""

    in_flight: int  # pairs
    block: int  # numbers planned at once
    poll_seconds: float  # between two tries when nothing could be drawn
    drain_seconds: float  # for pairs in flight once told to stop
    models: tuple[str, ...] = ()  # of the canary, and of the control if there is one

    @property
    def has_control(self) -> bool:
        """Whether each pair asks a control, too."""
        return len(self.models) > 1


class RunCounts:
    """Event counts for metrics, by bounded labels."""

    def __init__(self) -> None:
        self.dispatched = 0
        self.in_flight = 0
        self.excluded: dict[str, int] = {}
        self.waiting = ""  # for: fresh_cases, budget, outage_<arm>, or nothing
        self.budget = ""  # which budget is spent
