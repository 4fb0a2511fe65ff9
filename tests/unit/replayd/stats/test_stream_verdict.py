import math
import random

import msgspec
import pytest

from replayd.stats import (
    Alarm,
    DamagedStateError,
    OutOfOrderError,
    OutOfRangeError,
    StreamFold,
    StreamSettings,
    StreamState,
    judge_stream,
    new_evidence,
)
from replayd.stats.betting import growth_below, log_e_of
from replayd.stats.restarts import block_start, log_start_shares, since

SETTINGS = StreamSettings(stream="quality", margin=0.03, alpha_regression=0.01)


def _pairs(worse, better, replays, seed=1):
    rng = random.Random(seed)
    return rng.choices([-1, 0, 1], [worse, 1 - worse - better, better], k=replays)


def _folded(*stretches, settings=SETTINGS):
    fold = StreamFold(settings)
    words = [
        fold.add(difference, number=number)
        for number, difference in enumerate(d for stretch in stretches for d in stretch)
    ]
    return fold, words


def test_before_the_first_replay_nothing_is_decided():
    """Absence would be green."""
    fold = StreamFold(SETTINGS)
    verdict = fold.verdict()
    assert fold.word == verdict.word == "undecided"
    assert verdict.difference is None
    assert (verdict.interval.low, verdict.interval.high) == (-1.0, 1.0)
    assert verdict.log_e_regression == 0.0
    assert verdict.log_e_pass < verdict.log_threshold_pass
    assert judge_stream(fold.state, SETTINGS) == verdict


def test_equal_arms_pass():
    """A canary as good as the control would never be let through."""
    fold, words = _folded(_pairs(0.01, 0.01, 1_500))
    verdict = fold.verdict()
    assert "regressed" not in words
    assert verdict.word == "pass"
    assert verdict.interval.low > -SETTINGS.margin
    assert verdict.log_e_pass >= verdict.log_threshold_pass
    assert verdict.replays == verdict.worse + verdict.same + verdict.better == 1_500


def test_byte_equal_outputs_pass_when_the_margin_allows():
    """The cheapest possible pass takes other replays than its threshold says."""
    _, words = _folded([0] * 200)
    first = words.index("pass")
    assert set(words[first:]) == {"pass"}
    # Three quarters of the stake against 1 / 0.05, so 20 / 0.75 is the bar.
    bar = math.log(20 / 0.75)
    same = [new_evidence()]
    for number in range(first + 1):
        same.append(same[-1].add(0.0, number=number))
    assert same[-1].log_e_above(-SETTINGS.margin) >= bar
    assert same[-2].log_e_above(-SETTINGS.margin) < bar
    assert first + 1 == 160


def test_a_drop_is_found_and_stays_found():
    """A regression would come and go with every look."""
    fold, words = _folded(_pairs(0.12, 0.02, 1_000))
    first = words.index("regressed")
    assert set(words[first:]) == {"regressed"}
    verdict = fold.verdict()
    assert verdict.interval.high < -SETTINGS.eps
    assert verdict.interval.low <= verdict.difference <= verdict.interval.high
    assert verdict.alarm_raised_at == first + 1
    assert not verdict.latched


def test_a_latched_alarm_outlives_its_evidence():
    """An alarm would vanish because good replays followed, unexplained."""
    fold, words = _folded([-1] * 12, [1] * 12)
    assert "regressed" in words
    verdict = fold.verdict()
    assert verdict.log_e_regression < verdict.log_threshold_regression
    assert verdict.latched
    assert verdict.word == "regressed"
    assert verdict.interval.low <= verdict.difference <= verdict.interval.high


def test_evidence_of_a_small_drop_lifts_the_alarm():
    """A false alarm would hold a deployment for the rest of the epoch."""
    fold, words = _folded([-1] * 12, [1] * 12, [0] * 2_000)
    assert "regressed" in words
    assert fold.word == "pass"
    assert fold.state.alarm is None


def test_a_real_drop_within_the_margin_passes_with_a_warning():
    """A small, certain drop would be hidden, or would block for good."""
    settings = StreamSettings(
        stream="quality", margin=0.05, alpha_regression=0.01, eps=0.0
    )
    fold, words = _folded(_pairs(0.022, 0.002, 8_000), settings=settings)
    assert fold.word == "pass_with_drop"
    assert words.count("pass_with_drop") > 100
    verdict = fold.verdict()
    assert -settings.margin < verdict.interval.low
    assert verdict.interval.high < 0.0
    assert judge_stream(fold.state, settings) == verdict


def test_a_late_drop_is_blamed_on_its_start():
    """The on-call person would be sent to the wrong day."""
    fold, words = _folded(_pairs(0.02, 0.02, 3_000), _pairs(0.15, 0.02, 1_000, seed=3))
    assert words[2_999] == "pass"
    verdict = fold.verdict()
    assert verdict.word == "regressed"
    assert 2_700 <= verdict.window_start <= 3_300
    assert verdict.difference == pytest.approx(-0.13, abs=0.04)
    assert verdict.interval.low <= verdict.difference <= verdict.interval.high


