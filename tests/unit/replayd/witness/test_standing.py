import random

import pytest
from fakes.witnessed import ROW, VOUCHED, counted
from hypothesis import given, settings
from hypothesis import strategies as st

from replayd.config import WitnessConfig
from replayd.witness.standing import standings
from replayd.witness.tally import WitnessTally

CONFIG = WitnessConfig()


def _standings(results):
    tally = WitnessTally()
    for result in results:
        tally.fold(result)
    return standings(tally.rows, CONFIG)


def test_enough_equal_counts_verify_and_fewer_do_not():
    """Unverified calls would gate on a handful of matches, or never."""
    found = _standings([counted(n) for n in range(40)])[ROW]
    assert (found.word, found.equal) == ("open", 40)
    found = _standings([counted(n) for n in range(200)])[ROW]
    assert found.verified_by_tokens
    assert found.share.low > 0.9
    few = [counted(n, 5 * (n % 40 == 0)) for n in range(250)]
    assert _standings(few)[ROW].verified_by_tokens
    many = [counted(n, 5 * (n % 6 == 0)) for n in range(250)]
    assert _standings(many)[ROW].word == "open"


def test_the_same_case_again_is_no_further_evidence():
    """One case replayed for every canary would verify a whole library."""
    found = _standings([counted(n, case=n % 4) for n in range(400)])[ROW]
    assert (found.word, found.cases) == ("open", 4)


def test_differences_lower_a_row_that_recordings_vouch_for():
    """A loss that no recording showed would go on gating."""
    results = [counted(n, 60 * (n % 10 == 0), row=VOUCHED) for n in range(100)]
    found = _standings(results)[VOUCHED]
    assert found.lowered
    assert found.different == 10
    assert (found.worst[0].recorded, found.worst[0].replayed) == (260, 200)


def test_equal_counts_leave_a_standing_doubt():
    """A guessed API would gate because its prompt costs the same elsewhere."""
    row = ROW._replace(doubt="api_guessed")
    found = _standings([counted(n, row=row) for n in range(300)])[row]
    assert found.word == "standing_doubt"
    assert not found.verified_by_tokens


def test_a_loss_that_its_snapshot_named_is_borne_while_it_is_rare():
    """A library without tools would lose every call for the few that have some."""
    few = [counted(n, 90 * (n % 50 == 0), row=VOUCHED, named=True) for n in range(300)]
    found = _standings(few)[VOUCHED]
    assert (found.word, found.named, found.different) == ("open", 6, 0)
    many = [counted(n, 90 * (n % 4 == 0), row=VOUCHED, named=True) for n in range(300)]
    assert _standings(many)[VOUCHED].lowered
    more = [
        counted(n, -90 * (n % 50 == 0), row=VOUCHED, named=True) for n in range(300)
    ]
    assert _standings(more)[VOUCHED].different == 6


def test_a_constant_loss_of_one_service_is_a_difference():
    """A system prompt that is always lost would pass for the provider's own."""
    results = [counted(n, 300, row=VOUCHED, place=0) for n in range(200)]
    assert _standings(results)[VOUCHED].lowered


def test_an_offset_is_not_learnt_from_rows_that_nobody_vouches_for():
    """A framework's lost preamble, alike everywhere, would verify itself."""
    found = _standings([counted(n, 300) for n in range(200)])[ROW]
    assert found.lowered
    assert not found.verified_by_tokens


def test_counts_that_vary_by_a_few_are_equal_within_what_was_measured():
    """A provider that counts roughly would never verify anything."""
    results = [counted(n, n % 3, again=202 if n % 10 == 0 else 0) for n in range(250)]
    assert _standings(results)[ROW].verified_by_tokens
    assert _standings([counted(n, n % 3) for n in range(250)])[ROW].word == "open"


def test_counts_that_vary_widely_are_no_witness():
    """Noise of fifty tokens would hide a lost system prompt."""
    found = _standings([counted(n, again=260) for n in range(200)])[ROW]
    assert (found.cases, found.none) == (0, {"count_varies": 200})


@settings(deadline=None, max_examples=40)
@given(
    offset=st.integers(-400, 400),
    seed=st.integers(0, 10_000),
    cases=st.integers(60, 250),
)
def test_a_constant_offset_is_no_loss(offset, seed, cases):
    """A gateway's hidden prompt would lower every row behind it."""
    rng = random.Random(seed)
    results = [
        counted(n, offset, row=VOUCHED, replayed=rng.randint(20, 9_000))
        for n in range(cases)
    ]
    found = _standings(results)[VOUCHED]
    assert not found.lowered
    assert found.different == 0


@settings(deadline=None, max_examples=40)
@given(
    offset=st.sampled_from([0, 0, 0, 7, -30, 340]),
    loss=st.integers(20, 4_000),
    share=st.sampled_from([0.05, 0.1, 0.5]),
    seed=st.integers(0, 10_000),
)
def test_a_loss_is_found_beside_any_offset(offset, loss, share, seed):
    """Lost content would hide behind what the provider adds by itself."""
    rng = random.Random(seed)
    lost = {n for n in range(300) if rng.random() < share / 2} | set(range(0, 300, 20))
    results = [counted(n, offset + loss * (n in lost), row=VOUCHED) for n in range(300)]
    found = _standings(results)[VOUCHED]
    if len(lost) <= 60:  # beyond a fifth an offset cannot be told any more
        assert found.different == len(lost)
    assert found.lowered


@pytest.mark.parametrize("difference", [-16, 16])
def test_a_difference_counts_in_both_directions(difference):
    """Invented content would not be found, only lost content."""
    results = [counted(n, difference * (n % 5 == 0)) for n in range(60)]
    assert _standings(results)[ROW].lowered
