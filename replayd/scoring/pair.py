"""One pair of answers becomes one result: three gating streams, numbers only.

The rules are settled from the case before an answer is looked at, and asked again
afterwards: a rule whose mind has changed is at fault, as is one whose score is no
number in [0, 1]. A fault takes that stream out of the pair for both arms, is counted
and withholds `pass`; nothing is ever valued by a rule at fault.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TypeGuard

from msgspec import structs

from replayd.errors import ScoreRangeError
from replayd.model import (
    ArmAnswer,
    ArmOutcome,
    Outcome,
    PairAnswers,
    PairResult,
    Planned,
    StreamScore,
)
from replayd.scoring import INVARIANTS, SCORERS
from replayd.scoring.choice import Choice, choose, is_of_media
from replayd.scoring.contract import (
    Anchored,
    Corroborated,
    Said,
    Score,
    Scorer,
    ScoringCase,
)
from replayd.scoring.extract.masking import masked_answer, masked_reference, pseudonyms
from replayd.scoring.own.scorer import OwnScorer
from replayd.scoring.usability import ONE_WRONG
from replayd.witness.compare import compare
from snaptrace.snapshot.model import Answer, Usage

log = logging.getLogger(__name__)

# The model itself gave something back, be it a refusal.
USABLE: frozenset[Outcome] = frozenset({"answered", "refused", "truncated"})
FAULT = "scorer_fault"  # `StreamScore.reason` when a rule broke its promise
AWAY = "judge_away"  # an outside judge did not answer
LONGEST_REASON = 60  # characters
READ_AHEAD = (
    *("text.language", "text.words", "text.quantities", "text.pairs", "text.folded"),
    "refuses",
)


async def judge(
    planned: Planned,
    case: ScoringCase,
    answers: PairAnswers,
    *,
    committed_at_ns: int,
    scorers: Mapping[str, Scorer] = SCORERS,
    invariants: tuple[Scorer, ...] = INVARIANTS,
) -> PairResult:
    """Return what the fold reads of this pair; holds no content."""
    bench = PairScoring(planned, case, answers, committed_at_ns)
    return await bench.judged(scorers, invariants)


class PairScoring:
    """One pair as the rules see it: nothing redacted in its case or its answers.

    An arm without a usable answer scores 0 in every stream that applies. Without a
    control arm the recording's own score stands in for it in `answered`,
    `invariants` and pinned assertions; agreement is then a diagnostic only.
    """

    def __init__(
        self,
        planned: Planned,
        case: ScoringCase,
        answers: PairAnswers,
        committed_at_ns: int,
    ) -> None:
        self._planned, self._unmasked, self._answers = planned, case, answers
        self._committed_at_ns = committed_at_ns
        reference = masked_reference(case.snapshot, case.reference)
        same = reference is case.reference
        self.case = case if same else structs.replace(case, reference=reference)
        stand_ins = pseudonyms(case.snapshot)
        recorded = self.case.recorded
        self._canary = _shared(_usable(answers.canary, stand_ins), recorded)
        # Without a control the recording stands in for it, and is always usable.
        self._control: Said | None = recorded
        if answers.control is not None:
            self._control = _shared(_usable(answers.control, stand_ins), recorded)
        self._control = _shared(self._control, self._canary)
        # Only what a second call of the serving model said stands beside an answer.
        replayed = answers.control is not None and self._control is not self._canary
        self._beside = self._control if replayed else None
        self._twice = answers.second_control is not None
        self._second: Said | None = None
        if answers.second_control is not None:
            self._second = _usable(answers.second_control, stand_ins)

    @property
    def said(self) -> list[Said]:
        """The recording and all usable answers."""
        said = (self.case.recorded, self._canary, self._control, self._second)
        return [each for each in said if each is not None]

    async def judged(
        self,
        scorers: Mapping[str, Scorer],
        invariants: tuple[Scorer, ...],
        own: tuple[OwnScorer, ...] = (),
    ) -> PairResult:
        """Choose the rules, score every answer by each; see the module."""
        case, answers = self.case, self._answers
        choice = choose(case, self._unmasked, scorers, invariants, own)
        result = structs.replace(
            _frame(self._planned, answers, self._committed_at_ns),
            witness=compare(case.snapshot, answers),
            task=choice.task,
        )
        if choice.excluded:
            return structs.replace(result, excluded=choice.excluded)
        streams = {"answered": _answered(answers)}
        rules = {rule.name: await self._score(rule) for rule in choice.invariants}
        if rules:
            streams["invariants"] = _minimum(rules)
        diagnostics = dict(rules)
        if choice.quality is not None:
            quality, known = await self._score_known(choice.quality)
            # Without a control, agreement with a recording has no verdict.
            agrees = answers.control is None and choice.quality.name != "assertions"
            if agrees or not known:
                diagnostics[choice.quality.name] = quality
            else:
                streams["quality"] = quality
        for rule in choice.diagnostics:
            diagnostics[rule.name] = await self._score(rule)
        return structs.replace(
            result,
            streams=_steadfast(streams, case, choice),
            diagnostics=diagnostics,
        )

    async def _score(self, rule: Scorer) -> StreamScore:
        """Return one rule's scores; all None with a reason if it is at fault."""
        return (await self._score_known(rule))[0]

    async def _score_known(self, rule: Scorer) -> tuple[StreamScore, bool]:
        """Return one rule's scores, and whether they tell the answers apart."""
        anchored = _is_anchored(rule)
        try:
            if anchored:
                return await self._anchored(rule), True
            canary = await self._of(rule, self._canary, self._beside)
            # A rule is pure: the same answer is not valued twice.
            alike = self._canary is self._control
            control = (
                canary if alike else await self._of(rule, self._control, self._canary)
            )
            second = (
                await self._of(rule, self._second, self._canary)
                if self._twice
                else None
            )
        except ScoreRangeError as error:
            log.error("scorer at fault", extra={"why": str(error)})  # noqa: TRY400
            return _fault(rule.name), True
        return _stream(rule.name, canary, control, second), _is_known(canary, control)

    async def _anchored(self, rule: Scorer) -> StreamScore:
        """Return the scores of a rule that measures by the control's answer."""
        control, second = self._control, self._second
        return _stream(
            rule.name,
            await self._of(rule, self._canary, control),
            await self._of(rule, control, second or control),
            await self._of(rule, second, control) if self._twice else None,
        )

    async def _of(self, rule: Scorer, said: Said | None, other: Said | None) -> Score:
        if said is None:
            return Score(0.0, "no usable answer")
        try:
            if other is not None and _is_anchored(rule):
                score = await rule.score_against(self.case, said, other)
            elif other is not None and _is_corroborated(rule):
                score = await rule.score_beside(self.case, said, other)
            else:
                score = await rule.score(self.case, said)
        except Exception as error:  # whatever it is, other pairs must not suffer
            raise ScoreRangeError(rule.name, type(error).__name__) from error
        return checked(rule.name, score)


