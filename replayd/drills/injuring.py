"""Stored answers with a fault in them, scored as a canary's would be."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from replayd.drills.answers.contract import AnswerFault, Injury
from replayd.evidence.differences import differences
from replayd.model import ArmAnswer, Case, PairAnswers, PairResult, Planned
from replayd.scoring.recorded import Recorded
from replayd.scoring.worker import Job
from snaptrace.snapshot.model import Answer

# Scores pairs as they are scored for a verdict, in the order given.
JudgePairs: TypeAlias = Callable[[Sequence[Job]], Awaitable[Sequence[PairResult]]]
JOBS_AT_ONCE = 64
LEAST_RIGHT = 0.5  # score of an answer that is worth something
NOISE = "again"  # in the place of a fault: the control asked twice


class DrillPair(Struct, frozen=True, kw_only=True):
    """One case with a stored answer of the serving model."""

    case: Case
    recorded: Recorded
    answer: ArmAnswer  # the control's, or the recording
    again: ArmAnswer | None = None  # the control asked twice
    slices: tuple[str, ...] = ()  # protected slices that the case belongs to
    # Faults of which it is not known what they do to this case: nobody asked.
    untried: frozenset[str] = frozenset()


class Measured(Struct, frozen=True, kw_only=True):
    """One pair's differences by stream, under each fault that applies to it."""

    modality: str
    slices: tuple[str, ...]
    streams: frozenset[str]  # that apply to the case
    faults: Mapping[str, Mapping[str, float]]
    noise: Mapping[str, float] | None  # None: the control was not asked twice
    scored: bool  # a rule checks its quality; else only a broken answer is seen
    right: bool  # the untouched answer is worth something in every stream
    untried: frozenset[str] = frozenset()  # faults that say nothing of this pair
    service: str = ""
    route: str = ""


async def measure(
    pairs: Sequence[DrillPair],
    faults: Sequence[AnswerFault],
    judge: JudgePairs,
) -> list[Measured]:
    """Score every pair under every fault; pairs that feed no verdict are left out.

    An answer that a fault leaves as it is scores as its control does, so it is not
    scored again.
    """
    versions = [
        _injured(pair, _other(pairs, at), faults) for at, pair in enumerate(pairs)
    ]
    return await score_versions(pairs, versions, judge)


async def score_versions(
    pairs: Sequence[DrillPair],
    versions: Sequence[Mapping[str, ArmAnswer]],
    judge: JudgePairs,
) -> list[Measured]:
    """Score each pair's answers by fault; pairs that feed no verdict are left out."""
    keys: list[tuple[int, str]] = []
    jobs: list[Job] = []
    for at, (pair, answers) in enumerate(zip(pairs, versions, strict=True)):
        # The untouched answer says which streams apply.
        all_answers = {"": pair.answer, **answers}
        if pair.again is not None:
            all_answers[NOISE] = pair.again
        keys += [(at, name) for name in all_answers]
        jobs += [_job(pair, answer) for answer in all_answers.values()]
    results: list[PairResult] = []
    for first in range(0, len(jobs), JOBS_AT_ONCE):
        results += await judge(jobs[first : first + JOBS_AT_ONCE])
    by_pair: list[dict[str, PairResult]] = [{} for _ in pairs]
    for (at, name), result in zip(keys, results, strict=True):
        by_pair[at][name] = result
    return [
        _measured(pair, found)
        for pair, found in zip(pairs, by_pair, strict=True)
        if not found[""].excluded
    ]


def _measured(pair: DrillPair, results: Mapping[str, PairResult]) -> Measured:
    found = {name: differences(result) for name, result in results.items()}
    return Measured(
        modality=pair.case.modality,
        slices=pair.slices,
        streams=frozenset(found[""]),
        faults={name: each for name, each in found.items() if name not in ("", NOISE)},
        noise=found.get(NOISE),
        scored="quality" in found[""],
        right=all(
            (score.control or 0.0) >= LEAST_RIGHT
            for score in results[""].streams.values()
        ),
        untried=pair.untried,
        service=pair.case.service,
        route=pair.case.route,
    )


def _injured(
    pair: DrillPair, other: Answer, faults: Sequence[AnswerFault]
) -> dict[str, ArmAnswer]:
    answer = pair.answer.answer
    instructions = pair.recorded.scoring_case().instructions
    found: dict[str, ArmAnswer] = {}
    for fault in faults:
        seed = f"{fault.name}/{pair.case.snapshot_id}"
        rng = random.Random(seed)  # noqa: S311 - which digit is changed
        injury = Injury(rng=rng, instructions=instructions, other=other)
        if (injured := fault.apply(answer, injury)) is not None:
            found[fault.name] = replace(
                pair.answer, outcome=injured.outcome, answer=injured.answer
            )
    return found


def _other(pairs: Sequence[DrillPair], at: int) -> Answer:
    """Return the next answer to another request of the same modality."""
    own = pairs[at]
    for step in range(1, len(pairs)):
        other = pairs[(at + step) % len(pairs)]
        same = other.answer.answer.text == own.answer.answer.text
        if other.case.modality == own.case.modality and not same:
            return other.answer.answer
    return Answer()


def _job(pair: DrillPair, answer: ArmAnswer) -> Job:
    planned = Planned(number=0, case=pair.case, lane="traffic", slices=pair.slices)
    answers = PairAnswers(
        number=0,
        snapshot_id=pair.case.snapshot_id,
        canary=answer,
        control=pair.answer,
    )
    return Job(planned, pair.recorded, answers, pair.case.recorded_at_ns)
