"""What stands in parentheses beside a recorded answer."""

import asyncio

import pytest

from replayd.scoring.contract import Said
from replayd.scoring.rules.checkable.final_answer import FinalAnswer
from tests.fakes.scoring_cases import answer_of, case_of


def _score(recorded: str, said: str) -> float | None:
    case = case_of(answer_of(recorded), question="Which city has the largest share?")
    return asyncio.run(FinalAnswer().score(case, Said(answer_of(said)))).value


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ("Turin (14.2 %)", "Turin"),
        ("Turin (14.2 %)", "Turin, with 14.2 %"),
        ("131.26 USD (-1.8 %)", "$131.26, down 1.8 % today"),
        ("30 days (clause 12.1)", "30 days, by clause 12.1"),
    ],
)
def test_an_aside_may_be_left_out_or_said_otherwise(recorded: str, said: str) -> None:
    """A right answer would lose for what nobody asked."""
    assert _score(recorded, said) == 1.0


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ("Turin (14.2 %)", "Turin, with 41.2 %"),
        ("30 days (clause 12.1)", "30 days, by clause 12.4"),
    ],
)
def test_an_aside_may_not_be_contradicted(recorded: str, said: str) -> None:
    """A wrong figure would pass beside a right name."""
    assert (_score(recorded, said) or 0.0) <= 0.5
