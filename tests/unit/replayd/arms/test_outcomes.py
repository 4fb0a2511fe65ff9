"""The table of outcomes: what each means for score, retry and pause."""

import os
from pathlib import Path

import pytest

from replayd.arms.outcomes import OUTCOMES, RULES, is_outage, table
from replayd.evaluation.excluded import refused_by_both
from replayd.model import ArmAnswer

GOLDEN = Path(__file__).parents[3] / "golden" / "outcomes.tsv"


def test_the_table_is_the_golden_one():
    """If it failed, failures would be scored otherwise than users were told."""
    if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
        GOLDEN.write_text(table())
    assert table() == GOLDEN.read_text()


def test_every_outcome_has_a_rule():
    """If it failed, a new outcome would end the daemon when it first came."""
    assert set(RULES) == set(OUTCOMES)


def test_a_wrong_key_is_an_outage_and_not_a_bad_answer():
    """If it failed, an expired credential would read as a regression."""
    assert is_outage("bad_request", "status_401")
    assert not is_outage("bad_request", "status_400")


@pytest.mark.parametrize(
    ("canary", "control", "excluded"),
    [
        ("bad_request", "bad_request", True),
        ("bad_request", "context_too_long", True),
        ("bad_request", "answered", False),
        ("answered", "bad_request", False),
        ("timeout", "bad_request", False),
    ],
)
def test_a_case_that_neither_arm_takes_says_nothing(canary, control, excluded):
    """If it failed, a case that no model takes would count as agreement of two."""
    found = refused_by_both(ArmAnswer(outcome=canary), ArmAnswer(outcome=control))
    assert found is excluded


def test_a_wrong_key_of_both_arms_is_no_refusal_of_the_case():
    """If it failed, an outage of both keys would be excluded case by case."""
    for status in (401, 404):
        arm = ArmAnswer(outcome="bad_request", detail=f"status_{status}")
        assert not refused_by_both(arm, arm)
    assert not refused_by_both(ArmAnswer(outcome="bad_request"), None)
