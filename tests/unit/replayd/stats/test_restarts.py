import numpy as np
import pytest

from bench.calibrate.paths import blocks_of
from replayd.stats.restarts import (
    block_replays,
    block_start,
    log_cash,
    log_e_mixed,
    log_start_shares,
    since,
    start_share,
)


def test_blocks_follow_each_other_without_gap():
    """A replay would belong to no block, or to two."""
    for block in range(200):
        assert block_start(block) + block_replays(block) == block_start(block + 1)


def test_block_length_doubles_every_generation():
    """State would grow with every replay instead of with their logarithm."""
    assert [block_replays(block) for block in (0, 31, 32, 63, 64)] == [
        100,
        100,
        200,
        200,
        400,
    ]
    assert [blocks_of(replays) for replays in (0, 1, 100, 101, 20_000)] == [
        0,
        1,
        1,
        2,
        90,
    ]


def test_the_stake_is_never_more_than_one():
    """More than one stake in all would break the promised error."""
    shares = [start_share(block) for block in range(2_000)]
    assert shares[0] == 0.75
    assert shares[1] == 0.25 / 64
    assert shares[32] == 0.25 / 128
    assert 0.99 < sum(shares) <= 1.0


@pytest.mark.parametrize("blocks", [1, 5, 90])
def test_stakes_and_cash_add_up(blocks):
    """Evidence would start above or below nothing."""
    assert np.exp(log_start_shares(blocks)).sum() + np.exp(log_cash(blocks)) == (
        pytest.approx(1.0, abs=1e-12)
    )
    assert log_e_mixed(np.zeros(blocks)) == pytest.approx(0.0, abs=1e-12)


def test_a_late_start_counts_by_its_share():
    """A drop that began late would be weighed as if it had begun at once."""
    mixed = log_e_mixed(np.array([0.0, 0.0, 50.0]))
    assert mixed == pytest.approx(50.0 + np.log(0.25 / 64), abs=1e-9)


def test_since_sums_from_each_block_to_the_end():
    """Windows would leave out the newest replays, or count old ones."""
    per_block = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 3]])
    assert since(per_block).tolist() == [[1, 2, 3], [0, 2, 3], [0, 0, 3]]
