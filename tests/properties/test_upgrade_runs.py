"""A canary that is meant to answer differently, judged by a fallible judge."""

import random

import pytest
from fakes.pair_results import epoch_of, result_of

from replayd.adjudication.decisions import Decisions
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.verdicts.compute import VerdictComputation

RUNS = 40
MOST_PAIRS = 4_000
JUDGE_IS_RIGHT = 0.85
PRODUCTION_IS_RIGHT = 0.90
EASY = 6.0  # how alike cases are: production's own answers agree more than by chance


def run(seed, canary_is_right, most_pairs=MOST_PAIRS):
    """Return every word that the text modality had, looking every 20 pairs."""
    rng = random.Random(seed)
    board = Scoreboard(epoch_of("text"), BoardSettings(intent="upgrade"))
    shown = VerdictComputation(board)
    decided, words = {}, []
    for number in range(most_pairs):
        ease = rng.betavariate(
            EASY * PRODUCTION_IS_RIGHT, EASY * (1 - PRODUCTION_IS_RIGHT)
        )
        recorded = rng.random() < ease
        control = rng.random() < ease
        canary = rng.random() < canary_is_right
        # Agreement with the recording; two wrong answers are rarely the same one.
        scores = [
            float(right if recorded else (not right and rng.random() < 0.3))
            for right in (canary, control)
        ]
        board.fold(result_of(number, *scores))
        if scores[0] != scores[1]:
            better = _judged(rng, canary, control)
            decided[number] = better
            board.decide(Decisions(decided))
        if number % 20 == 0:
            deciders = {
                s.stream: s.word
                for s in shown._streams("text")  # the cheap half of a view
            }
            words.append(deciders.get("adjudication") or deciders.get("quality"))
            if words[-1] == "regressed":
                return words
    return words


def _judged(rng, canary, control):
    """Return the judge's decision: right 85 times in 100, a coin where none is."""
    if canary == control:
        return rng.choice([-1, 1])
    truth = 1 if canary else -1
    return truth if rng.random() < JUDGE_IS_RIGHT else -truth


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_better_canary_is_never_called_regressed():
    """Nobody could ship an improvement: it answers differently, so it looks wrong."""
    runs = [run(seed, 0.94) for seed in range(RUNS)]
    assert not any("regressed" in words for words in runs)
    assert sum(words[-1] in {"pass", "pass_with_drop"} for words in runs) >= RUNS * 0.9


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_worse_canary_is_found():
    """`upgrade` would be the way to ship a regression unseen."""
    runs = [run(seed, 0.85, 6_000) for seed in range(RUNS)]
    assert sum("regressed" in words for words in runs) >= RUNS * 0.95
