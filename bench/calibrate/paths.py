"""Seeded streams of pass and fail pairs, and the product's evidence along them.

The arithmetic is the product's: `growth_*`, `log_e`, `log_e_mixed` and the block
layout, called on whole stretches instead of one replay at a time. A row of the
table checks that both ways alarm at the same replay.
"""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from replayd.stats.betting import growth_above, growth_below, log_e_of
from replayd.stats.bins import FloatArray, IntArray
from replayd.stats.intervals import log_threshold
from replayd.stats.restarts import (
    block_start,
    log_e_mixed,
    log_start_shares,
)

Pairs = NDArray[np.int8]
SIGNS = [0, 10, 20]  # the bins of -1, 0, 1
STRETCH = 256  # looks judged in one call


def blocks_of(replays: int) -> int:
    """Return the number of blocks opened by `replays` replays."""
    block = 0
    while block_start(block) < replays:
        block += 1
    return block


class Truth(Struct, frozen=True):
    """True rates at which the canary is worse and better."""

    worse: float
    better: float

    @property
    def mean(self) -> float:
        """The true mean difference."""
        return self.better - self.worse


def flat(discordance: float) -> Truth:
    """Return an unchanged canary of this discordance."""
    return Truth(discordance / 2, discordance / 2)


def draw(rng: np.random.Generator, truth: Truth, replays: int) -> Pairs:
    """Return independent pairs, -1, 0 or 1."""
    draws = rng.random(replays)
    worse = (draws < truth.worse).astype(np.int8)
    better = (draws >= 1.0 - truth.better).astype(np.int8)
    return better - worse


def running_counts(pairs: Pairs) -> IntArray:
    """Return counts of worse, same, better before each replay, (replays + 1, 3)."""
    signs = np.stack([pairs < 0, pairs == 0, pairs > 0], axis=-1)
    counts = np.zeros((len(pairs) + 1, 3), dtype=np.int64)
    np.cumsum(signs, axis=0, out=counts[1:])
    return counts


def alarm_evidence(
    pairs: Pairs, eps: float, *, restarts: bool
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield replay counts and log E_R there, stretch by stretch.

    Only looks right after a worse pair: any other leaves E_R where it was or
    lowers it, since `eps` >= 0.
    """
    counts = running_counts(pairs)
    looks = np.flatnonzero(pairs < 0) + 1
    growth = growth_below(-eps)[SIGNS]
    starts = np.array(
        [block_start(k) for k in range(blocks_of(len(pairs)) if restarts else 1)]
    )
    for at in range(0, len(looks), STRETCH):
        some = looks[at : at + STRETCH]
        # A block not yet open has E = 1, like the cash that it still is.
        since = counts[some][:, None] - counts[np.minimum(starts, some[:, None])]
        log_e_since = log_e_of(since, growth)
        yield some, (log_e_mixed(log_e_since) if restarts else log_e_since[:, 0])


def first_alarm(
    pairs: Pairs, eps: float, alpha: float, *, restarts: bool = True
) -> int | None:
    """Return after how many replays `regressed` is first said, if ever."""
    threshold = log_threshold(alpha)
    for looks, evidence in alarm_evidence(pairs, eps, restarts=restarts):
        hits = np.flatnonzero(evidence >= threshold)
        if len(hits):
            return int(looks[hits[0]])
    return None


def pass_evidence(pairs: Pairs, margin: float) -> FloatArray:
    """Return log(gamma_0 E_0) against "mean <= -margin" after each replay."""
    growth = growth_above(-margin)[SIGNS]
    return log_e_of(running_counts(pairs)[1:], growth) + float(log_start_shares(1)[0])


def first_pass(
    pairs: Pairs, margin: float, alpha: float, *, shared: bool = True
) -> int | None:
    """Return after how many replays the margin is first ruled out, if ever.

    `shared`: only three quarters of the stake start at once, as in the product.
    """
    threshold = log_threshold(alpha) + (0.0 if shared else log_start_shares(1)[0])
    for at in range(0, len(pairs), 16 * STRETCH):
        evidence = pass_evidence(pairs[: at + 16 * STRETCH], margin)[at:]
        hits = np.flatnonzero(evidence >= threshold)
        if len(hits):
            return at + int(hits[0]) + 1
    return None


def first_oracle(pairs: Pairs, truth: Truth, alpha: float) -> int | None:
    """Return when a gambler who knows the truth, and bets best for it, is done."""
    bet = -truth.mean / (truth.worse + truth.better)
    gains = np.log1p(-bet * pairs).cumsum()
    hits = np.flatnonzero(gains >= log_threshold(alpha))
    return int(hits[0]) + 1 if len(hits) else None


def ever_outside(pairs: Pairs, mean: float, alpha: float) -> bool:
    """Whether the interval of the whole epoch ever misses the true mean."""
    counts = running_counts(pairs)[1:]
    threshold = log_threshold(alpha / 2)
    return bool(
        (log_e_of(counts, growth_below(mean)[SIGNS]) >= threshold).any()
        or (log_e_of(counts, growth_above(mean)[SIGNS]) >= threshold).any()
    )
