"""Which differences between two transcripts change what was said."""

import pytest

from replayd.scoring.extract.transcripts import heard_words
from replayd.scoring.extract.word_errors import word_errors


def _heavy(one: str, other: str) -> int:
    return word_errors(heard_words(one), heard_words(other)).heavy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is on the 9th at 2:15.", "it is on the ninth at two fifteen"),
        ("This is Doctor Patel's office.", "this is dr patels office"),
        ("Your, uh, your appointment is moved.", "Your appointment is moved."),
        ("Je ne viendrai pas avant midi.", "je viendrai pas avant midi"),
        ("Prévenez Mme Lefèvre.", "prévenez madame lefèvre"),
        ("改到下周三下午三点", "改到下星期三下午3点"),
    ],
)
def test_the_same_words_written_otherwise(one: str, other: str) -> None:
    """A right transcript would lose for its spelling."""
    assert _heavy(one, other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is at 2:15.", "It is at 2:50."),
        ("Je ne viendrai pas avant midi.", "Je viendrai avant midi."),
        ("No, no, keep it.", "Yes, no, keep it."),
        ("Call 555-0188.", "Call 555-0818."),
    ],
)
def test_other_words_are_errors(one: str, other: str) -> None:
    """A wrong transcript would pass as another spelling."""
    assert _heavy(one, other) > 0
