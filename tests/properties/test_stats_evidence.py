import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from replayd.stats import Evidence, check, interval, mean_of, new_evidence
from replayd.stats.betting import growth_above, growth_below
from replayd.stats.bins import bin_values

thetas = st.floats(-0.95, 0.95)
pass_or_fail = st.sampled_from([-1.0, 0.0, 1.0])
grid = st.integers(-10, 10).map(lambda tenths: tenths / 10)
any_difference = st.floats(-1.0, 1.0)


def _of(differences, clip=1.0):
    evidence = new_evidence(clip)
    for number, difference in enumerate(differences):
        evidence = evidence.add(difference, number=number)
    return evidence


@given(st.lists(grid, max_size=100), st.randoms(use_true_random=False))
def test_order_within_a_block_does_not_matter(differences, rng):
    """Which of two answers came back first would move a verdict."""
    shuffled = list(differences)
    rng.shuffle(shuffled)
    assert _of(shuffled) == _of(differences)


@given(st.lists(any_difference, max_size=350), thetas, thetas)
def test_evidence_is_monotone_in_the_claim(differences, one, other):
    """The means not ruled out would have holes, and bisection would lie."""
    low, high = sorted((one, other))
    evidence = _of(differences)
    slack = 1e-9
    assert evidence.log_e_below(low) <= evidence.log_e_below(high) + slack
    assert evidence.log_e_above(high) <= evidence.log_e_above(low) + slack
    assert evidence.log_e_regression(low) <= evidence.log_e_regression(high) + slack


@given(
    st.lists(any_difference, min_size=1, max_size=250),
    st.floats(0.001, 0.5),
    st.sampled_from([1.0, 0.5]),
)
def test_the_interval_holds_the_mean(differences, alpha, clip):
    """A difference would be shown outside its own interval."""
    evidence = _of(differences, clip)
    for block in range(len(evidence.blocks)):
        shown = interval(evidence, alpha, from_block=block)
        mean = mean_of(evidence.totals(block), clip)
        assert -clip <= shown.low <= mean <= shown.high <= clip


@given(st.lists(any_difference, min_size=1, max_size=250))
def test_a_stricter_alpha_gives_a_wider_interval(differences):
    """More certainty would cost nothing."""
    evidence = _of(differences)
    wide, narrow = interval(evidence, 0.01), interval(evidence, 0.10)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(
    st.lists(st.floats(0.0, 1.0), min_size=21, max_size=21).filter(
        lambda weights: sum(weights) > 0.01
    ),
    st.sampled_from([1.0, 0.5]),
)
def test_a_fair_game_stays_fair(weights, clip):
    """Some bet would grow under a true claim, and with it false alarms."""
    shares = np.array(weights) / sum(weights)
    mean = float(shares @ bin_values(clip))
    for theta in np.linspace(-0.99 * clip, 0.99 * clip, 23):
        if mean >= theta:
            assert (shares @ np.exp(growth_below(theta, clip))).max() <= 1 + 1e-12
        if mean <= theta:
            assert (shares @ np.exp(growth_above(theta, clip))).max() <= 1 + 1e-12


@given(st.lists(any_difference, max_size=450), st.sampled_from([1.0, 0.5]))
def test_evidence_survives_being_stored(differences, clip):
    """A checkpoint would come back as other evidence."""
    evidence = _of(differences, clip)
    check(evidence)
    for codec in (msgspec.json, msgspec.msgpack):
        assert codec.decode(codec.encode(evidence), type=Evidence) == evidence


@settings(max_examples=40)
@given(st.lists(pass_or_fail, min_size=1, max_size=120), thetas)
def test_pass_and_fail_equal_the_plain_product(differences, theta):
    """The histogram would not be what the gambler would have won bet by bet."""
    evidence = _of(differences[:100])
    kappas = (np.arange(16) + 0.5) / 16
    wealth = np.ones(16)
    for difference in differences[:100]:
        wealth *= 1 - kappas * (difference - theta) / (1 - theta)
    wanted = np.log(wealth.mean())
    np.testing.assert_allclose(evidence.log_e_below(theta), wanted, atol=1e-9)
