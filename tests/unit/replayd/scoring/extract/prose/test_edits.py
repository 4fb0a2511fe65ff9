"""Edits between sentences that are nearly the same."""

import pytest

from replayd.scoring.extract.prose.edits import edits

NOTICE = "The pool is open before noon. Guests may bring towels to the upper deck."


@pytest.mark.parametrize(
    ("reference", "answer", "language", "kind"),
    [
        (NOTICE, NOTICE.replace("open", "closed"), "en", "opposite"),
        (NOTICE, NOTICE.replace("before", "after"), "en", "opposite"),
        (NOTICE, NOTICE.replace("may", "may not"), "en", "negation"),
        (NOTICE, NOTICE.replace("towels", "lamps"), "en", "other"),
        (
            "The cook tastes the soup before the waiter serves it.",
            "The waiter tastes the soup before the cook serves it.",
            "en",
            "exchanged",
        ),
        (
            "Anna writes the report. Boris checks the report.",
            "Boris writes the report. Anna checks the report.",
            "en",
            "exchanged",
        ),
        (
            "Der Zug hält in Kiel und fährt nicht nach Bremen weiter.",
            "Der Zug hält in Kiel und fährt nach Bremen weiter.",
            "de",
            "negation",
        ),
        (
            "La porte du jardin reste ouverte jusqu'au soir.",
            "La porte du jardin reste fermée jusqu'au soir.",
            "fr",
            "opposite",
        ),
        (
            "Магазин открыт по субботам до вечера.",
            "Магазин закрыт по субботам до вечера.",
            "ru",
            "opposite",
        ),
        ("店は土曜日に開いています。", "店は日曜日に開いています。", "ja", "other"),
    ],
)
def test_a_changed_fact_is_seen(reference, answer, language, kind):
    """A wrong answer that copies the recording but for one word would pass."""
    assert kind in {edit.kind for edit in edits(reference, answer, language)}


@pytest.mark.parametrize(
    "answer",
    [
        "Before noon the pool is open. To the upper deck guests may bring towels.",
        "Guests may bring towels to the upper deck. The pool is open before noon.",
        NOTICE.replace("open", "not closed"),
        "You can swim till midday, and towels are welcome upstairs.",
        NOTICE.upper(),
    ],
)
def test_the_same_in_other_order_or_words_is_no_edit(answer):
    """A reworded answer would be called the opposite of itself."""
    assert not edits(NOTICE, answer, "en")


def test_things_listed_in_another_order_are_not_exchanged():
    """A list in another order would count as roles exchanged."""
    assert not edits(
        "The box holds nails, screws and a small hammer.",
        "The box holds screws, nails and a small hammer.",
        "en",
    )


def test_opposites_in_two_places_do_not_take_each_other_back():
    """Two wrong words in one sentence would cancel out to a right one."""
    found = edits(
        "He likes the long road by the sea.",
        "He dislikes the short road by the sea.",
        "en",
    )
    assert [edit.kind for edit in found] == ["opposite", "opposite"]
