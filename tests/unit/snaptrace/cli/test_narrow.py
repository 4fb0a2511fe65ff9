"""Tables on a terminal of 80 columns: columns may go, words of a verdict stay whole."""

import io

import pytest
from fakes.gate_verdicts import verdicts_of
from rich.console import Console

from replayd.offline.suite.outcome import SuiteCase
from replayd.planning.gate_plan import plan_of
from replayd.results.terminal import plan_table, verdict_table
from snaptrace.cli.suites.reports import cases_table
from snaptrace.cli.up import live_table

LONG = "the answer goes on about things that nobody asked for " * 8
STATES = ("passed", "failed", "quarantined", "not_judged")


def printed(shown, width):
    """Return the lines of a table on a terminal of this width."""
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(shown)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_suites_states_are_whole(width):
    """`quarantined` would read `quara`, and a failed pin look like something else."""
    cases = [
        SuiteCase(
            snapshot_id="a" * 32,
            modality="document",
            state=state,
            why=(LONG,),
            recorded=LONG,
            answer=LONG,
        )
        for state in STATES
    ]
    lines = printed(cases_table(cases, width), width)
    assert max(map(len, lines)) <= width
    for state in STATES:
        assert any(state.replace("_", " ") in line for line in lines), state
    assert any("document" in line and "a" * 12 in line for line in lines)


@pytest.mark.parametrize("worse", [0.0, 0.3])
def test_a_gates_verdict_is_whole(worse):
    """`regressed` would be cut to `regre` where most terminals are."""
    view = verdicts_of(pairs=3000, worse=worse).canaries["canary"]
    (word,) = {str(shown.verdict) for shown in view.modalities.values()}
    lines = printed(verdict_table("canary", view), 80)
    assert max(map(len, lines)) <= 80
    assert any(word.replace("_", " ") in line.replace("_", " ") for line in lines)
    assert max(map(len, printed(plan_table(plan_of(view)), 80))) <= 80


def test_the_boards_words_are_whole():
    """The longest verdict would be cut on the board that people watch."""
    row = live_table.Row(
        name="document",
        seen=1_234_567,
        kept=12_345,
        replays=1_234,
        canary_score=0.5,
        control_score=0.75,
        difference=-0.25,
        interval=(-0.31, -0.19),
        verdict="regressed_previous_epoch",
        reason="carried over from an earlier epoch",
        replayable=0.93,
    )
    lines = printed(live_table.render([row], "canary"), 80)
    assert max(map(len, lines)) <= 80
    assert any("regressed_previous_epoch" in line for line in lines)