def _is_known(canary: Score, control: Score) -> bool:
    """Whether a pair can be scored: alike for both arms, whichever is which.

    An answer that a rule cannot tell from rewording is at least as good as one that it
    knows to be wrong. Beside one that is right nothing is known: the pair is unscored.
    """
    if not (canary.unsure or control.unsure):
        return True
    return any(
        not each.unsure and each.value is not None and each.value <= ONE_WRONG
        for each in (canary, control)
    )


def read_ahead(benches: Sequence[PairScoring]) -> None:
    """Read what nearly every pair needs, one kind of thing in all of them at a time.

    A processor that does the same over and over is quicker by a third than one that
    goes from rule to rule, and finds all this read when it does.
    """
    benches = [each for each in benches if not is_of_media(each.case)]
    said = [each for bench in benches for each in bench.said]
    for kind in map(attrgetter, READ_AHEAD):
        for each in said:
            kind(each)
    for bench in benches:
        bench.case.facts  # noqa: B018 - to have been read


def _is_corroborated(rule: Scorer) -> TypeGuard[Corroborated]:
    """Whether a rule reads the other arm's answer; quicker than asking the protocol."""
    return hasattr(rule, "score_beside")


def _is_anchored(rule: Scorer) -> TypeGuard[Anchored]:
    """Whether a rule measures by the control's answer."""
    return hasattr(rule, "score_against")


def _stream(
    name: str, canary: Score, control: Score, second: Score | None
) -> StreamScore:
    away = canary.value is None or control.value is None
    return StreamScore(
        scorer=name,
        canary=canary.value,
        control=control.value,
        second_control=second.value if second else None,
        reason=AWAY if away else _short(canary.reason),
    )


