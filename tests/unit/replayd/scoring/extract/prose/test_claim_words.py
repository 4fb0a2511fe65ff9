"""Which words mean the same or the opposite."""

import pytest

from replayd.scoring.extract.prose.claim_words import relation
from replayd.scoring.extract.prose.disagreement import compare


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("back", "second", False),
        ("second", "endorse", True),
        ("help", "assist", True),
    ],
)
def test_words_that_meet_in_a_rare_sense_are_not_the_same(one, other, same):
    """`back` stood for `second`, as both are said for `endorse`."""
    assert (relation(one, other, "en") == "same") is same


def test_altri_is_no_opposite_of_low():
    """Italian for others began like high, and turned a claim round."""
    assert relation("altri", "basso", "it") == "none"


@pytest.mark.parametrize(
    ("answer", "turned"),
    [
        ("Die Anwohner hatten sehr auf mehr Ruhe gehofft.", False),
        ("Die Anwohner hatten sehr auf mehr Lärm gehofft.", True),
    ],
)
def test_more_of_one_thing_is_less_of_another(answer, turned):
    """More peace was read as the opposite of less noise."""
    said = "Die Anwohner hatten sehr auf weniger Lärm gehofft."
    found = compare(said, answer, context="", question="", language="de")
    assert bool(found.reversed) is turned
