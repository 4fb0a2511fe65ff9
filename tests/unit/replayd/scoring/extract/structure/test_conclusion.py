"""Which part of an answer is its conclusion, and which answers have none."""

import pytest

from replayd.scoring.extract.structure.conclusion import (
    conclusion_of,
    recorded_conclusion,
)

_REASONS = "The lamp draws 60 W and burns for five hours a day."


@pytest.mark.parametrize(
    ("text", "asked", "conclusion"),
    [
        (f"{_REASONS}\nAnswer: 300 Wh", "", "300 Wh"),
        (f"{_REASONS}\n\n**Final answer:** 300 Wh", "", "300 Wh"),
        (f"Reasoning: {_REASONS}\nAnswer: 300 Wh", "", "300 Wh"),
        (f"<reasoning>{_REASONS}</reasoning><answer>300 Wh</answer>", "", "300 Wh"),
        ("Der Vertrag endet erst im Mai dieses Jahres.\nAntwort: nein", "", "nein"),
        ("灯泡直接接在电源两端所以最亮\n答案: B", "", "B"),
        (f"{_REASONS}\nYES", "End with YES or NO.", "YES"),
    ],
)
def test_the_place_of_the_answer_is_found(
    text: str, asked: str, conclusion: str
) -> None:
    """Other reasons for the same answer would be another answer."""
    assert recorded_conclusion(text, asked) == conclusion


@pytest.mark.parametrize(
    "text",
    [
        "Answer: 300 Wh",
        "300 Wh",
        _REASONS,
        "Patient: Ann Lee\nTest: PCR of 4 May\nResult: positive",
        "Name: Ann Lee of Bath\nResult: positive",
        '{"reason": "the lamp draws 60 W all day long", "answer": 300}',
    ],
)
def test_a_form_or_a_bare_answer_has_no_conclusion(text: str) -> None:
    """The fields before its last one would be free."""
    assert recorded_conclusion(text, "") is None


def test_an_answer_without_reasons_may_still_mark_its_conclusion() -> None:
    """A recording with reasons, answered in short, would be held against its label."""
    assert conclusion_of("Answer: 300 Wh", "") == "300 Wh"
    assert conclusion_of("It is 300 Wh.", "") is None
