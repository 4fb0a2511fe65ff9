"""`snaptrace up`'s board: what it says of two programs, at 80 columns and in a pipe."""

import io
from pathlib import Path

import pytest
from fakes.gate_verdicts import verdicts_of
from msgspec.structs import replace
from rich.console import Console

from replayd.planning.cost import CostedPlan
from replayd.planning.estimates import PairCost
from replayd.planning.gate_plan import plan_of
from replayd.verdicts.views import ArmView
from snaptrace.cli.up.board import Board
from snaptrace.cli.up.board_text import BoardState, Counted, Place, spoken, waits
from snaptrace.cli.up.live_table import counts_of

PLACE = Place(
    grpc="127.0.0.1:4317", http="127.0.0.1:4318", lookback_hours=24.0, replays=True
)
SEEN = Counted(
    answers=True, requests=9, seen={"text": 90}, kept={"text": 80}, replayable=80
)


def board():
    return Board(
        otlp=(PLACE.grpc, PLACE.http),
        collector="127.0.0.1:9464",
        replayd="127.0.0.1:9465",
        page="127.0.0.1:9466",
        folder=Path(".snaptrace"),
        lookback_hours=24.0,
    )


def said(state):
    return "\n".join(waits(state, PLACE))


def undecided():
    verdicts = verdicts_of(worse=0.0, pairs=20)
    view = verdicts.canaries["canary"]
    shown = replace(
        view.modalities["text"], verdict="undecided", replays=20, replays_needed=80
    )
    view = replace(view, control="production", modalities={"text": shown})
    return replace(verdicts, canaries={"canary": view})


def plans(verdicts):
    (planned,) = plan_of(verdicts.canaries["canary"])
    cost = PairCost(requests=2, control_requests=1, tokens=9, money=0.0)
    row = CostedPlan(
        planned=planned,
        cost=cost,
        pairs_per_hour=240.0,
        limited_by="floor_per_hour",
        key="replayd.control_rate.floor_per_hour",
        needs=(),
    )
    return {"canary": [row]}


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (Counted(), "the collector is starting"),
        (Counted(answers=True), "point the app's OTLP exporter at 127.0.0.1:4317"),
        (Counted(answers=True, requests=3), "none with a model call"),
        (
            replace(SEEN, replayable=0, not_replayable={"no_body": 90}),
            "no call can be replayed: no_body (90)",
        ),
    ],
)
def test_before_any_pair_it_says_what_is_missing(counted, words):
    """A new user would look at an empty table and not know what to do."""
    state = BoardState(counted=counted, telling_seconds=60.0)
    assert words in said(state)
    assert "replayd is starting" in said(state)


def test_it_says_when_a_verdict_is_expected_and_what_holds_it():
    """A verdict would be hours away, and nothing would say which key decides that."""
    verdicts = undecided()
    state = BoardState(counted=SEEN, verdicts=verdicts, plans=plans(verdicts))
    assert (
        "text: a verdict in about 15 min (60 more pairs at 4 a minute; held by "
        "floor_per_hour (replayd.control_rate.floor_per_hour))"
    ) in said(state)
    quick = replace(state, paces={("canary", "text"): 60.0})
    assert "in about 1 min (60 more pairs at 60 a minute" in said(quick)


@pytest.mark.parametrize(
    ("cases", "pace", "words"),
    [
        (1, 3.0, "1 call so far, too few to say when; a verdict takes about 60 more"),
        (3, 3.0, "3 calls so far, too few to say when; a verdict takes about 60 more"),
        # Its first pairs came at once; calls come once in three minutes.
        (
            20,
            5.0,
            "in about 3 h, or sooner (60 more pairs, one for each new call; at least",
        ),
        # Forty more are in the store, and are asked at the pace of now.
        (60, 5.0, "in about 68 min, or sooner (60 more pairs"),
    ],
)
def test_a_small_teams_verdict_comes_as_its_calls_do(cases, pace, words):
    """Ten minutes would be promised, and a day be waited."""
    verdicts = undecided()
    (row,) = plans(verdicts)["canary"]
    row = replace(row, limited_by="fresh_cases", pairs_per_hour=20.0, cases=cases)
    state = BoardState(
        counted=SEEN,
        verdicts=verdicts,
        plans={"canary": [row]},
        paces={("canary", "text"): pace},
    )
    assert words in said(state)


