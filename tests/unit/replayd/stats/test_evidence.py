import math

import msgspec
import pytest

from replayd.stats.errors import DamagedStateError, OutOfOrderError, OutOfRangeError
from replayd.stats.evidence import (
    Evidence,
    Outcomes,
    Recent,
    check,
    discordance,
    mean_of,
    new_evidence,
    outcomes,
    recent,
)


def _of(differences, clip=1.0):
    evidence = new_evidence(clip)
    for number, difference in enumerate(differences):
        evidence = evidence.add(difference, number=number)
    return evidence


def test_counts_by_sign_and_their_mean():
    """Worse would be shown as better, or the mean would not be theirs."""
    evidence = _of([-1, -1, 0, 0, 0, 0, 0, 1])
    assert evidence.replays == 8
    assert outcomes(evidence) == Outcomes(worse=2, same=5, better=1)
    assert mean_of(evidence.totals()) == pytest.approx(-1 / 8)
    assert discordance(evidence) == pytest.approx(3 / 8)


def test_nothing_seen_has_no_mean():
    """Absence would be shown as "no difference"."""
    empty = new_evidence()
    assert mean_of(empty.totals()) is None
    assert discordance(empty) is None
    assert recent(empty) == Recent(difference=None, replays=0)
    assert empty.log_e_below(-0.005) == empty.log_e_above(-0.03) == 0.0
    assert empty.log_e_regression(-0.005) == 0.0


def test_a_new_block_opens_when_one_is_full():
    """Restarts would not line up with the declared starting points."""
    evidence = _of([0] * 250)
    assert [sum(block) for block in evidence.blocks] == [100, 100, 50]
    assert evidence.replays == 250


def test_recent_takes_the_newest_whole_blocks():
    """A turn for the worse would drown in thousands of older replays."""
    evidence = _of([0] * 300 + [-1] * 150)
    assert recent(evidence, at_least=150) == Recent(difference=-1.0, replays=150)
    assert recent(evidence, at_least=51).replays == 150
    assert recent(evidence, at_least=10_000).replays == 450


@pytest.mark.parametrize("number", [4, 3, -1])
def test_a_number_folded_before_is_refused(number):
    """The same replay counted twice is evidence out of nothing."""
    evidence = new_evidence().add(0.0, number=4)
    with pytest.raises(OutOfOrderError) as caught:
        evidence.add(0.0, number=number)
    assert (caught.value.number, caught.value.last_number) == (number, 4)


def test_a_refused_difference_changes_nothing():
    """One broken scorer would leave a half-counted pair behind."""
    evidence = new_evidence().add(0.0, number=0)
    with pytest.raises(OutOfRangeError):
        evidence.add(math.nan, number=1)
    assert evidence.add(1.0, number=1).replays == 2


@pytest.mark.parametrize("clip", [0.0, -1.0, 1.1, math.nan])
def test_an_impossible_clip_is_refused(clip):
    """Bets would be scaled to a range that scores do not have."""
    with pytest.raises(OutOfRangeError):
        new_evidence(clip)


@pytest.mark.parametrize("values", [(-1, 0, 1), (-0.8, -0.31, 0.0, 0.07, 0.5, 0.93)])
def test_state_at_4000_replays_fits_in_4_kilobytes(values):
    """A few hundred streams would weigh on every checkpoint."""
    evidence = _of([values[n * 7 % len(values)] for n in range(4_000)])
    assert len(msgspec.json.encode(evidence)) <= 4_096
    assert len(msgspec.msgpack.encode(evidence)) <= 4_096


def test_a_late_drop_weighs_more_with_restarts():
    """A model that worsens after a good week would be found a week later."""
    evidence = _of([0, 1, 0, 0] * 500 + [0, -1, 0, 0] * 100)
    assert evidence.log_e_regression(-0.005) > 10
    assert evidence.log_e_below(-0.005) < 0


@pytest.mark.parametrize(
    "damaged",
    [
        Evidence(blocks=((1,) * 20,), last_number=99),
        Evidence(blocks=((-1, 2) + (0,) * 19,), last_number=99),
        Evidence(blocks=((101,) + (0,) * 20,), last_number=200),
        Evidence(blocks=((0,) * 21,), last_number=200),
        Evidence(blocks=((50,) + (0,) * 20, (1,) + (0,) * 20), last_number=200),
        Evidence(blocks=((50,) + (0,) * 20,), last_number=48),
        Evidence(clip=2.0),
    ],
    ids=["bins", "negative", "overfull", "empty", "gap", "number", "clip"],
)
def test_counts_that_cannot_be_are_refused(damaged):
    """A verdict would rest on damaged data."""
    with pytest.raises(DamagedStateError):
        check(damaged)


def test_every_honest_state_passes_the_check():
    """Every restart would throw away its checkpoint."""
    evidence = new_evidence()
    check(evidence)
    for number in range(320):
        evidence = evidence.add(-1 if number % 9 == 0 else 0, number=3 * number)
        check(evidence)
