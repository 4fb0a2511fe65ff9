"""The result of a number that feeds no evidence, and why."""

from replayd.arms.availability import kind_of
from replayd.arms.outcomes import RULES
from replayd.model import ArmAnswer, PairAnswers, PairResult, Planned
from replayd.scoring.pair import arm_outcome

REFUSED_BY_BOTH = "refused_by_both"


def refused_by_both(canary: ArmAnswer, control: ArmAnswer | None) -> bool:
    """Detect a case that neither arm takes: it says nothing about their difference.

    An arm that is set up wrong refuses everything, which is no matter of the case.
    """
    if control is None:
        return False
    for arm in (canary, control):
        rule = RULES[arm.outcome]
        away = kind_of(arm.outcome, arm.detail) == "misconfigured"
        if rule.scored or rule.retry or rule.outage or away:
            return False
    return True


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
