"""What a judge model's verdicts do to a verdict, gating and shown."""

import random

import msgspec
import pytest
from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of, score

from replayd.adjudication.decisions import Decisions, is_labelled
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings, JudgeKey, of_epoch
from replayd.verdicts.compute import VerdictComputation

NOW = START + 10_000 * SECOND
LABELS = 0.5


def epoch_with(standing, share=LABELS, **more):
    """Return an epoch whose judge has this standing."""
    key = JudgeKey(model="referee", standing=standing, label_share=share)
    return epoch_of("text", key={"judge": key.text()}, **more)


def board_of(standing, decisions=None, share=LABELS, **settings):
    """Return a scoreboard with a judge."""
    epoch = epoch_with(standing, share)
    settings = of_epoch(BoardSettings(**settings), epoch)
    return Scoreboard(epoch, settings, decisions=decisions)


def judged(number, word, *, reason="better", quality=None):
    """Return a pair that the judge was asked about; unscored unless `quality`."""
    values = {1: (1.0, 0.0), 0: (1.0, 1.0), -1: (0.0, 1.0), None: (None, None)}[word]
    row = result_of(number, *(quality or (1.0, 1.0)))
    streams = dict(row.streams)
    if quality is None:
        del streams["quality"]
    verdict = score(*values, scorer="prose@1", reason=reason)
    return msgspec.structs.replace(row, streams=streams, diagnostics={"judge": verdict})


def run(board, pairs, worse, seed=1):
    """Fold pairs of which a share is worse; return labels that agree with the judge."""
    rng, labels = random.Random(seed), {}
    for number in range(pairs):
        word = -1 if rng.random() < worse else 0
        labels[number] = word
        board.fold(judged(number, word, reason="worse" if word else "tie"))
    return labels


def text_of(board):
    """Return what is said of text."""
    return VerdictComputation(board).view(NOW, live_of("text")).modalities["text"]


def test_prose_is_judged_where_no_scorer_can():
    """A canary whose prose is ruined would stay undecided for ever."""
    board = board_of("gates")
    board.decide(Decisions(run(board, 500, 0.3)))
    shown = text_of(board)
    assert (shown.verdict, shown.deciding) == ("regressed", "quality")
    assert shown.scored_share == 1.0
    assert shown.judge.unscored == shown.judge.asked == 500


def test_prose_that_is_alike_passes():
    """Prose could only ever fail."""
    board = board_of("gates")
    board.decide(Decisions(run(board, 900, 0.0)))
    assert text_of(board).verdict == "pass"


def test_nothing_is_decided_before_people_have_labelled():
    """A judge would be believed instead of corrected."""
    board = board_of("gates")
    run(board, 600, 0.5)
    shown = text_of(board)
    assert shown.verdict == "undecided"
    assert shown.judge.waiting_labels > 250
    assert len(board.waiting_decisions) == shown.judge.waiting_labels
    assert all(is_labelled("e1", n, LABELS) for n in board.waiting_decisions)


def test_people_overrule_a_judge_that_sees_nothing():
    """A judge that always says tie would pass every canary."""
    board = board_of("gates")
    for number in range(600):
        board.fold(judged(number, 0, reason="tie"))
    board.decide(Decisions({number: -(number % 3 == 0) for number in range(600)}))
    shown = text_of(board)
    assert shown.verdict == "regressed"
    assert shown.judge.kappa == pytest.approx(0.0, abs=0.01)


def test_a_judge_without_standing_is_shown_and_decides_nothing():
    """An unproven judge would gate, or would hide what it found."""
    board = board_of("shown")
    run(board, 500, 0.5)
    shown = text_of(board)
    assert (shown.verdict, shown.reason) == ("undecided", "unscored")
    assert shown.deciders["judge"].verdict == "regressed"
    assert shown.judge.standing == "shown"


def test_an_outage_takes_the_pair_out_for_both_arms():
    """An absent judge would be a low score for somebody, or cover what it did not."""
    board = board_of("gates", share=1.0)
    for number in range(100):
        board.fold(judged(number, None, reason="away"))
    shown = text_of(board)
    assert shown.judge.away == {"away": 100}
    assert shown.deciders["judge"].replays == 0
    assert shown.scored_share == 0.0


def test_pairs_that_agree_count_as_no_difference():
    """The judge's stream would hold nothing but disputes."""
    board = board_of("gates")
    for number in range(400):
        board.fold(result_of(number))
    shown = text_of(board)
    assert shown.deciders["judge"].replays == 400
    assert shown.verdict == "pass"


def test_a_regression_by_scores_stands():
    """A judge could talk a wrong number away."""
    board = board_of("gates")
    labels = {}
    for number in range(400):
        labels[number] = 0
        board.fold(judged(number, 0, reason="tie", quality=(0.0, 1.0)))
    board.decide(Decisions(labels))
    assert text_of(board).verdict == "regressed"


def test_the_order_of_labels_does_not_matter():
    """What people find easy would count first."""
    forward, backward = board_of("gates"), board_of("gates")
    labels = run(forward, 300, 0.3)
    forward.decide(Decisions(labels))
    late = {}
    for number, word in sorted(run(backward, 300, 0.3).items(), reverse=True):
        late[number] = word
        if number % 50 == 0:
            backward.decide(Decisions(dict(late)))
    assert forward.checkpoint() == backward.checkpoint()


def test_a_checkpoint_holds_the_judges_part():
    """A restart would judge the same pairs twice, or forget them."""
    board = board_of("gates")
    labels = run(board, 200, 0.3)
    other = board_of("gates", Decisions(labels))
    other.restore(board.checkpoint())
    other.decide(Decisions(labels))
    board.decide(Decisions(labels))
    assert other.checkpoint() == board.checkpoint()


def test_what_waits_is_bounded():
    """A month without labels would fill the memory."""
    board = board_of("gates")
    for number in range(5_300):
        board.fold(judged(number, 0, reason="tie"))
    shown = text_of(board)
    assert shown.judge.closed
    assert shown.verdict == "undecided"


def test_an_epoch_of_an_older_release_has_no_judge():
    """Its key would stop the daemon."""
    for text in ("", "{", '{"model": 3}'):
        epoch = epoch_of("text", key={"judge": text})
        assert of_epoch(BoardSettings(), epoch).judge is None
