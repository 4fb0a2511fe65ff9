"""What several answers of a pair, or pairs of one recording, share is read once."""

import asyncio

from msgspec.structs import replace

from replayd.model import ArmAnswer, PairAnswers, Planned
from replayd.scoring import INVARIANTS, SCORERS
from replayd.scoring.contract import Said, Score
from replayd.scoring.pair import PairScoring
from replayd.scoring.recorded import Recorded
from replayd.scoring.worker import Job, judged
from snaptrace.snapshot import codec
from snaptrace.snapshot.model import Usage
from tests.fakes.scoring_cases import answer_of, case_of, listed_case, snapshot_of

_CASE = listed_case()


class _Counts:
    name = "final_answer"

    def __init__(self) -> None:
        self.read: list[str] = []

    def applies(self, _case) -> bool:
        return True

    async def score(self, _case, said: Said) -> Score:
        self.read.append(said.answer.text)
        return Score(1.0)


def _arm(text: str, number: int) -> ArmAnswer:
    answer = answer_of(
        text, response_id=f"r{number}", usage=Usage(output_tokens=number)
    )
    return ArmAnswer(outcome="answered", answer=answer)


def _pair(canary: str, control: str) -> PairAnswers:
    return PairAnswers(
        number=3, snapshot_id="s", canary=_arm(canary, 1), control=_arm(control, 2)
    )


def test_answers_alike_but_for_their_ids_are_scored_once() -> None:
    """The same answer of both arms would cost twice."""
    case = case_of(answer_of("42 km"), question="How far is it?")
    for answers, times in ((_pair("42 km", "42 km"), 1), (_pair("42 km", "41 km"), 2)):
        counts = _Counts()
        bench = PairScoring(
            Planned(number=3, case=_CASE, lane="traffic"), case, answers, 1
        )
        asyncio.run(bench.judged({**SCORERS, counts.name: counts}, INVARIANTS))
        assert len(counts.read) == times


def test_an_answer_that_is_the_recording_is_read_with_it() -> None:
    """The recording would be read again for an arm that repeats it."""
    case = case_of(answer_of("42 km"), question="How far is it?")
    bench = PairScoring(
        Planned(number=3, case=_CASE, lane="traffic"), case, _pair("42 km", "41 km"), 1
    )
    assert len({id(each) for each in bench.said}) == 2


def test_pairs_of_one_recording_are_judged_like_each_alone() -> None:
    """A shared case would carry one pair's reading into another's."""
    recorded = [
        Recorded(codec.pack_snapshot(snapshot_of(answer_of(text))))
        for text in ("42 km", "17 kg")
    ]
    jobs = [
        Job(
            Planned(
                number=3, case=replace(_CASE, snapshot_id=f"s{which}"), lane="traffic"
            ),
            recorded[which],
            _pair(canary, "42 km"),
            1,
        )
        for which, canary in ((0, "42 km"), (1, "42 km"), (0, "41 km"), (0, "42 km"))
    ]
    alone = [asyncio.run(judged([job]))[0] for job in jobs]
    assert asyncio.run(judged(jobs)) == alone
