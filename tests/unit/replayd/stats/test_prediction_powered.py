"""A judge's verdicts corrected by people's labels."""

import random

import pytest

from replayd.stats import OutOfRangeError, StreamFold, StreamSettings, agreement
from replayd.stats.prediction_powered import place, scale, value

SHARE, MARGIN, EPS = 0.25, 0.1, 0.005
FACTOR = scale(SHARE)


def word_after(rng, pairs, truth, judge):
    """Return the stream's word; `truth` and `judge` draw a difference in -1, 0, 1."""
    fold = StreamFold(
        StreamSettings(
            stream="judge",
            margin=FACTOR * MARGIN,
            eps=FACTOR * EPS,
            alpha_regression=0.05,
        )
    )
    for number in range(pairs):
        label = truth(rng)
        said = judge(rng, label)
        asked = label if rng.random() < SHARE else None
        fold.add(FACTOR * value(said, asked, SHARE), number=number)
    return fold.word


def drop(share):
    """Return a truth in which the canary is worse in `share` of the pairs."""
    return lambda rng: -int(rng.random() < share)


def test_values_stay_on_the_scale():
    """A value beyond one would break every promise of the streams."""
    for judge in (-1, 0, 1):
        for label in (-1, 0, 1, None):
            assert abs(scale(0.1) * value(judge, label, 0.1)) <= 1.0 + 1e-12
    with pytest.raises(OutOfRangeError):
        scale(0.0)
    with pytest.raises(OutOfRangeError):
        value(1, 1, 1.5)


def test_the_mean_is_that_of_the_labels_whatever_the_judge_says():
    """A partial judge would pull the verdict its way."""
    rng = random.Random(4)
    total = 0.0
    for _ in range(60_000):
        label = -1 if rng.random() < 0.3 else 0
        asked = label if rng.random() < SHARE else None
        total += value(1, asked, SHARE)  # always for the canary
    assert total / 60_000 == pytest.approx(-0.3, abs=0.05)


def test_a_judge_in_love_with_the_canary_does_not_pass_it():
    """Its word would be believed against what people say."""
    words = [
        word_after(random.Random(seed), 1_500, drop(0.3), lambda _rng, _label: 1)
        for seed in range(8)
    ]
    assert "pass" not in words
    assert words.count("regressed") >= 6


def test_a_judge_that_hates_the_canary_raises_no_alarm():
    """A good canary would be called regressed."""
    words = [
        word_after(random.Random(seed), 1_500, drop(0.0), lambda _rng, _label: -1)
        for seed in range(8)
    ]
    assert words.count("regressed") <= 1


def test_a_good_judge_finds_what_people_would():
    """The correction would take away what the judge is there for."""
    found = [
        word_after(
            random.Random(seed),
            800,
            drop(0.15),
            lambda rng, label: label if rng.random() < 0.95 else 0,
        )
        for seed in range(8)
    ]
    assert found.count("regressed") >= 7


def test_kappa_knows_chance():
    """A judge that always says tie would look good where ties are common."""
    always_tie = [0] * 9
    always_tie[place(0, 0)], always_tie[place(0, -1)] = 90, 10
    assert agreement(tuple(always_tie)).kappa == pytest.approx(0.0)
    perfect = [0] * 9
    perfect[place(0, 0)], perfect[place(-1, -1)] = 80, 20
    found = agreement(tuple(perfect))
    assert (found.labelled, found.same, found.kappa) == (100, 100, 1.0)
    # Cohen (1960): 20 and 15 of 50 agree by 35, chance is one half.
    cohen = [0] * 9
    cohen[place(-1, -1)], cohen[place(-1, 0)] = 20, 5
    cohen[place(0, -1)], cohen[place(0, 0)] = 10, 15
    assert agreement(tuple(cohen)).kappa == pytest.approx(0.4)
    assert agreement((0,) * 9).kappa is None
    assert agreement((0, 0, 0, 0, 7, 0, 0, 0, 0)).kappa is None