def test_all_likely_starts_are_blamed_together():
    """An alarm would be lifted by one lucky choice of where it began."""
    fold, _ = _folded(_pairs(0.02, 0.02, 2_000), _pairs(0.12, 0.02, 600, seed=3))
    state = fold.state
    counts = since(state.evidence.counts())
    parts = log_e_of(counts, growth_below(-SETTINGS.eps))
    parts = parts + log_start_shares(len(parts))
    close = [block for block, part in enumerate(parts) if part >= parts.max() - 5.0]
    assert list(state.alarm.blamed_blocks) == close
    assert state.alarm.best_block == parts.argmax()
    assert 1 < len(close) < len(parts)


def test_no_pass_before_the_minimum():
    """A protected slice would pass on a handful of cases."""
    settings = msgspec.structs.replace(SETTINGS, minimum_replays=400)
    fold, words = _folded([0] * 400, settings=settings)
    assert words.index("pass") == 399
    assert fold.verdict().replays_needed >= 400


def test_replays_needed_follows_this_epochs_discordance():
    """A noisy stream would be promised a verdict that cannot come in time."""
    calm, _ = _folded(_pairs(0.005, 0.005, 800))
    noisy, _ = _folded(_pairs(0.10, 0.10, 800))
    assert noisy.verdict().replays_needed > 3 * calm.verdict().replays_needed


@pytest.mark.parametrize("cut", [1, 99, 100, 101, 777, 1_999])
def test_a_restored_fold_goes_on_as_if_never_stopped(cut):
    """A restart would change a verdict."""
    pairs = _pairs(0.05, 0.02, 2_000, seed=5)
    whole, words = _folded(pairs)
    first, _ = _folded(pairs[:cut])
    stored = msgspec.json.encode(first.state)
    second = StreamFold(SETTINGS, msgspec.json.decode(stored, type=StreamState))
    assert second.verdict() == first.verdict()
    rest = [
        second.add(difference, number=number)
        for number, difference in enumerate(pairs[cut:], start=cut)
    ]
    assert rest == words[cut:]
    assert second.state == whole.state
    assert second.verdict() == whole.verdict()


def test_refused_input_leaves_the_fold_as_it_was():
    """One bad result would damage all that came before it."""
    fold, _ = _folded(_pairs(0.05, 0.02, 150))
    before, verdict = fold.state, fold.verdict()
    with pytest.raises(OutOfRangeError):
        fold.add(float("nan"), number=150)
    with pytest.raises(OutOfOrderError):
        fold.add(0.0, number=149)
    assert fold.state == before
    assert fold.verdict() == verdict


@pytest.mark.parametrize(
    "alarm",
    [
        Alarm(raised_at=3, best_block=5, blamed_blocks=(0,)),
        Alarm(raised_at=3, best_block=0, blamed_blocks=(0, 9)),
        Alarm(raised_at=3, best_block=-1, blamed_blocks=(-1, 0)),
        Alarm(raised_at=3, best_block=0, blamed_blocks=()),
        Alarm(raised_at=0, best_block=0, blamed_blocks=(0,)),
        Alarm(raised_at=121, best_block=0, blamed_blocks=(0,)),
    ],
)
def test_an_alarm_that_blames_nothing_is_refused(alarm):
    """A damaged checkpoint would crash later, or blame the wrong window."""
    fold, _ = _folded([0] * 120)
    state = StreamState(evidence=fold.state.evidence, alarm=alarm)
    with pytest.raises(DamagedStateError):
        StreamFold(SETTINGS, state)


def test_a_state_of_another_clip_is_refused():
    """Counts would be read on a scale that they were not made on."""
    fold, _ = _folded([0] * 10)
    other = StreamSettings(
        stream="quality", margin=0.03, alpha_regression=0.01, clip=0.5
    )
    with pytest.raises(DamagedStateError):
        StreamFold(other, fold.state)


def test_similarity_scores_are_judged_on_the_clipped_scale():
    """Margins of similarity streams would mean half or twice what they say."""
    settings = StreamSettings(
        stream="quality", margin=0.03, alpha_regression=0.01, clip=0.5
    )
    rng = random.Random(4)
    pairs = [max(-1.0, min(1.0, rng.gauss(-0.06, 0.14))) for _ in range(600)]
    fold, _ = _folded(pairs, settings=settings)
    verdict = fold.verdict()
    assert verdict.word == "regressed"
    assert verdict.difference == pytest.approx(-0.06, abs=0.02)


def test_state_with_an_alarm_fits_in_4_kilobytes():
    """Checkpoints of many streams would grow without need."""
    fold, _ = _folded(_pairs(0.05, 0.02, 4_000))
    assert fold.state.alarm is not None
    assert len(msgspec.json.encode(fold.state)) <= 4_096
    assert block_start(len(fold.state.evidence.blocks)) >= 4_000
