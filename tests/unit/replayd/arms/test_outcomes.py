"""The table of outcomes: what each means for score, retry and pause."""

import os
from pathlib import Path

from replayd.arms.outcomes import OUTCOMES, RULES, is_outage, table

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
