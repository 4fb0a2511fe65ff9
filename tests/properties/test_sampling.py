"""A sample knows its own probability: invariant 5 of ARCHITECTURE.md."""

import msgspec
from fakes.drawn_calls import calls, content, filled
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.reservoir import (
    Kind,
    Reservoir,
    ReservoirConfig,
    Reservoirs,
)
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.segment import RANK_SPAN, SegmentHeader


@given(calls, st.randoms(use_true_random=False))
def test_order_does_not_matter(offers, rng):
    """A reservoir that depended on arrival order would not be a function of traffic."""
    shuffled = list(offers)
    rng.shuffle(shuffled)
    assert content(filled(offers)) == content(filled(shuffled))


@given(calls)
def test_repeats_change_nothing(offers):
    """Spans that an exporter sends again would be sampled twice as often."""
    assert content(filled(offers)) == content(filled(offers + offers[::-1]))


@given(calls)
def test_the_threshold_is_the_highest_rank_that_is_not_kept(offers):
    """A wrong threshold makes every probability of the window wrong."""
    reservoir = filled(offers)
    kept = {rank for rank, _, _ in reservoir.calls()}
    offered = {rank for rank, _ in offers}
    assert kept == set(sorted(offered)[-8:])
    assert reservoir.threshold == max(offered - kept, default=0)


@given(calls, st.integers(0, 400))
def test_settling_never_claims_too_much(offers, forgotten_above):
    """A restart that forgot rejections would claim that nothing was rejected."""
    whole = filled(offers)
    # What a journal has: only the calls that were kept when they came.
    again = Reservoir(8, 3)
    seen = Reservoir(8, 3)
    for rank, span_rank in offers:
        if seen.offer(rank, span_rank, 0, []) == "kept":
            again.offer(rank, span_rank, 0, [])
    again.settle([])
    assert again.threshold >= whole.threshold
    for rank, _, _ in again.calls():
        assert rank > whole.threshold
    del forgotten_above


@settings(max_examples=50)
@given(calls, st.lists(st.integers(0, 300), max_size=4))
def test_a_pre_threshold_leaves_only_what_is_above_it(offers, levels):
    """Calls kept before the bar rose had a chance that later ones have not."""
    # Spread over all ranks: a pre-threshold stands on one of 80 of them.
    offers = [(rank * (RANK_SPAN // 401), span_rank) for rank, span_rank in offers]
    levels = [level * (RANK_SPAN // 401) for level in levels]
    reservoirs = Reservoirs(ReservoirConfig(size=8, quota=0))
    step = max(1, len(offers) // (len(levels) + 1))
    pending = list(levels)
    for index, (rank, span_rank) in enumerate(offers):
        if pending and index % step == step - 1:
            reservoirs.set_pre_thresholds({"s": pending.pop()}, now_ns=0)
        kind = Kind("s", "text")
        if reservoirs.rejection(0, kind, rank, span_rank) is None:
            reservoirs.offer(0, kind, rank, span_rank, ref=index, size_bytes=1)
    states = reservoirs.states(0)
    if states:
        used = levels[len(pending) :] or [0]
        assert states[0].pre_threshold >= (max(used) if reservoirs.refs(0) else 0)
        for ref in reservoirs.refs(0):
            assert offers[ref][0] > states[0].pre_threshold


@given(calls, st.integers(100, 2000))
def test_a_byte_bound_shrinks_and_says_so(offers, limit):
    """A silent cut by bytes would leave claims about calls that are gone."""
    config = msgspec.convert(
        {"size": 8, "quota": 0, "calls_per_trace": 3, "window_bytes": limit},
        ReservoirConfig,
        dec_hook=lambda kind, value: kind(value),
    )
    reservoirs = Reservoirs(config)
    for ref, (rank, span_rank) in enumerate(offers):
        size = 50 + 7 * (rank % 40)
        kind = Kind("s", "text")
        reservoirs.offer(0, kind, rank, span_rank, ref=ref, size_bytes=size)
        assert reservoirs.content_bytes <= limit
    states = reservoirs.states(0)
    kept = {offers[ref][0] for ref in reservoirs.refs(0)}
    if states:
        above = {rank for rank, _ in offers if rank > states[0].threshold}
        assert kept == above


@given(st.lists(st.tuples(calls, st.booleans()), max_size=4))
def test_late_calls_after_a_seal_keep_the_promise(parts):
    """A supplement that forgot the first seal would favour those that come late."""
    reservoirs = Reservoirs(ReservoirConfig(size=8, quota=0, calls_per_trace=3))
    offered, stored = [], {}
    frame = Frame()
    for part, seals in parts:
        for rank, span_rank in part:
            ref = len(offered)
            offered.append((rank, span_rank))
            kind = Kind("s", "text")
            reservoirs.offer(0, kind, rank, span_rank, ref=ref, size_bytes=1)
        if seals:
            stored.update({offered[ref]: ref for ref in reservoirs.refs(0)})
            reservoirs.mark_sealed(0)
    stored.update({offered[ref]: ref for ref in reservoirs.refs(0)})
    frame.add(
        SegmentHeader(
            collector="c",
            sequence=1,
            window_start_ns=0,
            window_length_ns=1,
            reservoirs=reservoirs.states(0),
        )
    )
    bar = frame.equal_probability_threshold()
    above = {call for call in offered if call[0] > bar}
    whole = filled(offered)
    assert bar == whole.threshold
    for rank, span_rank, _ in whole.calls():
        assert (rank, span_rank) in stored
    assert {rank for rank, _ in above} == {rank for rank, _, _ in whole.calls()}
