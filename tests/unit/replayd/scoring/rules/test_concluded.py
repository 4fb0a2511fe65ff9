"""Answers that work towards their conclusion are judged by it."""

import asyncio

import pytest

from replayd.scoring import SCORERS
from replayd.scoring.choice import primary
from replayd.scoring.contract import Said
from tests.fakes.scoring_cases import answer_of, case_of

_ASKED = (
    "Is the invoice overdue? Give your reasoning, then a line `Answer: yes` or `no`."
)
_RECORDED = "It was due on 4 May and the payment came on 9 May.\nAnswer: yes"


def _score(said: str, calls=()) -> float | None:
    case = case_of(answer_of(_RECORDED), question=_ASKED)
    rule = primary(case, SCORERS)
    assert rule is not None
    return asyncio.run(rule.score(case, Said(answer_of(said, calls)))).value


@pytest.mark.parametrize(
    "said",
    [
        _RECORDED,
        "Payment arrived five days after the due date, so it was late.\nAnswer: yes",
        "**Answer: Yes**",
        "Yes.",
    ],
)
def test_other_reasons_are_free(said: str) -> None:
    """A right verdict would lose for reasons that nothing reads."""
    assert _score(said) == 1.0


@pytest.mark.parametrize(
    "said",
    ["It was due on 4 May and the payment came on 9 May.\nAnswer: no", "No.", ""],
)
def test_another_verdict_is_wrong_whatever_comes_before(said: str) -> None:
    """The recorded reasons would carry a wrong verdict."""
    assert (_score(said) or 0.0) <= 0.5
