"""An answer in another language than the recording's."""

import asyncio

import pytest

from replayd.scoring.contract import Said
from replayd.scoring.rules.invariants.language_kept import LanguageKept
from tests.fakes.scoring_cases import answer_of, case_of

_RECORDED = "Le contrat prend fin le 12 mai, et le loyer de juin n'est plus dû."
_THOUGHTS = (
    "<think>The user wants to know when the contract ends. The document says the "
    "twelfth of May, so the rent for June is not owed any more.</think>\n"
)
_ENGLISH = "The contract ends on 12 May, and the rent for June is not owed any more."


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (_RECORDED, 1.0),
        (_THOUGHTS + _RECORDED, 1.0),
        (_THOUGHTS + "Le contrat prend fin le 12 mai.", 1.0),
        (_ENGLISH, 0.0),
        (_THOUGHTS + _ENGLISH, 0.0),
    ],
)
def test_reasoning_before_an_answer_may_be_in_any_language(
    said: str, value: float
) -> None:
    """What is judged is the answer, not the thoughts that a model shows before it."""
    case = case_of(answer_of(_RECORDED))
    rule = LanguageKept()
    assert rule.applies(case)
    assert asyncio.run(rule.score(case, Said(answer_of(said)))).value == value
