"""One anchor asked once: its answer's numbers, or why there is none."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from replayd.evidence.differences import is_valued, scores_of, worst_of
from replayd.model import ArmAnswer, Case, JudgedPair, PairAnswers, Planned
from replayd.scoring.recorded import Recorded
from replayd.watch.state import Answered

# Scores a pair beside the loop, as for a verdict.
Judge: TypeAlias = Callable[[Planned, Recorded, PairAnswers], Awaitable[JudgedPair]]


async def scored(
    case: Case, recorded: Recorded, answer: ArmAnswer, judge: Judge, at_ns: int
) -> Answered | None:
    """Return an answer's numbers; None if no rule can value it.

    It is scored by itself, as both arms of a pair: what an answer is worth must not
    depend on the one that it is later paired with.
    """
    planned = Planned(number=0, case=case, lane="traffic")
    answers = PairAnswers(
        number=0, snapshot_id=case.snapshot_id, canary=answer, control=answer
    )
    result = (await judge(planned, recorded, answers)).result
    scores = scores_of(result)
    if result.excluded or not scores or not all(map(is_valued, scores)):
        return None
    worst = worst_of(scores)
    return Answered(
        at_ns=at_ns,
        score=worst.canary or 0.0,
        outcome=answer.outcome,
        scorer=worst.scorer,
        served_model=answer.served_model,
        fingerprint=answer.fingerprint,
        latency_ms=answer.latency_ms,
    )