def checked(scorer: str, score: Score) -> Score:
    """Return `score` if it keeps the contract.

    Raises:
        ScoreRangeError: NaN, out of [0, 1], no number, or None without a reason.
    """
    value = score.value
    if value is None:
        if not score.reason:
            raise ScoreRangeError(scorer, None)
        return score
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScoreRangeError(scorer, type(value).__name__)
    if not math.isfinite(value) or not 0.0 <= value <= 1.0:
        raise ScoreRangeError(scorer, value)
    return score


def _usable(arm: ArmAnswer, stand_ins: tuple[str, ...]) -> Said | None:
    usable = arm.outcome in USABLE
    answer = masked_answer(arm.answer, stand_ins)
    return Said(answer, arm.blobs) if usable else None


def _shared(one: Said | None, other: Said | None) -> Said | None:
    """Return the `other` where both say the same, so that it is read only once."""
    if one is None or other is None or one is other:
        return one
    alike = one.blobs == other.blobs and _said(one.answer) == _said(other.answer)
    return other if alike else one


def _said(answer: Answer) -> Answer:
    """Return an answer without what names or counts its call: no rule reads that."""
    calls = tuple(structs.replace(call, id="") for call in answer.tool_calls)
    return structs.replace(
        answer, tool_calls=calls, response_id="", model="", usage=Usage()
    )


def _answered(answers: PairAnswers) -> StreamScore:
    def came(arm: ArmAnswer | None) -> float:
        return float(arm is None or arm.outcome in USABLE)

    second = answers.second_control
    return StreamScore(
        scorer="answered",
        canary=came(answers.canary),
        control=came(answers.control),
        second_control=None if second is None else came(second),
        reason="" if answers.canary.outcome in USABLE else answers.canary.outcome,
    )


def _minimum(rules: Mapping[str, StreamScore]) -> StreamScore:
    """Return each arm's lowest score; the reason names the canary's lowest rule."""
    faulty = [s for s in rules.values() if s.canary is None or s.control is None]
    if faulty:
        return structs.replace(faulty[0], scorer="invariants")
    lowest = min(rules, key=lambda name: rules[name].canary or 0.0)
    seconds = [s.second_control for s in rules.values() if s.second_control is not None]
    return StreamScore(
        scorer="invariants",
        canary=rules[lowest].canary,
        control=min(s.control or 0.0 for s in rules.values()),
        second_control=min(seconds) if len(seconds) == len(rules) else None,
        reason="" if rules[lowest].canary == 1.0 else lowest,
    )


def _steadfast(
    streams: dict[str, StreamScore], case: ScoringCase, choice: Choice
) -> dict[str, StreamScore]:
    """Take out streams of rules that no longer apply now that answers were seen."""
    changed = {rule.name for rule in choice.scorers if not rule.applies(case)}
    if not changed:
        return streams
    log.error(
        "scorer changed its mind about a case after seeing answers",
        extra={"scorers": ",".join(sorted(changed))},
    )
    at_fault = {rule.name for rule in choice.invariants} & changed
    return {
        name: (
            _fault(score.scorer)
            if score.scorer in changed or (name == "invariants" and at_fault)
            else score
        )
        for name, score in streams.items()
    }


def _frame(planned: Planned, answers: PairAnswers, committed_at_ns: int) -> PairResult:
    case = planned.case
    return PairResult(
        number=planned.number,
        snapshot_id=case.snapshot_id,
        modality=case.modality,
        lane=planned.lane,
        slices=planned.slices,
        recorded_at_ns=case.recorded_at_ns,
        committed_at_ns=committed_at_ns,
        canary=arm_outcome(answers.canary),
        control=None if answers.control is None else arm_outcome(answers.control),
        service=case.service,
        route=case.route,
        attributes=case.attributes,
    )


def arm_outcome(arm: ArmAnswer) -> ArmOutcome:
    """Return an answer's numbers and ids, without its content."""
    return ArmOutcome(
        outcome=arm.outcome,
        served_model=arm.served_model,
        fingerprint=arm.fingerprint,
        latency_ms=arm.latency_ms,
        attempts=arm.attempts,
        input_tokens=arm.usage.input_tokens or 0,
        output_tokens=arm.usage.output_tokens or 0,
        money=arm.money,
    )


def _fault(scorer: str) -> StreamScore:
    return StreamScore(scorer=scorer, canary=None, control=None, reason=FAULT)


def _short(reason: str) -> str:
    return reason[:LONGEST_REASON]
