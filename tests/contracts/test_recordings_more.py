"""The measure over recordings of our own: conventions and cases the first lot lacks."""

from pathlib import Path

import pytest
from measure.recordings import from_archive
from measure.table import believed, measure, table

from collector.recognise.dialects import DIALECTS

_CORPUS = Path(__file__).parents[1] / "golden" / "corpus"
# What this emitter joins, it leaves no sign of: a list of texts in a tool's result.
_UNTOLD = {"logfire-anthropic/tools_second"}


@pytest.fixture(scope="module")
def lines():
    found = measure(from_archive(_CORPUS / "recordings-more.tar.zst"), believed)
    print(table(found))  # noqa: T201 - the table is what a person looks at
    return found


def _named(lines, outcome):
    return {
        f"{line.case.variant}/{line.case.name}"
        for line in lines
        if line.outcome == outcome
    }


@pytest.mark.parametrize("outcome", ["missed", "double", "overdeclared"])
def test_each_call_is_one_call_and_says_only_what_it_lacks(lines, outcome):
    """Calls would be lost, counted twice, or left out of replay for nothing."""
    assert _named(lines, outcome) == set()


def test_no_call_differs_without_a_word(lines):
    """A replay would be compared with a request that was never sent like this."""
    assert _named(lines, "silent") == _UNTOLD


def test_every_unrecorded_dialect_has_recordings_here(lines):
    """A dialect written from its source alone would have met no real span."""
    seen = {line.call.snapshot.dialect for line in lines if line.call is not None}
    assert {"langsmith", "google_adk", "haystack"} <= seen
    assert seen <= {dialect.name for dialect in DIALECTS}
