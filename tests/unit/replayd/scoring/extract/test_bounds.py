"""Bounds in words: a value that is the most is not one that is the least."""

import pytest

from replayd.scoring.extract.numbers.bounds import bounds


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("up to 36 hours", -1),
        ("36 hrs max.", -1),
        ("höchstens 3 Tage", -1),
        ("au plus 12 personnes", -1),
        ("不超过 5 天", -1),
        ("at least 36 hours", 1),
        ("mindestens 3 Tage", 1),
        ("3 or more", 1),
        ("5日以上", 1),
        ("36 hours", 0),
        ("at least 3 and at most 5", 0),
    ],
)
def test_a_bound_is_read_in_words(text: str, bound: int) -> None:
    """A value would pass with its bound turned round."""
    assert bounds(text) == bound
