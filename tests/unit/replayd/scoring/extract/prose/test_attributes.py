"""What is said of a thing, where the rest is worded freely."""

import pytest

from replayd.scoring.extract.language.contrasts import another_of_its_kind
from replayd.scoring.extract.prose.attributes import turned_attribute

MAN = "An old sailor in a cap repairs a net on the jetty. A dog sleeps beside him."


@pytest.mark.parametrize(
    ("language", "reference", "answer"),
    [
        ("en", MAN, "On a pier of wood, a young sailor mends his net; his dog sleeps."),
        (
            "de",
            "Weil es warm ist, gärt die Hefe. Nehmen Sie warmes Wasser.",
            "Am besten geht es mit kaltem Wasser, so gärt die Hefe.",
        ),
    ],
)
def test_the_opposite_of_a_thing_is_seen_in_free_wording(language, reference, answer):
    """A clause that has no partner would be read as wording."""
    assert turned_attribute(reference, answer, language)


@pytest.mark.parametrize(
    "answer",
    [
        "On a pier, an elderly sailor mends his net while his dog is asleep.",
        "A sailor who is not young repairs a net. His dog sleeps.",
        "A young dog sleeps beside an old sailor who repairs a net.",
    ],
)
def test_the_same_in_other_words_is_not_turned(answer):
    """A synonym or another thing's opposite would be punished."""
    assert not turned_attribute(MAN, answer, "en")


@pytest.mark.parametrize(
    ("reference", "answer", "asked", "other"),
    [
        ("wait when it is red", "at green you wait", "", "green"),
        ("im winter kaum gießen", "fast nie gießen im sommer", "", "sommer"),
        ("the landlord pays", "it is paid by the tenant", "who pays", "tenant"),
        ("a red door", "the door is red and not blue", "", ""),
        ("a red door", "the green house has a door", "is the house green", ""),
        ("a red door", "a scarlet door", "", ""),
    ],
)
def test_a_thing_is_not_another_of_its_kind(reference, answer, asked, other):
    """A colour for a colour would pass, and one that was asked about be punished."""
    texts = [text.split() for text in (answer, reference, asked)]
    assert another_of_its_kind(*texts) == other
