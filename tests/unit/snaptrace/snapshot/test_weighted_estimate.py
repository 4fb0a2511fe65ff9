"""Estimates over live traffic: unbiased, and with an error that is as large as told."""

import random
from statistics import mean, pstdev

import pytest
from fakes.stored_calls import WINDOW_NS, text_call

from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.segment import RANK_SPAN, ReservoirState, SegmentHeader
from snaptrace.snapshot.weighted_estimate import Estimator

NOW = 1_800_000_000 * 10**9


def frame(share):
    """Return a frame whose only reservoir rejected this share of ranks."""
    state = ReservoirState(
        kind="uniform",
        service="shop",
        modality="text",
        size=10,
        threshold=int(share * RANK_SPAN),
    )
    header = SegmentHeader(
        collector="c1",
        sequence=0,
        window_start_ns=NOW - NOW % WINDOW_NS,
        window_length_ns=WINDOW_NS,
        reservoirs=(state,),
    )
    return Frame([header])


def sampled(traffic, share, rng):
    """Return an estimator of a sample that keeps traces above a threshold."""
    estimator = Estimator(frame(share))
    for number, values in enumerate(traffic):
        rank = rng.randrange(RANK_SPAN)
        for place, value in enumerate(values):
            call = text_call(f"{number}.{place}", at_ns=NOW, rank=rank)
            if rank > share * RANK_SPAN:
                assert estimator.add("c1", call, value)
            else:
                assert not estimator.add("c1", call, value)
    return estimator


def test_totals_and_means_are_right_on_average_and_so_is_their_error():
    """If it failed, an estimate would be biased, or its error bar a decoration."""
    rng = random.Random(5)
    # Traces of different length whose calls are alike: their values are one draw.
    traffic = [[rng.choice((0.0, 1.0))] * (1 + n % 3) for n in range(150)]
    calls = [value for trace in traffic for value in trace]
    found = [sampled(traffic, 0.6, rng) for _ in range(150)]
    totals = [each.total() for each in found]
    means = [each.mean() for each in found]
    for estimates, truth in ((totals, sum(calls)), (means, mean(calls))):
        values = [each.value for each in estimates]
        told = mean(each.standard_error for each in estimates)
        assert mean(values) == pytest.approx(truth, abs=4 * told / len(found) ** 0.5)
        assert told == pytest.approx(pstdev(values), rel=0.2)


def test_a_census_has_no_sampling_error():
    """If it failed, what was counted would be given as a guess."""
    estimator = sampled([[1.0], [0.0]], 0.0, random.Random(1))
    assert estimator.mean() == (0.5, 0.0, 2)
    assert estimator.total() == (1.0, 0.0, 2)


def test_without_calls_there_is_no_mean():
    """If it failed, no traffic would have an average."""
    estimator = Estimator(frame(0.5))
    assert estimator.mean() is None
    assert estimator.total().value == 0.0
