"""What is not scored is not passed: shares, limits, gate, and where they are shown."""

import io
import random

import msgspec
import pytest
from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of
from rich.console import Console

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings, SliceSettings
from replayd.results.terminal import verdict_table
from replayd.telemetry.verdict_samples import samples_of
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.gate import decide
from replayd.verdicts.views import Verdicts

NOW = START + 1000 * SECOND
NO_SCORER = "no_scorer_embeddings"


def unscored(number, **more):
    """Return a result to which no quality rule applied."""
    row = result_of(number, **more)
    streams = {k: v for k, v in row.streams.items() if k != "quality"}
    return msgspec.structs.replace(row, streams=streams)


def verdicts_of(rows, *, settings=None, slices=None, replayable=95):
    """Return the verdicts of one canary after `rows`."""
    epoch = epoch_of("text", slices={"text": slices} if slices else {})
    board = Scoreboard(epoch, settings or BoardSettings())
    for row in rows:
        board.fold(row)
    live = live_of("text", replayable=replayable)
    return Verdicts(canaries={"canary": VerdictComputation(board).view(NOW, live)})


def text_of(verdicts):
    """Return what is said of text."""
    return verdicts.canaries["canary"].modalities["text"]


def mixed(pairs, share, rng):
    """Return `pairs` results, about `share` of them without a quality rule."""
    return [
        unscored(number) if rng.random() < share else result_of(number)
        for number in range(pairs)
    ]


def test_ruined_prose_that_nobody_scores_never_passes():
    """Six in ten answers ruined, the facts right in the rest: it passed, exit 0."""
    rows = mixed(1_100, 0.6, random.Random(1))
    for pairs in range(50, 1_101, 50):
        verdicts = verdicts_of(rows[:pairs])
        answer = decide(verdicts, "canary", now_ns=NOW)
        assert (answer.state, answer.exit_code) == ("undecided", 2)
    shown = text_of(verdicts)
    assert shown.streams["quality"].verdict == "pass"
    assert (shown.verdict, shown.reason) == ("undecided", "unscored")
    assert shown.scored + shown.unscored == shown.pairs == 1_100
    assert "scored, the limit is 80%" in answer.why[0]


@pytest.mark.parametrize(
    ("share", "limit", "verdict"),
    [(0.1, 0.8, "pass"), (0.3, 0.8, "undecided"), (0.3, 0.6, "pass"), (1, 0.1, None)],
)
def test_the_limit_decides(share, limit, verdict):
    """A limit that nobody can set, or that does nothing, would be found here."""
    settings = BoardSettings(scored_limit=limit)
    shown = text_of(verdicts_of(mixed(900, share, random.Random(2)), settings=settings))
    assert shown.verdict == (verdict or "undecided")
    assert shown.reason == ("" if verdict == "pass" else "unscored")


def test_coverage_counts_what_was_replayable_and_scored():
    """All of the replayable half, half of it scored, would read as fifty percent."""
    rows = [unscored(n) if n % 2 else result_of(n) for n in range(400)]
    shown = text_of(verdicts_of(rows, replayable=50))
    assert shown.replayable_share == pytest.approx(0.5)
    assert shown.scored_share == pytest.approx(0.5)
    assert shown.coverage == pytest.approx(0.25)


def test_before_the_first_pair_nothing_is_covered():
    """A modality that was never replayed would show its coverage in green."""
    shown = text_of(verdicts_of([]))
    assert (shown.verdict, shown.coverage, shown.scored_share) == (
        "undecided",
        None,
        None,
    )


def test_operations_without_a_scorer_count_as_unscored():
    """Pairs set aside by name would shrink the denominator and so look covered."""
    rows = [
        result_of(n, excluded=NO_SCORER, streams={}) if n % 2 else result_of(n)
        for n in range(600)
    ]
    shown = text_of(verdicts_of(rows))
    assert shown.scored_share == pytest.approx(0.5)
    assert (shown.verdict, shown.reason) == ("undecided", "unscored")


def test_cases_that_are_gone_are_not_unscored():
    """Retention would take verdicts away."""
    rows = [
        result_of(n, excluded="erased", streams={}) if n % 2 else result_of(n)
        for n in range(800)
    ]
    shown = text_of(verdicts_of(rows))
    assert (shown.verdict, shown.scored_share) == ("pass", 1.0)


def test_a_regression_found_stands():
    """What is wrong in the scored part would be hidden behind the unscored part."""
    rows = [unscored(n) if n % 2 else result_of(n, 0.0) for n in range(400)]
    assert text_of(verdicts_of(rows)).verdict == "regressed"


def test_a_protected_slice_is_scored_for_itself():
    """A slice of prose would pass by its modality's scored share."""
    slices = ("prose",)
    settings = BoardSettings(
        slices={"prose": SliceSettings(modality="text", minimum_pairs=30)}
    )
    rows = [
        unscored(n, slices=slices) if n % 8 == 0 else result_of(n) for n in range(4_000)
    ]
    verdicts = verdicts_of(rows, settings=settings, slices=slices)
    shown = text_of(verdicts)
    assert shown.scored_share == pytest.approx(0.875)
    assert (shown.verdict, shown.reason) == ("undecided", "unscored")
    assert shown.unscored_slices == slices
    assert shown.protected["prose"].verdict == "undecided"
    why = decide(verdicts, "canary", now_ns=NOW).why
    assert "too little of slice prose scored" in why[0]


def test_it_is_shown_on_table_and_metric():
    """Somebody who reads only one of them would not hear of it."""
    verdicts = verdicts_of([unscored(n) if n % 2 else result_of(n) for n in range(400)])
    samples = {(s.series, s.labels): s.value for s in samples_of(verdicts)}
    assert samples["scored_share", ("canary", "text")] == pytest.approx(0.5)
    assert samples["verdict_reason", ("canary", "text", "unscored")] == 1
    assert samples["coverage_share", ("canary", "text")] == pytest.approx(0.475)
    assert samples["replayable_share", ("canary", "text")] == pytest.approx(0.95)
    console = Console(file=io.StringIO(), width=200)
    console.print(verdict_table("canary", verdicts.canaries["canary"]))
    table = console.file.getvalue()
    assert "undecided  unscored" in table
    assert "50%" in table
