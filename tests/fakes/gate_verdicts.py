"""The verdicts of one canary after some text pairs, for what a gate reads."""

import random

from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import Verdicts

NOW = START + 1000 * SECOND


def verdicts_of(*, worse=0.0, pairs=400, settings=None, leading=True, drilled=None):
    """Return the verdicts of one canary after some text pairs."""
    board = Scoreboard(epoch_of("text"), settings or BoardSettings())
    rng = random.Random(1)
    for number in range(pairs):
        board.fold(result_of(number, float(rng.random() >= worse)))
    view = VerdictComputation(board).view(NOW, live_of("text"), drilled)
    return Verdicts(canaries={"canary": view}, leading=leading)
