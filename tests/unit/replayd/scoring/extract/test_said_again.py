"""Answers that say a recording again in another form, and those that only nearly do."""

import pytest

from replayd.scoring.extract.said_again import says_again, says_crossed

OPENING = "Mon-Sat 9 am - 5 pm. Visitors welcome."
FIELDS = "Name: Ida Holm\nBorn: 07-11-1990\nMember: yes"
FRAMES = {
    "in a sentence": (
        OPENING,
        'It reads: "Mon-Sat, 9am to 5pm. Visitors welcome"',
        "",
    ),
    "another clock": (OPENING, "Monday to Saturday 09:00-17:00. Visitors welcome.", ""),
    "fields as JSON": (
        FIELDS,
        '{"name": "Ida Holm", "born": "1990-11-07", "member": true}',
        "Read name, date of birth and membership.",
    ),
    "sides exchanged": (
        "Holm: chair; Berg: treasurer",
        "Chair: Holm; Treasurer: Berg",
        "Who does what?",
    ),
    "another order": (
        "16 girls, 12 boys",
        "12 boys and 16 girls",
        "How many?",
    ),
    "a table with its unit": (
        "North: 4 kg\nSouth: 7 kg",
        "| Region | Weight (kg) |\n|---|---|\n| South | 7 |\n| North | 4 |",
        "Weights?",
    ),
    "a word abbreviated": (
        "Dr. Okafor, Wednesday",
        "Doctor Okafor, Wed",
        "Which doctor, and when?",
    ),
}
CHANGED = {
    "another weekday": (OPENING, "Mon-Fri 9 am - 5 pm. Visitors welcome.", ""),
    "a negation": (OPENING, "Mon-Sat 9 am - 5 pm. Visitors not welcome.", ""),
    "a part left out": (OPENING, "Mon-Sat 9 am - 5 pm.", ""),
    "a small word changed": (
        "Put the box under the desk.",
        "Put the box on the desk.",
        "",
    ),
    "values exchanged": ("16 girls, 12 boys", "16 boys and 12 girls", "How many?"),
    "whose is whose": (
        "Holm: chair; Berg: treasurer",
        "Holm: treasurer; Berg: chair",
        "Who does what?",
    ),
    "a thing added": (
        "Iron, zinc, copper",
        "Lead, iron, zinc, copper",
        "Which metals?",
    ),
    "day and month exchanged": (FIELDS, FIELDS.replace("07-11", "11-07"), ""),
    "the other answer to a field": (FIELDS, FIELDS.replace("yes", "no"), ""),
    "a telephone number": ("call +49 30 123 456 78", "call +49 30 123 456 87", ""),
    "a name that ends otherwise": ("Call Mario at work", "Call Maria at work", ""),
    "steps in another order": (
        "Stir the paint, then open the window.",
        "Open the window, then stir the paint.",
        "",
    ),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_another_form_is_the_same(kind: str) -> None:
    """A right answer would be punished for its form."""
    assert says_again(*FRAMES[kind])


@pytest.mark.parametrize("kind", CHANGED)
def test_another_content_is_not(kind: str) -> None:
    """A wrong answer would be lifted to a right one."""
    assert not says_again(*CHANGED[kind])


def test_long_texts_are_left_to_their_rule() -> None:
    """The work on a pair would grow with the square of its text."""
    long = " ".join(f"word{n}" for n in range(400))
    assert not says_again(long, f"{long} more", "")


@pytest.mark.parametrize(
    ("recorded", "answer", "crossed"),
    [
        ("東京 50、大阪 80", "東京 80、大阪 50", True),
        ("3 May: Bonn; 9 May: Kiel", "3 May: Kiel; 9 May: Bonn", True),
        ("3 May: Bonn; 9 May: Kiel", "9 May: Kiel; 3 May: Bonn", False),
        ("3 May: Bonn; 9 May: Kiel", "Bonn (3 May), Kiel (9 May)", False),
        ("Unit X: 4\nUnit Y: 7\nUnit Z: 9", "Unit Z: 9\nUnit X: 4\nUnit Y: 7", False),
        ("Open 9:00. Closed on Monday.", "Open\n9:00\nClosed on Monday", False),
    ],
)
def test_parts_that_changed_partners(
    recorded: str, answer: str, *, crossed: bool
) -> None:
    """Values of two labels exchanged would pass in words that are all there."""
    assert bool(says_crossed(recorded, answer)) is crossed
