import math

import pytest

from replayd.stats import (
    OutOfRangeError,
    plan,
    replays_to_find,
    replays_to_pass,
    smallest_found,
)

GOOD = {
    "discordance": 0.04,
    "margin": 0.03,
    "eps": 0.005,
    "alpha_regression": 0.05,
    "alpha_pass": 0.05,
}


# Simulated medians and 90 % points of the plain evidence; its threshold there was
# log 20, here log(20 / 0.75), hence up to a tenth more.
@pytest.mark.parametrize(
    ("discordance", "margin", "p90"),
    [
        (0.005, 0.02, 402),
        (0.005, 0.03, 267),
        (0.02, 0.03, 414),
        (0.06, 0.03, 1043),
        (0.06, 0.05, 411),
        (0.20, 0.02, 9799),
        (0.20, 0.05, 1384),
    ],
)
def test_the_pass_takes_about_what_was_planned(discordance, margin, p90):
    """Teams would be told a cost that is half or twice the true one."""
    needed = replays_to_pass(discordance, margin, 0.05)
    assert 0.95 <= needed.p90 / p90 <= 1.35
    assert needed.median < needed.p90


@pytest.mark.parametrize(("drop", "p90"), [(0.03, 2322), (0.05, 718), (0.10, 231)])
def test_finding_a_drop_takes_about_what_was_planned(drop, p90):
    """Someone would wait for a finding that needs three times the replays."""
    assert 0.9 <= replays_to_find(drop, 0.06, 0.005, 0.05).p90 / p90 <= 1.3


def test_without_noise_the_plan_is_exact():
    """The easiest plan, byte-equal outputs, would already be wrong."""
    needed = replays_to_pass(0.0, 0.03, 0.05)
    assert needed.median == needed.p90
    # 160 by the fold itself; the plan searches in steps of 1 %.
    assert 160 <= needed.p90 <= 162


def test_smaller_margins_and_more_noise_cost_more():
    """A plan would reward what makes the question harder."""
    assert (
        replays_to_pass(0.02, 0.05, 0.05).p90
        < replays_to_pass(0.02, 0.03, 0.05).p90
        < replays_to_pass(0.06, 0.03, 0.05).p90
        < replays_to_pass(0.06, 0.03, 0.01).p90
    )


def test_a_drop_smaller_than_zero_is_never_found():
    """A plan would promise what the test is built not to see."""
    assert replays_to_find(0.004, 0.04, 0.005, 0.05) is None


def test_similarity_scores_need_fewer_replays():
    """Clipping at a half would be planned as if it gained nothing."""
    clipped = replays_to_pass(0.02, 0.03, 0.05, clip=0.5)
    assert clipped.p90 < replays_to_pass(0.02, 0.03, 0.05).p90 * 1.01


def test_a_plan_speaks_of_three_drops():
    """The command would print an empty table."""
    made = plan(**GOOD)
    assert list(made.to_find) == ["0.03", "0.05", "0.10"]
    p90s = [needed.p90 for needed in made.to_find.values()]
    assert p90s == sorted(p90s, reverse=True)
    assert made.to_pass is not None
    assert list(plan(**{**GOOD, "clip": 0.05, "discordance": 0.002}).to_find) == [
        "0.03"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("discordance", -0.1),
        ("discordance", 1.1),
        ("discordance", math.nan),
        ("margin", 1.0),
        ("margin", math.nan),
        ("eps", math.nan),
        ("alpha_regression", 0.0),
        ("alpha_pass", 1.0),
        ("clip", 0.0),
    ],
)
def test_impossible_plans_are_refused(name, value):
    """A plan on nonsense would be printed as if it were one."""
    with pytest.raises(OutOfRangeError):
        plan(**{**GOOD, name: value})


def test_a_drop_out_of_range_is_refused():
    """A plan would be made for a drop that no score can show."""
    for drop in (0.0, 1.5, math.nan):
        with pytest.raises(OutOfRangeError):
            replays_to_find(drop, 0.04, 0.005, 0.05)


@pytest.mark.parametrize("discordance", [0.0, 0.02, 0.1])
def test_the_smallest_drop_is_the_inverse_of_the_plan(discordance):
    """A pass would claim to see drops that its pairs cannot show."""
    drop = smallest_found(1000, discordance, 0.005, 0.01)
    found = replays_to_find(drop, discordance, 0.005, 0.01)
    missed = replays_to_find(drop - 0.002, discordance, 0.005, 0.01)
    assert found.p90 <= 1000 < missed.p90


def test_too_few_pairs_find_no_drop():
    """A handful of pairs would claim to have looked."""
    assert smallest_found(3, 0.02, 0.005, 0.01) is None
    assert smallest_found(0, 0.02, 0.005, 0.01) is None
