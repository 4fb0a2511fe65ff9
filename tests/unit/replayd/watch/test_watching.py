"""Anchors, banks and pairs of the watch on production."""

import random

import pytest
from fakes.led_epoch import cases

from replayd.budget.limits import Amount
from replayd.watch.state import Answered, WatchState
from replayd.watch.watching import ModalityWatch, WatchSettings

DAY = 86_400 * 10**9
START = 1_800_000_000 * 10**9


def watching(*, anchors=4, baseline=2, run_length=500.0, state=None):
    """Return a watch on text."""
    settings = WatchSettings(
        anchors=anchors,
        baseline=baseline,
        every_ns=DAY,
        run_length=run_length,
        hold_ns=7 * DAY,
    )
    fresh = WatchState(modality="text", control="production")
    return ModalityWatch(state or fresh, settings)


def answered(at_ns, score=1.0):
    """Return one answer's numbers."""
    return Answered(at_ns=at_ns, score=score, outcome="answered", scorer="key_facts")


def asked(watch, at_ns, score):
    """Ask all anchors that are due; return the pairs that came of it."""
    pairs = []
    while (anchor := next(watch.due(at_ns), None)) is not None:
        pairs.append(watch.answered(anchor, answered(at_ns, score())))
    return [pair for pair in pairs if pair is not None]


def days(watch, count, score, *, first=0, known=400):
    """Let days pass; return the pairs."""
    pairs = []
    for day in range(first, first + count):
        at_ns = START + day * DAY
        watch.outlive(at_ns)
        watch.enrol(cases(known), at_ns)
        pairs += asked(watch, at_ns, score)
    return pairs


def test_no_answer_is_part_of_two_pairs():
    """Pairs that share an answer alarm of themselves, ten times as often."""
    watch = watching()
    values = iter(range(10**6))
    pairs = days(watch, 6, lambda: next(values) / 10**6)
    halves = [half.score for pair in pairs for half in (pair.before, pair.now)]
    assert len(pairs) > 10
    assert len(halves) == len(set(halves))
    assert all(pair.before.at_ns < pair.now.at_ns for pair in pairs)


def test_anchors_leave_when_their_bank_is_used_up_and_others_enter():
    """The watch would speak of the same few calls for ever."""
    watch = watching(anchors=4, baseline=2)
    days(watch, 1, lambda: 1.0)
    first = {anchor.case.snapshot_id for anchor in watch.state.anchors}
    days(watch, 8, lambda: 1.0, first=1)
    watch.enrol(cases(400), START + 9 * DAY)
    later = {anchor.case.snapshot_id for anchor in watch.state.anchors}
    assert len(first) == len(later) == 4
    assert not first & later


def test_the_first_anchors_do_not_all_leave_at_once():
    """All memory of the earlier model would be gone on the same day."""
    watch = watching(anchors=6, baseline=3)
    days(watch, 1, lambda: 1.0)
    assert sorted(a.wanted for a in watch.state.anchors) == [1, 1, 2, 2, 3, 3]


def test_a_model_that_got_worse_is_told_with_day_and_pairs():
    """A provider's silent change would go unseen."""
    watch = watching(anchors=40, baseline=5)
    rng = random.Random(1)
    days(watch, 8, lambda: float(rng.random() > 0.02))
    assert watch.state.changed is None
    days(watch, 4, lambda: float(rng.random() > 0.6), first=8)
    changed = watch.state.changed
    day = (changed.at_ns - START) // DAY
    assert 8 <= day <= 10
    assert changed.since_low_ns <= START + 8 * DAY <= changed.since_high_ns
    assert changed.difference < -0.2
    assert changed.worst
    assert all(pair.difference < 0 for pair in changed.worst[:3])


def test_after_a_change_the_later_answers_are_the_normal_ones():
    """The alarm would be raised again and again by the same change."""
    watch = watching(anchors=40, baseline=5)
    rng = random.Random(2)
    days(watch, 6, lambda: float(rng.random() > 0.02))
    days(watch, 3, lambda: float(rng.random() > 0.7), first=6)
    raised = watch.state.changed.at_ns
    days(watch, 9, lambda: float(rng.random() > 0.7), first=9)
    assert watch.state.changed is None  # outlived after a week, and not raised anew
    assert raised < START + 9 * DAY


def test_a_state_that_was_stored_goes_on():
    """A restart would forget the earlier answers, and with them the change."""
    rng, again = random.Random(3), random.Random(3)
    whole, half = watching(anchors=10), watching(anchors=10)
    days(whole, 6, rng.random)
    days(half, 3, again.random)
    restored = watching(anchors=10, state=half.state)
    days(restored, 3, again.random, first=3)
    assert restored.state == whole.state


def test_spending_is_kept_for_a_day():
    """A restart would give the watch its whole budget once more."""
    watch = watching()
    for hour in (0, 1, 1, 26):
        at_ns = START + hour * 3600 * 10**9
        watch.charge(at_ns, Amount(requests=1, tokens=10, money=0.5))
    assert [spent.requests for spent in watch.state.spent] == [1]
    watch.charge(START + 26 * 3600 * 10**9, Amount(requests=2, tokens=1))
    assert [spent.requests for spent in watch.state.spent] == [3]


@pytest.mark.parametrize("what", ["drop", "postpone"])
def test_an_anchor_that_gives_no_answer_is_not_counted(what):
    """An outage of the endpoint would look like a change of the model."""
    watch = watching(anchors=1)
    watch.enrol(cases(1), START)
    (anchor,) = watch.due(START)
    if what == "drop":
        watch.drop(anchor)
        assert watch.state.anchors == ()
    else:
        watch.postpone(anchor, START + DAY)
        assert list(watch.due(START)) == []
        assert len(list(watch.due(START + DAY))) == 1
    assert watch.state.pairs == 0
