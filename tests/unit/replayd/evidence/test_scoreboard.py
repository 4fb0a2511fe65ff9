"""The fold and what it says."""

import random

import msgspec
import pytest
from fakes.pair_results import epoch_of, result_of, score
from fakes.scoreboards import board_of, fold_many, view_of

from replayd.adjudication.decisions import Decisions
from replayd.errors import DamagedResultError
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings, SliceSettings
from replayd.evidence.watched_slices import MOST_SLICES


def test_a_broken_canary_regresses_in_its_modality_only():
    """A collapse of images would hide behind the text, or text be blamed."""
    board = board_of("text", "image")
    rng = random.Random(3)
    for number in range(600):
        modality = ("text", "image")[number % 2]
        bad = modality == "image" and rng.random() < 0.1
        board.fold(result_of(number, 0.0 if bad else 1.0, modality=modality))
    view = view_of(board)
    image, text = view.modalities["image"], view.modalities["text"]
    assert (image.verdict, image.deciding, image.outcome) == (
        "regressed",
        "quality",
        "key_facts",
    )
    assert image.difference < -0.05
    assert image.interval[0] < image.difference < image.interval[1] < -0.005
    assert text.verdict == "pass"
    assert text.interval[0] > -0.02
    assert view.gate == "regressed"


def test_the_same_results_leave_the_same_bytes():
    """Two leaders would tell two stories about one epoch."""
    one, other = board_of("text"), board_of("text")
    fold_many(one, 230, worse=0.05)
    fold_many(other, 230, worse=0.05)
    assert one.checkpoint() == other.checkpoint()


@pytest.mark.parametrize("stop", [0, 1, 99, 100, 101, 149, 250])
def test_a_restored_board_goes_on_as_if_never_stopped(stop):
    """A restart would move a verdict."""
    settings = BoardSettings(
        intent="upgrade", slices={"accent": SliceSettings(modality="audio")}
    )
    rows = []
    rng = random.Random(5)
    for number in range(300):
        modality = rng.choice(["text", "audio", "image"])
        canary = rng.choice([0.0, 0.5, 1.0, 1.0])
        row = result_of(number, canary, modality=modality, route=f"r{number % 5}")
        quality = score(canary, second_control=rng.choice([None, 1.0, 0.5]))
        row = msgspec.structs.replace(
            row,
            slices=("accent",) if rng.random() < 0.3 else (),
            excluded="unscorable_redacted" if rng.random() < 0.1 else "",
            streams={**row.streams, "quality": quality},
        )
        rows.append(row)
    epoch = epoch_of("audio", slices={"audio": ("accent",)})
    decided = Decisions({n: rng.choice([-1, 0, 1]) for n in range(250)})

    def run(stop_at):
        board = Scoreboard(epoch, settings, decisions=decided)
        for row in rows[:stop_at]:
            board.fold(row)
        again = Scoreboard(epoch, settings, decisions=decided)
        again.restore(board.checkpoint())
        for row in rows[stop_at:]:
            again.fold(row)
        return again

    stopped, whole = run(stop), run(len(rows))
    assert stopped.checkpoint() == whole.checkpoint()
    assert view_of(stopped) == view_of(whole)


@pytest.mark.parametrize(
    ("number", "why"), [(0, "expected 1"), (2, "expected 1"), (7, "expected 1")]
)
def test_doubled_and_missing_numbers_stop_the_fold(number, why):
    """A result counted twice, or left out, would lie in every verdict after it."""
    board = board_of("text")
    board.fold(result_of(0))
    before = board.checkpoint()
    with pytest.raises(DamagedResultError, match=why):
        board.fold(result_of(number))
    assert board.checkpoint() == before


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1, float("inf")])
def test_scores_off_the_scale_stop_the_fold(value):
    """A damaged or foreign result object would turn into evidence."""
    board = board_of("text")
    before = board.checkpoint()
    with pytest.raises(DamagedResultError, match="quality holds"):
        board.fold(result_of(0, value))
    assert board.checkpoint() == before


def test_every_damaged_checkpoint_is_refused():
    """A flipped bit would become a verdict."""
    board = board_of("text")
    fold_many(board, 20)
    good = board.checkpoint()
    for at in range(0, len(good), 7):
        bad = bytearray(good)
        bad[at] ^= 0x10
        with pytest.raises(DamagedResultError):
            board_of("text").restore(bytes(bad))
    for cut in (0, 5, 12, 30, len(good) - 1):
        with pytest.raises(DamagedResultError):
            board_of("text").restore(good[:cut])
    with pytest.raises(DamagedResultError, match="another epoch"):
        board_of("text", epoch="e2").restore(good)


def test_excluded_pairs_feed_nothing_and_are_counted():
    """What could not be judged would be averaged in, or vanish."""
    board = board_of("text")
    for number in range(10):
        board.fold(result_of(number, 0.0, excluded="unscorable_redacted", streams={}))
    shown = view_of(board).modalities["text"]
    assert shown.excluded == {"unscorable_redacted": 10}
    assert (shown.pairs, shown.replays, shown.verdict) == (0, 0, "undecided")


def test_decisions_count_in_dispatch_order():
    """Pairs judged quickly would count first, and quick ones are not like others."""
    board = board_of("text", settings=BoardSettings(intent="upgrade"))
    fold_many(board, 100, worse=0.3)
    first, *later = board.waiting_decisions
    board.decide(Decisions(dict.fromkeys(later, -1)))
    beside = view_of(board).modalities["text"].deciders["adjudication"]
    assert beside.replays == first
    board.decide(Decisions(dict.fromkeys([first, *later], -1)))
    beside = view_of(board).modalities["text"].deciders["adjudication"]
    assert beside.replays == 100


def test_watched_slices_are_flagged_and_decide_nothing():
    """A bad route would be invisible, or fail a gate that never knew of it."""
    board = board_of("text")
    rng = random.Random(4)
    for number in range(400):
        route = f"r{number % 10}"
        bad = route == "r3" and rng.random() < 0.6
        board.fold(result_of(number, 0.0 if bad else 1.0, route=route))
    view = view_of(board)
    flagged = {(s.slice, s.stream) for s in view.slices if s.flagged}
    assert ("route=r3", "quality") in flagged
    # The scorer's own slice holds all pairs, the bad ones too.
    assert flagged <= {("route=r3", "quality"), ("scorer=key_facts", "quality")}
    assert view.modalities["text"].protected == {}


def test_watched_slices_are_bounded():
    """An id kept as an attribute would fill the memory."""
    board = board_of("text")
    for number in range(300):
        board.fold(
            result_of(number, attributes={f"a{number % 9}": f"id{number}"}, route="r")
        )
    view = view_of(board)
    assert len({s.slice for s in view.slices}) <= MOST_SLICES
    assert view.slices_untracked > 100
    assert len(board.checkpoint()) < 60_000


def test_no_quality_rule_is_counted():
    """Cases that nobody could judge would silently shrink the evidence."""
    board = board_of("text")
    row = result_of(0)
    streams = {k: v for k, v in row.streams.items() if k != "quality"}
    board.fold(msgspec.structs.replace(row, streams=streams))
    assert view_of(board).modalities["text"].unscored == 1


def test_clocks_that_jump_back_make_no_negative_age():
    """A page would show cases from the future."""
    board = board_of("text")
    fold_many(board, 3)
    shown = view_of(board, now_ns=5).modalities["text"]
    assert shown.mean_age_seconds == 0
    assert shown.last_replay_age_seconds == 0
