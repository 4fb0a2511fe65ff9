"""Constraints on form that a request states."""

import pytest

from replayd.scoring.extract.prose.constraints import constraints_of


@pytest.mark.parametrize(
    ("told", "kept", "broken"),
    [
        ("Use at most 20 words.", "Short.", "word " * 30),
        ("Give at least two sentences.", "One. Two.", "One."),
        ("Write fewer than three lines.", "a\nb", "a\nb\nc"),
        ("En exactamente dos frases.", "Una. Dos.", "Una. Dos. Tres."),
        ("No word longer than five letters.", "small words", "magnificent"),
        ("In all caps, please.", "LOUD", "Loud"),
        ("Avoid the letter e.", "a bird", "the bird"),
        ("Answer without using a comma.", "one and two", "one, two"),
        ("No emojis, please.", "fine", "fine 😊"),
        ('Start your answer with "Dear all".', "Dear all, hi", "Hi all"),
        ('Include the word "gull".', "a gull", "a bird"),
        ("Put your whole answer in double quotes.", "“yes”", "yes"),
        ("As a numbered list.", "1. a\n2. b", "- a\n- b"),
        ("End with a question.", "Right?", "Right."),
    ],
)
def test_a_constraint_tells_kept_from_broken(told, kept, broken):
    """An instruction would be broken unseen, or seen as broken where it is kept."""
    constraints = constraints_of(told)
    assert constraints
    assert all(each.holds(kept) for each in constraints)
    assert not all(each.holds(broken) for each in constraints)


@pytest.mark.parametrize(
    "told",
    [
        "What happened in one day?",
        "Which of the three points matters?",
        "The word is long.",
        "He ended the letter with love.",
    ],
)
def test_talk_is_no_constraint(told):
    """A question that only mentions a number would forbid right answers."""
    assert not constraints_of(told)
