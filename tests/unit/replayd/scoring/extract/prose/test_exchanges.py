"""Things that a text tells apart, and what it says of each."""

import pytest

from replayd.scoring.extract.prose.exchanges import crossed
from replayd.scoring.extract.prose.statements import same_statement

APART = "Cats sleep on the warm roof all day. Dogs guard the old gate at night."


@pytest.mark.parametrize(
    "answer",
    [
        "Dogs sleep on the warm roof all day. Cats guard the old gate at night.",
        "The old gate is guarded at night by cats. The warm roof is where dogs sleep.",
    ],
)
def test_what_is_said_of_the_other_is_seen(answer):
    """Roles exchanged between two sentences would pass, as all words are the same."""
    assert crossed(APART, answer, "en")


@pytest.mark.parametrize(
    "answer",
    [
        "Dogs guard the old gate at night. Cats sleep on the warm roof all day.",
        "The old gate is guarded by dogs; cats like sleeping on the warm roof.",
        "Cats sleep on the roof while dogs guard the gate.",
    ],
)
def test_the_same_told_otherwise_is_not_crossed(answer):
    """Two sentences in another order or in one would count as exchanged."""
    assert not crossed(APART, answer, "en")


@pytest.mark.parametrize(
    ("wanted", "got", "same"),
    [
        (
            "Opened software cannot be returned since the licence is used.",
            "Once opened, software is excluded from returns: its licence is used.",
            True,
        ),
        (
            "Opened software cannot be returned since the licence is used.",
            "Opened software can be returned since the licence is unused.",
            False,
        ),
        (
            "The parcel waits at the depot until noon.",
            "The parcel waits at the depot after noon.",
            False,
        ),
    ],
)
def test_prose_within_a_structure(wanted, got, same):
    """A reworded field of a document would be wrong, or a reversed one right."""
    assert same_statement(wanted, got) is same


def test_a_word_of_two_sentences_has_no_home_in_one():
    """`concert` in both sentences would cross them, wherever it is left out."""
    said = (
        "Tickets are returned three days before the concert. If concerts are"
        " cancelled, all money is returned."
    )
    again = (
        "Returned they can be, three days before at the latest. Cancelled"
        " concerts: all money."
    )
    assert not crossed(said, again, "en")
