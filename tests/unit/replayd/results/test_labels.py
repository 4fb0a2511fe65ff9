"""Figures about people's decisions."""

from replayd.adjudication.decisions import canary_is_left
from replayd.adjudication.opinions import Opinion
from replayd.results.labels import by_scorer, counts


def opinion(number, difference, **more):
    """Return a first opinion that finds the canary better, alike or worse."""
    turn = more.get("turn", 0)
    left = canary_is_left("e1", number) != (turn == 1)
    words = {0: "tie", 1: "left" if left else "right", -1: "right" if left else "left"}
    fields = {"modality": "text", "by": "ann", "at_ns": number}
    return Opinion(
        epoch="e1", number=number, better=words[difference], **{**fields, **more}
    )


def test_counts_per_modality():
    """A fresh label on text would hide that nobody looks at images."""
    found = counts(
        [
            opinion(0, 1, reasons=("missing",)),
            opinion(1, -1, reasons=("wrong_fact", "missing")),
            opinion(2, 0, by="ben"),
            opinion(9, -1, modality="image"),
        ],
        "",
    )
    image, text = found
    assert (image.modality, image.decided, image.worse) == ("image", 1, 1)
    assert (text.decided, text.better, text.ties, text.worse) == (3, 1, 1, 1)
    assert (text.people, text.newest_at_ns) == (2, 2)
    assert text.reasons[0] == ("missing", 2)


def test_two_people_agree_where_they_mean_the_same_answer():
    """Agreement would measure sides, not answers."""
    (found,) = counts(
        [
            opinion(0, 1),
            opinion(0, 1, turn=1, by="ben"),
            opinion(1, -1),
            opinion(1, 0, turn=1, by="ben"),
            opinion(5, 1, turn=1, by="ben"),  # its first is of another store
        ],
        "",
    )
    assert (found.second.labelled, found.second.same) == (2, 1)


def test_rules_are_held_against_people():
    """A rule that is often wrong would go on deciding unseen."""
    found = by_scorer(
        [
            opinion(0, -1, scorer="key_facts", scored=-1),
            opinion(1, 1, scorer="key_facts", scored=-1),
            opinion(2, -1, scorer="cell_values", scored=-1),
            opinion(3, -1),
        ],
        "",
    )
    assert (found["key_facts"].labelled, found["key_facts"].same) == (2, 1)
    assert set(found) == {"cell_values", "key_facts"}
