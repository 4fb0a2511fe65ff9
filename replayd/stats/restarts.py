"""Restarts: a new bet at the start of every block of replays.

A model that worsens after 20,000 good replays would have to pay back all the
wealth lost on them. So three quarters of the stake start at once and the rest
is dealt out over later starting points, declared here before any data is seen.
The sum over starts is again a wealth that a true claim cannot grow.

Source: mixture over change points as in Shin, Ramdas and Rinaldo, "E-detectors",
NEJSDS 2 (2024), with summable weights, so that the chance of ever raising a
false alarm (and not only its rate) stays below alpha.
"""

import math
from functools import lru_cache

import numpy as np

from replayd.stats.betting import log_sum_exp
from replayd.stats.bins import FloatArray, IntArray

FIRST_BLOCK_REPLAYS = 100
BLOCKS_PER_GENERATION = 32  # block length doubles from one generation to the next
FIRST_SHARE = 0.75  # of the stake starts with the first replay


def generation_of(block: int) -> int:
    """Return how often the block length has doubled before `block`."""
    return block // BLOCKS_PER_GENERATION


def block_replays(block: int) -> int:
    """Return the number of replays in a full `block` (from 0)."""
    return FIRST_BLOCK_REPLAYS << generation_of(block)


def block_start(block: int) -> int:
    """Return the number of replays before `block`."""
    generation, within = divmod(block, BLOCKS_PER_GENERATION)
    earlier = BLOCKS_PER_GENERATION * ((1 << generation) - 1)
    return FIRST_BLOCK_REPLAYS * (earlier + (within << generation))


def start_share(block: int) -> float:
    """Return the share of the stake, gamma_k, that starts with `block`."""
    if block == 0:
        return FIRST_SHARE
    left = 1.0 - FIRST_SHARE
    return float(left * 2.0 ** -(generation_of(block) + 1) / BLOCKS_PER_GENERATION)


@lru_cache(maxsize=1024)
def log_start_shares(blocks: int) -> FloatArray:
    """Return log gamma_k for the first `blocks` blocks, shape (blocks,); read-only."""
    shares: FloatArray = np.log([start_share(block) for block in range(blocks)])
    shares.setflags(write=False)
    return shares


@lru_cache(maxsize=1024)
def log_cash(blocks: int) -> float:
    """Return the log of the stake not yet placed once `blocks` blocks are open."""
    return math.log(1.0 - sum(start_share(block) for block in range(blocks)))


def since(per_block: IntArray) -> IntArray:
    """Return counts since the start of each block: (..., blocks, bins), same shape."""
    return per_block[..., ::-1, :].cumsum(axis=-2)[..., ::-1, :]


def log_e_mixed(log_e_since: FloatArray) -> FloatArray:
    """Return log E_R from log E since each block's start, (..., blocks) to (...).

    The stake of blocks not yet open counts as cash.
    """
    blocks = log_e_since.shape[-1]
    parts = log_e_since + log_start_shares(blocks)
    cash = np.full((*log_e_since.shape[:-1], 1), log_cash(blocks))
    return log_sum_exp(np.concatenate([parts, cash], axis=-1))