def test_an_import_alone_says_why_no_verdict_comes():
    """Month-old calls would be replayed for ever without a verdict or a word."""
    verdicts = undecided()
    view = verdicts.canaries["canary"]
    old = replace(view.modalities["text"], pairs=0, replays=0)
    canaries = {"canary": replace(view, modalities={"text": old})}
    (row,) = plans(verdicts)["canary"]
    found = {"canary": [replace(row, pairs_per_hour=0.0, limited_by="fresh_cases")]}
    state = BoardState(
        counted=SEEN, verdicts=replace(verdicts, canaries=canaries), plans=found
    )
    assert "text: no call of the last 24 h is in the store" in said(state)
    assert "replayd.schedule.lookback" in said(state)


def test_nothing_is_expected_while_an_arm_is_away():
    """A wrong key would be shown as four hours of waiting."""
    verdicts = undecided()
    arm = ArmView(arm="canary", state="misconfigured", share=0.0, limit=0.9)
    view = replace(verdicts.canaries["canary"], arms=(arm,))
    state = BoardState(
        counted=SEEN,
        verdicts=replace(verdicts, canaries={"canary": view}),
        plans=plans(verdicts),
    )
    assert "canary refuses everything" in said(state)
    assert "a verdict in about" not in said(state)


def test_eighty_columns_hold_the_verdict_whole():
    """A narrow terminal would show `regre…`."""
    verdicts = verdicts_of(worse=0.4)
    out = io.StringIO()
    console = Console(file=out, width=80, no_color=True)
    console.print(board().render(BoardState(counted=SEEN, verdicts=verdicts)))
    text = out.getvalue()
    assert "regressed" in text
    assert "…" not in text
    assert all(len(line.rstrip()) <= 80 for line in text.splitlines())


def test_plain_lines_are_news_only_when_something_changed():
    """A log would get a line a second, or none at a verdict."""
    first = BoardState(counted=SEEN, verdicts=undecided())
    more = replace(first, counted=replace(SEEN, seen={"text": 95}))
    found = replace(first, verdicts=verdicts_of(worse=0.4))
    shown = board()
    key, lines = shown.lines(first)
    assert "text: 90 seen, 80 kept, 20 pairs, undecided" in lines[0]
    assert shown.lines(more)[0] == key
    assert shown.lines(found)[0] != key


def test_counts_are_read_from_the_metrics_page():
    """The board would stand at zero while calls come in."""
    page = (
        "# TYPE snaptrace_collector_calls counter\n"
        'snaptrace_collector_calls_total{service="a",modality="text"} 5\n'
        'snaptrace_collector_calls_total{service="b",modality="text"} 2\n'
        "# TYPE snaptrace_collector_sampled_calls counter\n"
        'snaptrace_collector_sampled_calls_total{modality="text",reason="kept"} 4\n'
        'snaptrace_collector_sampled_calls_total{modality="text",reason="low"} 3\n'
        "# TYPE snaptrace_collector_requests counter\n"
        'snaptrace_collector_requests_total{signal="traces",code="ok"} 9\n'
        "# TYPE snaptrace_collector_funnel counter\n"
        'snaptrace_collector_funnel_total{stage="replayable",reason=""} 4\n'
        'snaptrace_collector_funnel_total{stage="replayable",reason="no_body"} 3\n'
    )
    assert counts_of(page) == Counted(
        answers=True,
        requests=9,
        seen={"text": 7},
        kept={"text": 4},
        not_replayable={"no_body": 3},
        replayable=4,
    )


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0.2, "a minute"), (15, "15 min"), (390, "6 h"), (18_720, "13 days")],
)
def test_times_are_said_as_people_say_them(minutes, words):
    """A person would have to divide 18,720 minutes."""
    assert spoken(minutes) == words
