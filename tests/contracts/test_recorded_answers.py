"""Answers in recordings against what the providers really said."""

from collections import Counter
from pathlib import Path

import pytest
from measure.answers import FIELDS, read_archive, rows, share
from measure.recordings import from_archive
from measure.table import recognise

_CORPUS = Path(__file__).parents[1] / "golden" / "corpus"
# Those whose true responses are kept; `-more` has others of the same names.
_ARCHIVES = [
    name
    for name in ("recordings.tar.zst", "recordings-second.tar.zst")
    if (_CORPUS / name).exists()
]
_EVERY = 3  # of the cases: enough of every variant
# Shares of what the telemetry carries. A refusal and a tool call are rare.
_LEAST = {"text": 0.97, "refusal": 0.5, "tools": 0.97, "finish": 0.97, "tokens": 0.97}


@pytest.fixture(scope="module")
def responses():
    """Return the true responses by variant, case and index."""
    return read_archive(_CORPUS / "responses.jsonl.zst")


@pytest.mark.parametrize("archive", _ARCHIVES)
def test_answers_are_read_where_they_are_carried(archive, responses):
    """Nothing would be compared: an answer that is not read counts as not observed."""
    known = {(variant, case) for variant, case, _ in responses}
    cases = [
        case
        for case in from_archive(_CORPUS / archive)
        if (case.variant, case.name) in known
    ][::_EVERY]
    found = list(rows(cases, responses))
    counts = Counter((row.field, row.outcome) for row in found)
    for field in FIELDS:
        right, carried = share(counts, field)
        assert right >= _LEAST[field] * carried, (field, right, carried)
    variants = {case.variant for case in cases}
    for variant in variants:
        own = Counter((r.field, r.outcome) for r in found if r.case.variant == variant)
        right, carried = share(own, "text")
        assert right >= 0.6 * carried, (variant, right, carried)


def test_langsmith_answers_of_langchain_are_read():
    """No reader took LangChain's result, so that none of them was ever compared."""
    cases = [
        case
        for case in from_archive(_CORPUS / "recordings-more.tar.zst")
        if case.variant == "langsmith-langchain"
    ]
    answers = [call.snapshot.answer for case in cases for call in recognise(case)]
    answered = [answer for answer in answers if answer.outcome != "error"]
    assert len(answered) > 30
    for answer in answered:
        assert answer.observed
        assert answer.finish_reason
