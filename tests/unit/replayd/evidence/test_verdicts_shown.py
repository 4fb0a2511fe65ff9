"""What the folded evidence is allowed to say, and what withholds it."""

import random

import msgspec
import pytest
from fakes.pair_results import SECOND, START, result_of, score
from fakes.scoreboards import SETTINGS, board_of, fold_many, view_of

from replayd.adjudication.decisions import Decisions
from replayd.evidence.settings import BoardSettings, SliceSettings
from replayd.model import ArmOutcome
from replayd.verdicts.compute import VerdictComputation


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


def test_a_later_modality_does_not_move_the_bar():
    """A first audio call would change what image evidence is held against."""
    board = board_of("text")
    fold_many(board, 10)
    before = view_of(board).modalities["text"].streams["quality"].alpha_regression
    fold_many(board, 10, modality="audio")
    view = view_of(board)
    assert view.modalities["text"].streams["quality"].alpha_regression == before
    assert view.modalities["audio"].streams["quality"].alpha_regression > 0
