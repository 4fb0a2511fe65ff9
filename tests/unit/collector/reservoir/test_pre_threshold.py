"""Which calls are rejected undecoded."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from collector.reservoir import PreThreshold
from collector.reservoir.threshold_ladder import rung_from
from snaptrace.snapshot.segment import RANK_SPAN


def test_within_the_budget_nothing_is_rejected():
    """Quiet services would be sampled although there is room for all."""
    bar = PreThreshold(100)
    for _ in range(50):
        assert bar.admits("a", 1)
    assert bar.adapt(1.0) == {}
    assert bar.value("a") == 0


def test_above_the_budget_services_share_alike():
    """One noisy service would take all the room, or the sidecar all the CPU."""
    bar = PreThreshold(100)
    for _ in range(1000):
        bar.admits("noisy", 1)
    for _ in range(20):
        bar.admits("quiet", 1)
    changed = bar.adapt(1.0)
    assert set(changed) == {"noisy"}
    assert changed["noisy"] == rung_from(int((1 - 80 / 1000) * RANK_SPAN))
    assert not bar.admits("noisy", changed["noisy"])
    assert bar.admits("noisy", changed["noisy"] + 1)
    assert bar.admits("quiet", 1)


def test_the_bar_comes_down_slowly_and_goes_in_the_end():
    """A burst would overrun the budget again, or leave the bar up for ever."""
    bar = PreThreshold(100)
    for _ in range(1000):
        bar.admits("a", 1)
    seen = [bar.adapt(1.0)["a"]]
    for _ in range(40):
        bar.adapt(1.0)
        seen.append(bar.value("a"))
    assert seen[1] > 0
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 0


def test_a_burst_does_not_outrun_the_budget_until_the_second_is_over():
    """The first second of every burst would be decoded whole."""
    rng, bar = random.Random(2), PreThreshold(100)
    admitted, told = 0, {}
    for _ in range(20_000):
        admitted += bar.admits("a", 1 + rng.getrandbits(56) % (RANK_SPAN - 1))
        if bar.is_spent:
            told |= bar.tighten()
    # The budget, and its share of what came after: a logarithm of the burst.
    assert 100 <= admitted < 100 * (2 + math.log(200))
    assert told == {"a": bar.value("a")}
    assert bar.adapt(1.0) == {}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 500)), max_size=12),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 500)), max_size=12),
)
def test_a_bar_raised_early_is_never_above_where_the_second_would_put_it(before, now):
    """A sample would be thinned by how a burst was spread within its second."""
    patient, eager = PreThreshold(100), PreThreshold(100)
    for arrivals in (before, now):
        old = {service: eager.value(service) for service in "abc"}
        for service, count in arrivals:
            for _ in range(count):
                patient.admits(service, 0)
                eager.admits(service, 0)
            if eager.is_spent:
                eager.tighten()
        early = {service: eager.value(service) for service in "abc"}
        patient.adapt(1.0)
        eager.adapt(1.0)
        for service in "abc":
            assert eager.value(service) == patient.value(service)
            assert early[service] <= max(old[service], patient.value(service))


def test_without_a_budget_there_is_no_bar():
    """Nought would mean that nothing is decoded."""
    bar = PreThreshold(0)
    for _ in range(10_000):
        assert bar.admits("a", 1)
    assert bar.adapt(0.001) == {}
