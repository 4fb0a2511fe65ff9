"""Scoreboards with folded results, and what they show."""

import random

from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.verdicts.compute import VerdictComputation

SETTINGS = BoardSettings()


def board_of(*modalities, settings=SETTINGS, carried=frozenset(), **epoch):
    """Return an empty scoreboard."""
    return Scoreboard(epoch_of(*modalities, **epoch), settings, carried=carried)


def view_of(board, *modalities, now_ns=None, **live):
    """Return the canary's view shortly after the last result."""
    names = modalities or board.modalities
    now = START + (board.next_number + 10) * SECOND if now_ns is None else now_ns
    return VerdictComputation(board).view(now, live_of(*names, **live))


def fold_many(board, count, worse=0.0, seed=1, **more):
    """Fold `count` results, a share of them worse for the canary."""
    rng = random.Random(seed)
    for _ in range(count):
        canary = 0.0 if rng.random() < worse else 1.0
        board.fold(result_of(board.next_number, canary, **more))
