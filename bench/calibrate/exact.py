"""The exact chance of a false alarm, by summing over all paths of a fair coin."""

import numpy as np

from replayd.stats.betting import growth_below, log_e_of
from replayd.stats.intervals import log_threshold


def false_alarm_chance(discordant_pairs: int, alpha: float) -> float:
    """Return P(E ever reaches 1/alpha) within so many pairs, each fairly +-1.

    One window, no restarts, practical zero 0, where equal pairs leave E as it is.
    """
    growth = growth_below(0.0)[[0, -1]]
    not_yet = np.ones(1)  # by number of worse pairs
    alarmed = 0.0
    for pairs in range(1, discordant_pairs + 1):
        after = np.zeros(pairs + 1)
        after[:-1] += not_yet / 2
        after[1:] += not_yet / 2
        worse = np.arange(pairs + 1)
        counts = np.stack([worse, pairs - worse], axis=-1)
        stops = log_e_of(counts, growth) >= log_threshold(alpha)
        alarmed += float(after[stops].sum())
        after[stops] = 0.0
        not_yet = after
    return alarmed
