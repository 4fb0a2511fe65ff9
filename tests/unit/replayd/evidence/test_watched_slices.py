"""Watched slices: bounds save work, and change no flag."""

import random

import pytest
from fakes.pair_results import result_of

from replayd.evidence.watched_slices import FLAG_EVERY, SliceWatch
from replayd.stats import Evidence, SliceFlags, flag_slices

EPS = 0.02


def results(seed, count):
    """Return results of five routes, of which one gets worse and one may."""
    rng = random.Random(seed)
    worse = {"r0": 0.4, "r1": 0.08}
    for number in range(count):
        route = rng.choice(("r0", "r1", "r2", "r3", "r4"))
        lost = number > count // 3 and rng.random() < worse.get(route, 0.02)
        yield result_of(
            number,
            0.0 if lost else rng.choice((1.0, 1.0, 0.75)),
            route=route,
            service=rng.choice(("shop", "desk")),
            attributes={"tier": rng.choice("ab")},
        )


class AtEveryLook:
    """Flags from every value worked out at every look."""

    def __init__(self):
        self.evidence, self.flags = {}, SliceFlags()

    def add(self, result):
        score = result.streams
        names = (f"route={result.route}", f"service={result.service}")
        for name in (*names, f"tier={result.attributes['tier']}", "scorer=key_facts"):
            for stream in ("answered", "invariants", "quality"):
                key = f"text/{name}/{stream}"
                before = self.evidence.get(key, Evidence())
                apart = score[stream].canary - score[stream].control
                self.evidence[key] = before.add(apart, number=result.number)

    def evaluate(self):
        values = {k: e.log_e_regression(-EPS) for k, e in self.evidence.items()}
        self.flags = flag_slices(values, self.flags, watched=len(values))


@pytest.mark.parametrize("seed", range(3))
def test_flags_are_those_of_values_worked_out_at_every_look(seed):
    """If it failed, a slice would be flagged late, or the list differ in a refold."""
    watch, plain, flagged = SliceWatch(EPS), AtEveryLook(), 0
    for result in results(seed, 1500):
        watch.add(result)
        plain.add(result)
        if result.number % FLAG_EVERY == 0:
            watch.evaluate()
            plain.evaluate()
            assert watch.state.flagged == sorted(plain.flags.flagged)
            assert watch.state.frozen_log_e == plain.flags.frozen_log_e
            flagged = max(flagged, len(watch.state.flagged))
    assert flagged > 1
    assert watch.state.evidence == plain.evidence


def test_what_is_shown_is_worked_out():
    """If it failed, a page would show a bound in place of the evidence."""
    watch, plain = SliceWatch(EPS), AtEveryLook()
    for result in results(7, 300):
        watch.add(result)
        plain.add(result)
    watch.evaluate()
    for shown in watch.shown():
        key = f"{shown.modality}/{shown.slice}/{shown.stream}"
        assert shown.log_e == plain.evidence[key].log_e_regression(-EPS)


def test_a_resumed_watch_flags_as_one_that_was_never_stopped():
    """If it failed, a leader that takes over would lose flags."""
    whole, first = SliceWatch(EPS), SliceWatch(EPS)
    resumed = None
    for result in results(1, 1200):
        if result.number == 700:
            resumed = SliceWatch(EPS, first.state)
        for watch in (whole, resumed or first):
            watch.add(result)
            if result.number % FLAG_EVERY == 0:
                watch.evaluate()
    assert resumed is not None
    assert resumed.state.flagged == whole.state.flagged
    assert resumed.state.frozen_log_e == whole.state.frozen_log_e
