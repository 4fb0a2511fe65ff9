"""The result of a number that feeds no evidence, and why."""

from replayd.model import PairAnswers, PairResult, Planned
from replayd.scoring.pair import arm_outcome


def excluded(
    item: Planned, reason: str, now_ns: int, answers: PairAnswers | None = None
) -> PairResult:
    """Return the result; `answers` are what was spent on it all the same."""
    case = item.case
    control = None if answers is None else answers.control
    return PairResult(
        number=item.number,
        snapshot_id=case.snapshot_id,
        modality=case.modality,
        lane=item.lane,
        slices=item.slices,
        recorded_at_ns=case.recorded_at_ns,
        committed_at_ns=now_ns,
        canary=None if answers is None else arm_outcome(answers.canary),
        control=None if control is None else arm_outcome(control),
        excluded=reason,
        service=case.service,
        route=case.route,
        attributes=case.attributes,
    )
