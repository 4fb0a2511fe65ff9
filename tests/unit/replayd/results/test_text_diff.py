"""Differences between two answers, word by word and number by number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replayd.results.text_diff import MOST_TOKENS, compare


def kinds(text, other):
    """Return the marked pieces."""
    found = compare(text, other).pieces
    return [(piece.kind, piece.text) for piece in found if piece.kind != "same"]


@pytest.mark.parametrize(
    ("text", "other", "marks"),
    [
        (
            "North: 42 in total",
            "North: 4210 in total",
            [("number_removed", "4210"), ("number_added", "42")],
        ),
        (
            "It was declined today.",
            "It was approved today.",
            [("removed", "approved"), ("added", "declined")],
        ),
        ("The total is 1,234.50 EUR", "The total is 1.234,50 EUR", []),
        ("yes indeed", "yes  indeed", []),
        ("It is so", "It is not so", [("removed", "not ")]),
    ],
)
def test_what_differs_is_marked(text, other, marks):
    """A reader would hunt for one wrong digit in two pages."""
    assert kinds(text, other) == marks


def test_a_number_that_only_moved_is_no_other_number():
    """Another order would be shown as a wrong value."""
    found = compare("South 30, North 12 and more", "North 12, South 30 and more")
    assert found.numbers_added == found.numbers_removed == ()


def test_texts_with_little_in_common_have_their_numbers_marked_only():
    """Every word would be coloured, and the wrong number lost among them."""
    found = compare("Nous avons reçu 17 colis hier", "The parcels came, 71 of them")
    assert found.reworded
    assert [p.text for p in found.pieces if p.kind == "number_added"] == ["17"]
    assert found.numbers_removed == ("71",)


def test_equal_texts_are_said_to_be():
    """A reader would compare them by eye."""
    assert compare("The same.", "The  same.").alike
    assert not compare("The same.", "Not the same.").alike


def test_long_texts_are_not_compared():
    """A page of numbers would keep a processor busy for minutes."""
    long = "word " * MOST_TOKENS
    assert compare(long, "word").pieces[0].kind == "same"
    assert compare("", "word").pieces == ()


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_is_not_removed_is_the_text(text, other):
    """The page would show other words than the model's."""
    pieces = compare(text, other).pieces
    assert "".join(p.text for p in pieces if not p.kind.endswith("removed")) == text
