"""Every error of replayd.

ReplaydError
├── LostLeadError       another leader committed this number: read it, stop leading
├── BudgetSpentError    nothing may be sent before `until_ns`: wait
├── DamagedResultError  a result object does not check out: no verdict from it
├── WorkerFaultError    a worker ran into a defect with one pair
└── ScoreRangeError     a scorer broke its promise: a defect, the scorer is named
"""


class ReplaydError(Exception):
    """Base of all errors below; catch this one at the program's edge."""


class LostLeadError(ReplaydError):
    """Somebody else wrote `name` first."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: another leader was here first")
        self.name = name


class BudgetSpentError(ReplaydError):
    """A budget's window is used up until `until_ns` (Unix time)."""

    def __init__(self, budget: str, until_ns: int) -> None:
        super().__init__(f"budget {budget} is spent")
        self.budget, self.until_ns = budget, until_ns


class DamagedResultError(ReplaydError):
    """`name` is missing in a run of numbers, doubled, or cannot be read."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name, self.why = name, why


class WorkerFaultError(ReplaydError):
    """A defect of ours, of the kind `reason`, in `worker`; the pair may be sent."""

    def __init__(self, worker: str, reason: str) -> None:
        super().__init__(f"worker {worker} failed: {reason}")
        self.worker, self.reason = worker, reason


class ScoreRangeError(ReplaydError):
    """`scorer` returned something that is no number in [0, 1]."""

    def __init__(self, scorer: str, value: object) -> None:
        super().__init__(f"scorer {scorer} returned {value!r}, not a number in [0, 1]")
        self.scorer, self.value = scorer, value
