import math
import random

import msgspec
import pytest

from replayd.stats import (
    DEFAULT_EPS,
    NOISE_ALPHA,
    NoiseState,
    OutOfOrderError,
    OutOfRangeError,
    add_noise,
    noise_floor,
)


def _of(differences):
    state = NoiseState()
    for number, difference in enumerate(differences):
        state = add_noise(state, difference, number=number)
    return state


def _pairs(lower, higher, replays, seed=1):
    rng = random.Random(seed)
    shares = [lower, 1 - lower - higher, higher]
    return rng.choices([-1, 0, 1], shares, k=replays)


def test_a_fair_harness_raises_no_alarm():
    """All verdicts would stop although nothing is broken."""
    floor = noise_floor(_of(_pairs(0.04, 0.04, 2_000)))
    assert not floor.alarmed
    assert floor.discordance == pytest.approx(0.08, abs=0.02)
    assert floor.difference == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(("lower", "higher"), [(0.15, 0.02), (0.02, 0.15)])
def test_an_unfair_harness_is_caught_in_both_directions(lower, higher):
    """A harness that favours one arm would go on judging."""
    state = _of(_pairs(lower, higher, 600))
    assert noise_floor(state).alarmed
    assert state.alarmed_at < 600


def test_the_error_is_shared_by_both_directions():
    """A sound harness would be stopped twice as often as promised."""
    raised = _of([-1.0] * 15).alarmed_at
    before, at = _of([-1.0] * (raised - 1)).evidence, _of([-1.0] * raised).evidence
    bar = math.log(2 / NOISE_ALPHA)
    assert before.log_e_regression(-DEFAULT_EPS) < bar
    assert at.log_e_regression(-DEFAULT_EPS) >= bar


def test_the_alarm_stays_for_the_epoch():
    """Verdicts would come back on pairs that were judged unlike."""
    raised = _of([-1.0] * 15)
    assert raised.alarmed_at is not None
    later = raised
    for number in range(15, 500):
        later = add_noise(later, float(number % 2), number=number)
    assert later.alarmed_at == raised.alarmed_at


def test_nothing_seen_is_no_noise_floor():
    """Absence would be shown as perfect agreement."""
    floor = noise_floor(NoiseState())
    assert (floor.replays, floor.difference, floor.discordance) == (0, None, None)


def test_state_survives_being_stored():
    """A restart would forget that the harness is broken."""
    state = _of([-1.0] * 15)
    stored = msgspec.json.encode(state)
    assert msgspec.json.decode(stored, type=NoiseState) == state


def test_refused_input():
    """Nonsense or a repeat would be counted as noise."""
    state = _of([0.0])
    with pytest.raises(OutOfRangeError):
        add_noise(state, float("nan"), number=1)
    with pytest.raises(OutOfOrderError):
        add_noise(state, 0.0, number=0)
