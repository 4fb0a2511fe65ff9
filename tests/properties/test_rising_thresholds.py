"""Pre-thresholds that move at any time leave a sample that knows its probability."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.reservoir import Kind, PreThreshold, ReservoirConfig, Reservoirs
from collector.reservoir.threshold_ladder import rung_from
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import Duration
from snaptrace.snapshot.inclusion_probability import Frame, Placed
from snaptrace.snapshot.segment import RANK_SPAN, ReservoirState, SegmentHeader
from snaptrace.snapshot.traffic_estimate import traffic

SECOND_NS = 10**9
KIND = Kind("s", "text")
ranks = st.integers(1, RANK_SPAN - 1)
# What happens at a moment: a call comes, or the threshold moves; then time goes on.
moments = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("call"), ranks, st.integers(-400, 50)),
            st.tuples(st.just("bar"), ranks, st.just(0)),
            st.tuples(st.just("bar"), st.just(0), st.just(0)),
        ),
        st.integers(0, 90),
    ),
    max_size=60,
)


class Gated:
    """A gate whose threshold a test moves, a join that waits, and reservoirs."""

    def __init__(self, size):
        self.reservoirs = Reservoirs(
            ReservoirConfig(window=Duration(120), size=size, quota=0, calls_per_trace=1)
        )
        self.now_ns = 10**6 * SECOND_NS
        self.bar = 0
        self.sent: list[tuple[int, int]] = []  # window, rank; the index is the ref
        self._waiting: list[tuple[int, int, int]] = []

    def move(self, bar):
        self.bar = rung_from(bar)
        self.reservoirs.set_pre_thresholds({"s": self.bar}, self.now_ns)

    def call(self, rank, ended_ns):
        if rank > self.bar:
            self._waiting.append((self.now_ns + 5 * SECOND_NS, rank, ended_ns))
        else:  # never decoded, so nobody learns its window but this test
            window, _ = self.reservoirs.window_of(ended_ns, self.now_ns + 5 * SECOND_NS)
            self.sent.append((window, rank))

    def later(self, seconds):
        self.now_ns += seconds * SECOND_NS
        while self._waiting and self._waiting[0][0] <= self.now_ns:
            closed_ns, rank, ended_ns = self._waiting.pop(0)
            window, _ = self.reservoirs.window_of(ended_ns, closed_ns)
            ref = len(self.sent)
            self.sent.append((window, rank))
            if self.reservoirs.rejection(window, KIND, rank, 1) is None:
                self.reservoirs.offer(window, KIND, rank, 1, ref=ref, size_bytes=1)


@settings(max_examples=300)
@given(moments, st.sampled_from([4, 1000]))
def test_whatever_was_above_the_bar_is_there_and_was_counted(happenings, size):
    """A call would have had another chance than the sample says it had."""
    gated = Gated(size)
    used = set()
    for (what, rank, ended), seconds in happenings:
        if what == "bar":
            gated.move(rank)
        elif rank not in used:  # one call a trace, so that a rank is a call
            used.add(rank)
            gated.call(rank, gated.now_ns + ended * SECOND_NS)
        gated.later(seconds)
    gated.later(10)
    for window in gated.reservoirs.windows():
        (state,) = gated.reservoirs.states(window) or (None,)
        if state is None:
            continue
        bar = max(state.threshold, state.pre_threshold)
        kept = [gated.sent[ref] for ref in gated.reservoirs.refs(window)]
        assert sorted(kept) == sorted(
            call for call in gated.sent if call[0] == window and call[1] > bar
        )
        assert state.seen == sum(
            call[0] == window and call[1] > state.pre_threshold for call in gated.sent
        )


def test_a_bar_that_falls_before_a_window_opens_is_still_its_bar():
    """The first seconds of a window were rejected by what is forgotten by then."""
    gated = Gated(size=1000)
    start_ns = gated.now_ns // (120 * SECOND_NS) * 120 * SECOND_NS
    gated.now_ns = start_ns + 119 * SECOND_NS
    gated.move(RANK_SPAN // 2)
    gated.later(2)  # a new window, of which no call was decoded yet
    gated.call(RANK_SPAN // 4, gated.now_ns)
    gated.move(0)
    gated.call(RANK_SPAN // 8, gated.now_ns)
    gated.later(6)
    (window,) = gated.reservoirs.windows()
    (state,) = gated.reservoirs.states(window)
    assert (state.pre_threshold, state.seen) == (RANK_SPAN // 2, 0)
    assert gated.reservoirs.refs(window) == []


KEY = FleetKey(b"a fleet secret of enough characters")


def _second(car, bar, rng, arrivals, now_ns):
    """Send a second of traffic through a gate with a budget; return the calls kept."""
    decoded = []
    for _ in range(arrivals):
        rank = KEY.rank(rng.randbytes(16))
        if not bar.admits("s", rank):
            continue
        decoded.append(rank)
        if bar.is_spent:
            car.set_pre_thresholds(bar.tighten(), now_ns)
    return decoded


# Reservoirs with room for all, where counts must agree to the call, and full ones.
@pytest.mark.parametrize("size", [10**6, 150])
def test_bursts_are_estimated_as_they_were_and_nothing_rings(size):
    """A burst would look like calls lost on the way, or like another's traffic."""
    rng = random.Random(23)
    errors, disagreements = [], []
    for _ in range(40):
        car, bar = Reservoirs(ReservoirConfig(size=size, quota=0)), PreThreshold(50)
        truth, kept = 0, Counter()
        for second in range(6):
            arrivals = rng.choice([5, 40, 400, 3000])
            truth += arrivals
            for rank in _second(car, bar, rng, arrivals, second * SECOND_NS):
                kept[rank] += 1
                args = (0, KIND, rank, 1)
                if car.rejection(*args) is None:
                    car.offer(*args, ref=len(kept), size_bytes=1)
            car.set_pre_thresholds(bar.adapt(1.0), second * SECOND_NS)
        (state,) = car.states(0)
        frame = Frame([_header("c", 1, state)])
        level = max(state.threshold, state.pre_threshold)
        stored = [
            ("c", Placed("s", "text", 0, rank, 1)) for rank in kept if rank > level
        ]
        assert len(stored) == len(car.refs(0))
        told = traffic(frame, stored)["s", "text"]
        errors.append((told.calls - truth) / truth)
        disagreements.append(told.disagreement)
    # About 150 traces each: a standard error of 8 %, over 40 runs 1.3 %.
    assert sum(errors) / 40 == pytest.approx(0, abs=0.05)
    if size == 10**6:
        assert disagreements == pytest.approx([0.0] * 40)
    assert max(map(abs, disagreements)) < 4


def _header(collector, sequence, *states):
    return SegmentHeader(
        collector=collector,
        sequence=sequence,
        window_start_ns=0,
        window_length_ns=1,
        reservoirs=states,
    )


@given(
    st.permutations([(0, 900), (0, 1000), (RANK_SPAN // 2, 450), (RANK_SPAN // 2, 510)])
)
def test_the_count_of_the_highest_bar_counts(told):
    """Headers from before a rise would outvote what is counted after it."""
    frame = Frame(
        _header(
            "c",
            number,
            ReservoirState(
                kind="uniform",
                service="s",
                modality="text",
                size=8,
                pre_threshold=pre,
                seen=seen,
            ),
        )
        for number, (pre, seen) in enumerate(told)
    )
    assert frame.seen() == {("s", "text"): 510}
