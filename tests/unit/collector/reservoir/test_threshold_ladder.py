"""`threshold_ladder`: the pre-thresholds of a second, and counts between them."""

from hypothesis import given
from hypothesis import strategies as st

from collector.reservoir.threshold_ladder import RUNGS, RankCounts, rung_from
from snaptrace.snapshot.segment import RANK_SPAN

ranks = st.integers(0, RANK_SPAN - 1)


def test_rungs_begin_with_nobody_rejected_and_leave_somebody_at_the_top():
    """A service could be shut out, or a bar of nought reject the lowest ranks."""
    assert RUNGS[0] == 0
    assert RUNGS[-1] < RANK_SPAN - RANK_SPAN // 2**21
    assert list(RUNGS) == sorted(set(RUNGS))
    assert RANK_SPAN // 2 in RUNGS


@given(ranks)
def test_a_rung_is_at_or_above_and_not_far(rank):
    """What the gate rejects would not be in the bar that is written down."""
    rung = rung_from(rank)
    assert rung >= min(rank, RUNGS[-1])
    assert RANK_SPAN - rung >= (RANK_SPAN - rank) * 0.84 or rung == RUNGS[-1]


@given(st.lists(st.tuples(ranks, st.integers(1, 3))), st.lists(st.tuples(ranks)))
def test_counts_are_exact_at_every_rung(calls, others):
    """The comparison of calls seen and calls expected would ring for nothing."""
    counts, more = RankCounts(), RankCounts()
    for rank, times in calls:
        counts.add(rank, times)
    for (rank,) in others:
        more.add(rank)
    counts.add_all(more)
    for rung in RUNGS:
        expected = sum(times for rank, times in calls if rank > rung)
        assert counts.above(rung) == expected + sum(rank > rung for (rank,) in others)
    counts.clear()
    assert not counts
    assert counts.above(0) == 0


@given(st.integers(0, 10**6), st.sampled_from(RUNGS))
def test_calls_of_unknown_rank_are_counted_as_uniform(calls, pre):
    """What was seen before a crash would be counted twice, or not at all."""
    counts = RankCounts()
    counts.add_unranked(calls, pre)
    assert counts.above(pre) == calls
    for rung in RUNGS:
        if rung > pre:
            share = (RANK_SPAN - rung) / (RANK_SPAN - pre)
            assert abs(counts.above(rung) - calls * share) <= len(RUNGS) / 2
