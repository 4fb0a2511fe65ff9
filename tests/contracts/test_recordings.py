"""The measure: recordings of real instrumentation against the requests really sent.

Dialects are believed here; `test_evidence.py` measures what is left once recorded
evidence decides whom to believe.
"""

import random
from pathlib import Path

import pytest
from measure.recordings import from_archive
from measure.table import believed, measure, recognise, table

from collector.recognise.dialects import DIALECTS
from collector.recognise.recogniser import Recogniser

_ARCHIVE = Path(__file__).parents[1] / "golden" / "corpus" / "recordings.tar.zst"


@pytest.fixture(scope="module")
def cases():
    return list(from_archive(_ARCHIVE))


@pytest.fixture(scope="module")
def lines(cases):
    found = measure(cases, believed)
    print(table(found))  # noqa: T201 - the table is what a person looks at
    return found


def _named(lines, outcome):
    return [
        f"{line.case.variant}/{line.case.name}: {line.verdict}"
        for line in lines
        if line.outcome == outcome
    ]


@pytest.mark.parametrize("outcome", ["silent", "missed", "double"])
def test_no_call_differs_without_a_word(lines, outcome):
    """A replay would be compared with a request that was never sent like this."""
    assert _named(lines, outcome) == []


def test_little_is_declared_lost_that_was_there(lines):
    """A suite that cries loss over what it has would replay nothing."""
    over = _named(lines, "overdeclared")
    assert len(over) <= 0.01 * len(lines), over


def test_what_telemetry_carries_is_replayed_as_it_was(lines):
    """A request that is all there would be replayed as another."""
    whole = [
        line
        for line in lines
        if line.fully_present and line.outcome not in ("double", "invisible")
    ]
    exact = [line for line in whole if line.outcome == "exact"]
    assert len(exact) >= 0.95 * len(whole), [
        f"{line.case.variant}/{line.case.name} {line.outcome}"
        for line in whole
        if line.outcome != "exact"
    ]


def test_every_refusal_has_a_reason(lines):
    """A person could not know which switch to turn."""
    refused = [line for line in lines if line.outcome == "refused"]
    assert refused
    assert all(line.verdict.reasons for line in refused)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_one_stream_of_all_processes_gives_the_same_calls(cases, seed):
    """Calls would depend on their neighbours, or on the order they came in."""
    alone = {
        call.snapshot.snapshot_id: call.snapshot
        for case in cases
        for call in recognise(case)
    }
    exports = [export for case in cases for export in case.exports]
    if seed is not None:
        random.Random(seed).shuffle(exports)
    recogniser = Recogniser()
    together = [call for export in exports for call in recogniser.feed(export)]
    together.extend(recogniser.flush(0))
    found = {call.snapshot.snapshot_id: call.snapshot for call in together}
    assert len(together) == len(found)
    assert found.keys() == alone.keys()
    for key, snapshot in found.items():
        assert snapshot.request == alone[key].request
        assert snapshot.fidelity == alone[key].fidelity


def test_re_delivery_changes_nothing(cases):
    """A client's retry would count one call twice."""
    for case in cases[::17]:
        recogniser = Recogniser()
        once = []
        for export in case.exports:
            once.extend(recogniser.feed(export))
            once.extend(recogniser.feed(export))
        once.extend(recogniser.flush(0))
        for export in case.exports:
            once.extend(recogniser.feed(export))
        again = list(recogniser.flush(0))
        assert len(once) == len(recognise(case)), (case.variant, case.name)
        assert again == [], (case.variant, case.name)


def test_recorded_dialects_are_all_at_work(lines):
    """A dialect that never claims a recording would be dead, and nobody would see."""
    seen = {line.call.snapshot.dialect for line in lines if line.call is not None}
    unrecorded = {"langsmith", "google_adk", "haystack", "openlit", "agentops"}
    unrecorded |= {"capture", "llama_index"}  # recorded in recordings-own.tar.zst
    assert {dialect.name for dialect in DIALECTS} - unrecorded == seen
