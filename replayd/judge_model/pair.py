"""Adds a judge model's verdict to a pair's result, where a judge is wanted.

Wanted are pairs that no decisive rule could value and pairs whose scores differ.
Where the answers are the same, or one never came, the verdict is known without asking.
It stands beside the scores as a diagnostic; the evidence decides what it counts.
"""

import logging
from collections.abc import Callable

from msgspec import structs

from replayd.arms.outcomes import RULES
from replayd.cases.loader import CaseLoader, Gone
from replayd.judge_model import prompt
from replayd.judge_model.model import Cost, Judgement, JudgeModel
from replayd.model import ArmOutcome, PairAnswers, PairResult, Planned, StreamScore
from replayd.scoring.recorded import Recorded
from snaptrace.snapshot.errors import StoreUnavailableError

log = logging.getLogger(__name__)

NAME = "judge"  # of the diagnostic
# Scorers that compare what is said and can miss what is meant: a judge is asked even
# where they find two answers equal. Every other rule decides what it scores.
NOT_DECISIVE = frozenset({"claims", "creative_kept", "key_facts", "overlap"})
VALUES = {1: (1.0, 0.0), 0: (1.0, 1.0), -1: (0.0, 1.0)}  # canary, control


class PairJudge:
    """Judges the pairs of one canary; `on_judged` hears of every one."""

    def __init__(
        self,
        judge: JudgeModel,
        content: CaseLoader,
        on_judged: Callable[[Judgement], None] = lambda _judgement: None,
    ) -> None:
        self._judge, self._content, self._on_judged = judge, content, on_judged

    async def judged(
        self,
        planned: Planned,
        recorded: Recorded,
        answers: PairAnswers,
        result: PairResult,
    ) -> PairResult:
        """Return the result with a verdict; unchanged where none is wanted."""
        if answers.control is None or not wanted(result):
            return result
        came = [RULES[a.outcome].scored for a in (answers.canary, answers.control)]
        if not all(came):
            return _with(result, "", (float(came[0]), float(came[1])), "no_answer")
        texts = [prompt.said(a.answer) for a in (answers.canary, answers.control)]
        if texts[0] == texts[1]:
            return _with(result, "", VALUES[0], "identical")
        found = await self._asked(planned, recorded, texts)
        self._on_judged(found)
        values: tuple[float, float] | tuple[None, None] = (None, None)
        if found.difference is not None:
            values = VALUES[found.difference]
        shown = _with(result, found.rubric, values, found.reason)
        return structs.replace(shown, judge=_outcome(found.cost))

    async def _asked(
        self, planned: Planned, recorded: Recorded, texts: list[str]
    ) -> Judgement:
        case = recorded.scoring_case()
        media: dict[int, bytes] = {}
        if case.snapshot.media:
            try:
                loaded = await self._content.load(planned.case)
            except StoreUnavailableError:
                return _nobody("store_unavailable")
            if isinstance(loaded, Gone):
                return _nobody("content_gone")
            media = loaded.media
        return await self._judge.compare(case, texts[0], texts[1], media)


def wanted(result: PairResult) -> bool:
    """Whether a pair needs a judge: without a decisive rule, or scored unequally."""
    if result.lane != "traffic" or result.excluded:
        return False
    quality = result.streams.get("quality")
    if quality is None:
        return True
    if quality.canary is None or quality.control is None:
        return False  # a scorer at fault, which is counted by itself
    return quality.scorer in NOT_DECISIVE or quality.canary != quality.control


def _with(
    result: PairResult,
    rubric: str,
    values: tuple[float, float] | tuple[None, None],
    reason: str,
) -> PairResult:
    score = StreamScore(
        scorer=rubric or NAME, canary=values[0], control=values[1], reason=reason
    )
    return structs.replace(result, diagnostics={**result.diagnostics, NAME: score})


def _nobody(why: str) -> Judgement:
    return Judgement(difference=None, reason=why, rubric=NAME, cost=Cost())


def _outcome(cost: Cost) -> ArmOutcome | None:
    if not cost.requests:
        return None
    return ArmOutcome(
        outcome="answered",
        served_model=cost.served_model,
        latency_ms=cost.latency_ms,
        attempts=cost.requests,
        input_tokens=cost.input_tokens,
        output_tokens=cost.output_tokens,
        money=cost.money,
    )
