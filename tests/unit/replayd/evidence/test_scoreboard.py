"""The fold and what it says."""

import random

import msgspec
import pytest
from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of, score

from replayd.adjudication.decisions import Decisions
from replayd.errors import DamagedResultError
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings, SliceSettings
from replayd.model import ArmOutcome
from replayd.verdicts.compute import VerdictComputation

SETTINGS = BoardSettings()


def board_of(*modalities, settings=SETTINGS, carried=frozenset(), **epoch):
    """Return an empty scoreboard."""
    return Scoreboard(epoch_of(*modalities, **epoch), settings, carried=carried)


def view_of(board, *modalities, now_ns=None, **live):
    """Return the canary's view shortly after the last result."""
    names = modalities or board.modalities
    now = START + (board.next_number + 10) * SECOND if now_ns is None else now_ns
    return VerdictComputation(board).view(now, live_of(*names, **live))


def fold_many(board, count, worse=0.0, seed=1, **more):
    """Fold `count` results, a share of them worse for the canary."""
    rng = random.Random(seed)
    for _ in range(count):
        canary = 0.0 if rng.random() < worse else 1.0
        board.fold(result_of(board.next_number, canary, **more))


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


def test_absence_is_never_green():
    """A modality nobody can replay, or that is only demanded, would look fine."""
    board = board_of("text", settings=BoardSettings(required_modalities=("video",)))
    fold_many(board, 400)
    view = view_of(board, "text", "audio", replayable=10)
    assert view.modalities["text"].verdict == "undecided"
    assert view.modalities["text"].reason == "blind"
    assert view.modalities["text"].coverage == pytest.approx(0.1)
    assert view.modalities["text"].not_replayable == {"no_body": 90}
    assert view.modalities["audio"].verdict == "undecided"
    assert view.modalities["video"].verdict == "undecided"
    assert view.modalities["video"].reason == "blind"
    assert view.gate == "undecided"


def test_a_regression_is_said_even_where_coverage_is_short():
    """A found collapse would be hidden by a lack of other cases."""
    board = board_of("text")
    fold_many(board, 200, worse=0.5)
    assert view_of(board, "text", replayable=1).modalities["text"].verdict == (
        "regressed"
    )


def test_a_pass_expires():
    """Last month's pass would wave through today's canary."""
    board = board_of("text")
    fold_many(board, 400)
    assert view_of(board).modalities["text"].verdict == "pass"
    late = START + 400 * SECOND + SETTINGS.pass_expires_ns + 1
    shown = view_of(board, now_ns=late).modalities["text"]
    assert (shown.verdict, shown.reason) == ("undecided", "expired")
    assert view_of(board, now_ns=late).gate == "undecided"


def test_a_protected_slice_fails_the_modality_it_hides_in():
    """A tenth of the users would lose their answers unseen."""
    settings = BoardSettings(
        slices={"accent": SliceSettings(modality="audio", minimum_pairs=30)}
    )
    board = board_of("audio", settings=settings, slices={"audio": ("accent",)})
    rng = random.Random(2)
    for number in range(900):
        accent = rng.random() < 0.1
        bad = accent and rng.random() < 0.35
        board.fold(
            result_of(
                number,
                0.0 if bad else 1.0,
                modality="audio",
                slices=("accent",) if accent else (),
            )
        )
    shown = view_of(board).modalities["audio"]
    assert shown.protected["accent"].verdict == "regressed"
    assert (shown.verdict, shown.deciding) == ("regressed", "slice:accent")
    assert shown.outcome == "key_facts"


def test_a_slice_lane_does_not_colour_its_modality():
    """More draws of accents would make the whole of audio look worse."""
    settings = BoardSettings(slices={"accent": SliceSettings(modality="audio")})
    board = board_of("audio", settings=settings, slices={"audio": ("accent", "other")})
    for number in range(100):
        board.fold(
            result_of(
                number,
                0.0,
                modality="audio",
                lane="slice:accent",
                slices=("accent", "other"),
            )
        )
    shown = view_of(board).modalities["audio"]
    assert shown.protected["accent"].replays == 100
    assert shown.protected["other"].replays == 0
    assert shown.replays == 0 or shown.deciding == "slice:accent"
    assert shown.streams["quality"].replays == 0


def test_a_slice_needs_its_minimum_before_it_passes():
    """Three lucky pairs would vouch for a protected group."""
    settings = BoardSettings(
        slices={"accent": SliceSettings(modality="text", minimum_pairs=500)}
    )
    board = board_of("text", settings=settings, slices={"text": ("accent",)})
    fold_many(board, 400, slices=("accent",))
    assert view_of(board).modalities["text"].verdict == "undecided"


def test_an_unsupported_modality_regresses_at_once():
    """A canary without eyes would count as a few lost answers."""
    board = board_of("image")
    board.fold(
        result_of(
            0, 0.0, modality="image", canary=ArmOutcome(outcome="unsupported_modality")
        )
    )
    shown = view_of(board).modalities["image"]
    assert (shown.verdict, shown.reason) == ("regressed", "unsupported")
    assert shown.outcome == "unsupported_modality"


