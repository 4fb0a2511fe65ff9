"""Evidence from recordings: what gates is right, also for libraries never recorded."""

import msgspec
import pytest
from measure.evidence import TABLES, render, tables, witnesses
from measure.holdout import SPLITS, held_out, judged, read, row
from measure.recordings import golden
from measure.table import believed, measure, table

from collector.recognise.evidence.contract import DialectEvidence, Row
from collector.recognise.evidence.table import Evidence, Reading, packaged

# All recordings are read once, by one worker.
pytestmark = [pytest.mark.xdist_group("evidence"), pytest.mark.timeout(300)]


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


@pytest.fixture(scope="module")
def seen(cases):
    return read(cases)


@pytest.mark.parametrize("split", SPLITS)
def test_what_was_never_recorded_is_not_silently_wrong(seen, split):
    """The promise would hold for the recordings in this tree and not for the world."""
    lines = held_out(seen, SPLITS[split])
    print(row(split, lines))  # noqa: T201 - the table is what a person looks at
    assert _named(lines, "silent") == set()


@pytest.mark.parametrize(
    ("split", "least"), [("one variant", 0.3), ("a fifth of the cases", 0.6)]
)
def test_doubt_is_not_the_whole_answer(seen, split, least):
    """Nothing would be silently wrong because nothing is believed any more."""
    lines = [line for line in held_out(seen, SPLITS[split]) if line.fully_present]
    gating = [line for line in lines if line.outcome in ("exact", "declared")]
    assert len(gating) > least * len(lines)


def test_rating_a_reading_anew_is_what_recognition_does(seen, lines):
    """The held-out table would describe some other rule than the product's."""
    rated = [judged(line, packaged()) for one in seen for line in one.lines]
    assert [line.outcome for line in rated] == [line.outcome for line in lines]


def test_a_text_that_may_be_several_joined_is_doubted():
    """Two texts of a tool, told as one, would count as what was sent."""
    shown = "messages:tool/text"
    row_ = Row(
        scope="s", version="1", operation="chat", api="openai_chat", source="parts",
        requests=1, exact=1, carried=(shown,),
    )  # fmt: skip
    reading = Reading("d", "s", "1", "chat", "openai_chat", "parts")

    def doubts(one, of):
        return Evidence([DialectEvidence(dialect="d", rows=(one,))]).judge(of, {shown})

    several = msgspec.structs.replace(row_, carried=(shown, f"{shown}s"))
    verbatim = msgspec.structs.replace(row_, source="body")
    assert doubts(row_, reading).unproven == (f"{shown}s",)
    assert doubts(several, reading).doubts == ()
    assert doubts(verbatim, reading._replace(source="body")).doubts == ()
