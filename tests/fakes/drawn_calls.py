"""Reservoirs filled with drawn calls."""

from hypothesis import strategies as st

from collector.reservoir import (
    Reservoir,
)

ranks = st.integers(1, 400)


calls = st.lists(st.tuples(ranks, st.integers(1, 30)), max_size=120)


def filled(offers, size=8, cap=3):
    """Return a reservoir of these (rank, span rank) offers."""
    reservoir = Reservoir(size, cap)
    for rank, span_rank in offers:
        reservoir.offer(rank, span_rank, rank * 1000 + span_rank, [])
    return reservoir


def content(reservoir):
    """Return what a reservoir claims, but for its counts."""
    return (
        sorted(reservoir.calls()),
        reservoir.threshold,
        {r: s for r, s in reservoir.spans.items() if s},
    )
