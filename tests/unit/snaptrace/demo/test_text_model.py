"""`snaptrace.demo.text_model`: answers come out of the sheets, by the question."""

import random

import pytest

from snaptrace.demo.text_model import (
    NO_ANSWER,
    OPENINGS,
    FactFinder,
    load_facts,
    stem,
    terms,
)


@pytest.fixture(scope="module")
def finder():
    """The index is the same for every test."""
    return FactFinder("full")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How much is a day ticket at Quarry Pool?", "day ticket at Quarry Pool"),
        ("Tin Mine Museum: how many minutes does a guided tour last?", "guided tour"),
        ("What late fee does Station Library charge per day?", "late fee"),
    ],
)
def test_the_fact_that_was_asked_for_is_answered(finder, question, words):
    """The text side of the demo would be about nothing."""
    answer = finder.answer(question, random.Random(1))
    assert words in answer
    assert any(character.isdigit() for character in answer)


def test_what_no_sheet_holds_is_said_to_be_missing(finder):
    """An unrelated fact would be passed off as an answer."""
    assert finder.answer("Who won yesterday?", random.Random(1)) in NO_ANSWER


def test_wording_varies_while_the_fact_stays(finder):
    """Control and recording would agree by construction."""
    question = "How deep is the deep basin of Quarry Pool?"
    answers = {finder.answer(question, random.Random(seed)) for seed in range(20)}
    assert len(answers) == len(set(OPENINGS))
    assert (
        len(
            {
                answer.removeprefix(opening)
                for answer in answers
                for opening in OPENINGS
                if opening and answer.startswith(opening)
            }
        )
        == 1
    )


def test_a_short_memory_loses_late_words_only():
    """The fault of a text canary would touch every question, or none."""
    short = FactFinder("forgetful")
    early = "Quarry Pool: how deep is the deep basin?"
    late = "Up to how many days before the date does the Mirror Theatre refund tickets?"
    assert "Quarry Pool" in short.answer(early, random.Random(1))
    sites = {short.answer(late, random.Random(seed))[-60:] for seed in range(20)}
    assert len(sites) > 1


def test_numbers_are_never_search_terms():
    """A question could fish for the number that it should be told."""
    assert terms("costs 4.50 euros at 9:15") == ["cost", "euro"]


def test_forms_of_a_word_meet():
    """`How much does renting cost` would miss `can be rented`."""
    assert stem("renting") == stem("rented") == stem("rents") == "rent"


def test_every_fact_holds_a_number():
    """A fact without a number could not be scored."""
    facts = load_facts()
    assert len(facts) == 200
    assert all(any(character.isdigit() for character in fact) for fact in facts)