def test_equal_arms_that_differ_stop_every_verdict():
    """A harness that favours whoever is asked second would judge models."""
    board = board_of("text")
    for number in range(300):
        row = result_of(number)
        streams = {**row.streams, "quality": score(1.0, 1.0, second_control=0.0)}
        board.fold(msgspec.structs.replace(row, streams=streams))
    view = view_of(board)
    assert view.noise_alarm == ("text/quality",)
    assert view.modalities["text"].verdict == "undecided"
    assert view.modalities["text"].reason == "noise"
    assert view.gate == "undecided"


def test_fair_noise_is_a_floor_and_no_alarm():
    """The harness would stop itself over ordinary sampling."""
    board = board_of("text")
    rng = random.Random(8)
    for number in range(500):
        row = result_of(number)
        first, second = (float(rng.random() > 0.1) for _ in range(2))
        streams = {**row.streams, "quality": score(1.0, first, second_control=second)}
        board.fold(msgspec.structs.replace(row, streams=streams))
    view = view_of(board)
    assert view.noise_alarm == ()
    floor = view.modalities["text"].noise_floor
    assert floor.replays == 500
    assert 0.1 < floor.discordance < 0.25


def test_a_regression_carries_over_until_the_next_epoch_decides():
    """A new revision would clear its predecessor's name by starting anew."""
    first = board_of("text", "image")
    fold_many(first, 300, worse=0.3, modality="image")
    carried = VerdictComputation(first).carries()
    assert carried == {"image"}
    second = board_of("text", "image", epoch="e2", sequence=1, carried=carried)
    view = view_of(second)
    assert view.modalities["image"].verdict == "regressed_previous_epoch"
    assert view.modalities["text"].verdict == "undecided"
    assert (view.gate, view.epochs_tried) == ("undecided", 2)
    assert VerdictComputation(second).carries() == {"image"}
    fold_many(second, 300, modality="image")
    assert view_of(second).modalities["image"].verdict == "pass"
    assert VerdictComputation(second).carries() == frozenset()


def test_failing_arms_withhold_a_pass():
    """An outage of the control would make any canary look good."""
    board = board_of("text")
    fold_many(board, 400)
    assert view_of(board).modalities["text"].verdict == "pass"
    fold_many(board, 60, control=ArmOutcome(outcome="server_error"))
    shown = view_of(board).modalities["text"]
    assert (shown.verdict, shown.reason) == ("undecided", "pass_withheld")
    assert shown.withheld_because == ("arm_failing",)
    fold_many(board, 100)
    assert view_of(board).modalities["text"].verdict == "pass"


def test_judges_that_stay_away_from_one_arm_withhold_a_pass():
    """Dropping the canary's worst answers would raise its score."""
    board = board_of("text")
    fold_many(board, 400)
    for _ in range(6):
        row = result_of(board.next_number)
        away = score(None, 1.0, reason="judge_away")
        streams = {**row.streams, "quality": away}
        board.fold(msgspec.structs.replace(row, streams=streams))
    shown = view_of(board).modalities["text"]
    assert shown.withheld_because == ("judge_outage",)
    assert shown.streams["quality"].replays == 400


def test_a_scorer_at_fault_withholds_a_pass():
    """A broken rule would be the reason that nothing bad was seen."""
    board = board_of("text")
    fold_many(board, 400)
    row = result_of(board.next_number)
    fault = score(None, None, reason="scorer_fault")
    board.fold(
        msgspec.structs.replace(row, streams={**row.streams, "invariants": fault})
    )
    assert view_of(board).modalities["text"].withheld_because == ("scorer_fault",)


def test_an_upgrade_that_answers_differently_is_changed_not_regressed():
    """Every better model would be called worse for not repeating the old one."""
    board = board_of("text", settings=BoardSettings(intent="upgrade"))
    fold_many(board, 300, worse=0.3)
    view = view_of(board)
    assert view.modalities["text"].verdict == "changed"
    assert view.modalities["text"].deciding == "quality"
    assert view.waiting_decisions > 50
    assert view.gate == "undecided"


@pytest.mark.parametrize(("better", "word"), [(-1, "regressed"), (1, "pass")])
def test_decisions_turn_changed_into_a_verdict(better, word):
    """What the judge says would never reach the gate."""
    board = board_of("text", settings=BoardSettings(intent="upgrade"))
    fold_many(board, 400, worse=0.3)
    numbers = board.waiting_decisions
    board.decide(Decisions(dict.fromkeys(numbers, better)))
    view = view_of(board)
    assert view.modalities["text"].verdict == word
    assert view.waiting_decisions == 0
    assert set(view.modalities["text"].deciders) == {"agreement", "adjudication"}


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


def test_a_later_modality_does_not_move_the_bar():
    """A first audio call would change what image evidence is held against."""
    board = board_of("text")
    fold_many(board, 10)
    before = view_of(board).modalities["text"].streams["quality"].alpha_regression
    fold_many(board, 10, modality="audio")
    view = view_of(board)
    assert view.modalities["text"].streams["quality"].alpha_regression == before
    assert view.modalities["audio"].streams["quality"].alpha_regression > 0


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
    assert len({s.slice for s in view.slices}) <= 40
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
