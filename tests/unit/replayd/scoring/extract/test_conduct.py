"""Refusals of fifteen languages, torn ends, and points that are no times."""

import tomllib
from pathlib import Path

import pytest

from replayd.scoring.extract.language.degenerate import broken_end
from replayd.scoring.extract.language.refusals import declines
from replayd.scoring.extract.numbers.measures import measured

_GOLDEN = Path(__file__).parents[4] / "golden" / "refusals.toml"
_TOLD = tomllib.loads(_GOLDEN.read_text(encoding="utf-8"))
RECORDED = "It was built in 2012 and finished in March. The domain is open."


@pytest.mark.parametrize("language", _TOLD)
def test_refusals_are_told_from_answers(language: str) -> None:
    """A refusal would pass as an answer, or an answer count as a refusal."""
    rows = _TOLD[language]
    assert [s for s in rows["declines"] if not declines(s)] == []
    assert [s for s in rows["answers"] if declines(s)] == []


@pytest.mark.parametrize(
    "whole",
    [
        "It was built some years ago and was finished in 2017.",
        "She scored early. The second goal fell in minute 78",
        "The result is given above. The domain is [3, ∞)",
        "We look at it again. The interval is (0, 4].",
    ],
)
def test_numbers_and_intervals_end_an_answer(whole: str) -> None:
    """A whole answer that ends in a number or an interval would count as torn."""
    assert broken_end(whole, RECORDED) == ""


@pytest.mark.parametrize(
    "torn", ["It was finished in March. The domain (of", "It was built by the"]
)
def test_torn_ends_are_still_seen(torn: str) -> None:
    """An answer that breaks off would pass as whole."""
    assert broken_end(torn, RECORDED)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("会议十点开始", "time 10:00"),
        ("夜八時まで開く", "time 20:00"),
        ("这三点很重要", "3"),
        ("理由は3点あります", "3"),
        ("saat üçte", "3"),
    ],
)
def test_points_are_told_from_hours(text: str, reading: str) -> None:
    """Three points would be read as three o'clock, or an hour not at all."""
    assert [m.quantity.readings for m in measured(text).measures] == [{reading}]
