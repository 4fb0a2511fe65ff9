"""Evidence from recordings: what gates is right, also for libraries never recorded."""

import pytest
from measure.evidence import TABLES, out_of_sample, render, tables, witnesses
from measure.recordings import golden
from measure.table import believed, measure, table


@pytest.fixture(scope="module")
def cases():
    return list(golden())


@pytest.fixture(scope="module")
def lines(cases):
    found = measure(cases)
    print(table(found))  # noqa: T201 - the table is what a person looks at
    return found


def _named(lines, outcome):
    return {
        f"{line.case.variant}/{line.case.name}"
        for line in lines
        if line.outcome == outcome
    }


def test_the_tables_are_what_the_recordings_say(cases):
    """A dialect changed, and claims would rest on what it used to read.

    `make evidence` writes the tables anew.
    """
    fresh = {
        f"{one.dialect}.json": render(one)
        for one in tables(witnesses(measure(cases, believed)))
    }
    held = {path.name: path.read_bytes() for path in TABLES.glob("*.json")}
    assert held.keys() == fresh.keys()
    assert [name for name in fresh if held[name] != fresh[name]] == []


def test_nothing_that_gates_differs_without_a_word(lines):
    """A canary would be compared on a request that was never sent like this."""
    assert _named(lines, "silent") == set()


def test_what_is_recorded_is_seldom_doubted(lines):
    """A suite that doubts all it reads would replay nothing."""
    carried = [line for line in lines if line.fully_present and line.call is not None]
    lost = [line for line in carried if line.outcome in ("unverified", "refused")]
    assert len(lost) <= 0.15 * len(carried)


def test_a_library_never_recorded_is_not_silently_wrong(cases):
    """The promise would hold for the recordings in this tree and not for the world.

    Each variant is judged by a table made of all the other variants.
    """
    left_out = out_of_sample(cases)
    print(table(left_out))  # noqa: T201 - the table is what a person looks at
    assert _named(left_out, "silent") == set()
    # Not because nothing is believed any more.
    gating = [line for line in left_out if line.outcome in ("exact", "declared")]
    assert len(gating) > 0.3 * len(left_out)
