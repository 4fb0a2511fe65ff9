"""Several sidecars sample together: what their segments estimate is unbiased."""

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.reservoir import (
    Kind,
    Reservoir,
    ReservoirConfig,
    Reservoirs,
    upstream_probability,
)
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot.ids import snapshot_id
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.model import Answer, Fidelity, Request, Snapshot
from snaptrace.snapshot.segment import RANK_SPAN, SegmentHeader
from snaptrace.snapshot.traffic_estimate import traffic

KEY = FleetKey(b"a fleet secret of enough characters")


def snapshot(trace_id, span_id, service="chat", strata=(), upstream=None):
    """Return a placed snapshot."""
    return Snapshot(
        snapshot_id=snapshot_id(trace_id, span_id),
        trace_id=trace_id.hex(),
        span_id=span_id.hex(),
        service=service,
        operation="chat",
        modality="text",
        request=Request(api="openai_chat"),
        answer=Answer(),
        fidelity=Fidelity(level="exact"),
        rank=KEY.rank(trace_id),
        span_rank=KEY.span_rank(span_id),
        strata=strata,
        upstream_probability=upstream,
    )


class Sidecar:
    """A collector reduced to its arithmetic."""

    def __init__(self, name, config):
        self.name, self.config = name, config
        self.reservoirs = Reservoirs(config)
        self.calls = []

    def offer(self, call):
        kind = Kind(call.service, call.modality, call.strata)
        args = (call.window_start_ns, kind, call.rank, call.span_rank)
        if self.reservoirs.rejection(*args) is None:
            self.reservoirs.offer(*args, ref=len(self.calls), size_bytes=100)
            self.calls.append(call)

    def headers(self):
        return [
            SegmentHeader(
                collector=self.name,
                sequence=1,
                window_start_ns=window,
                window_length_ns=self.config.window_ns,
                reservoirs=self.reservoirs.states(window),
            )
            for window in self.reservoirs.windows()
        ]

    def kept(self):
        return [
            self.calls[ref]
            for window in self.reservoirs.windows()
            for ref in self.reservoirs.refs(window)
        ]


def estimate(sidecars, include=lambda _call: True):
    """Return the sum of 1 / probability over stored calls that `include` takes."""
    frame = Frame(header for car in sidecars for header in car.headers())
    total = 0.0
    for car in sidecars:
        for call in car.kept():
            probability = frame.probability(car.name, call)
            if probability is not None and include(call):
                total += 1 / probability
    return total


TRACE_IDS = {
    "random": lambda i, rng: rng.getrandbits(128).to_bytes(16, "big"),
    # Every id that a ratio sampler of 1/16 on the low 56 bits lets through.
    "ratio_sampled": lambda i, rng: (
        rng.getrandbits(72) << 56 | (RANK_SPAN - 1 - rng.getrandbits(52))
    ).to_bytes(16, "big"),
    "all_ones_but_a_counter": lambda i, rng: (2**128 - 1 - i).to_bytes(16, "big"),
    "sequential": lambda i, rng: i.to_bytes(16, "big"),
    "low_bits_constant": lambda i, rng: (i << 64).to_bytes(16, "big"),
}


@pytest.mark.parametrize("kind", TRACE_IDS)
def test_reweighted_totals_are_unbiased_whatever_the_trace_ids(kind):
    """Forged or sampled ids would make a dashboard show traffic that was not there."""
    rng = random.Random(7)
    config = ReservoirConfig(size=60, quota=8, calls_per_trace=3)
    totals, errors = [], []
    for run in range(60):
        car = Sidecar("one", config)
        truth = wrong = 0
        for i in range(700):
            trace_id = TRACE_IDS[kind](run * 10_000 + i, rng)
            is_error = i % 35 == 0
            for span in range(1 + (i % 5 == 0) * 5):
                truth += 1
                wrong += is_error
                car.offer(
                    snapshot(
                        trace_id,
                        (run * 10**6 + i * 100 + span).to_bytes(8, "big"),
                        strata=("error",) if is_error else (),
                    )
                )
        totals.append(estimate([car]) / truth)
        errors.append(estimate([car], lambda call: bool(call.strata)) / wrong)
    # Spread of the mean of 60 runs, from runs of this very estimator: 0.03 and 0.05.
    assert sum(totals) / len(totals) == pytest.approx(1, abs=0.09)
    assert sum(errors) / len(errors) == pytest.approx(1, abs=0.15)


def test_an_upstream_sampler_is_undone_where_its_probability_is_known():
    """A team that keeps a quarter of its traces would see a quarter of its traffic."""
    rng = random.Random(11)
    stated = upstream_probability("vendor=1,ot=th:c;rv:0123")
    assert stated == 0.25
    totals = []
    for _ in range(60):
        car, truth = Sidecar("one", ReservoirConfig(size=50)), 800
        for i in range(truth):
            trace_id = rng.getrandbits(128).to_bytes(16, "big")
            if int.from_bytes(trace_id[9:], "big") >= RANK_SPAN * 3 // 4:
                span_id = i.to_bytes(8, "big")
                car.offer(snapshot(trace_id, span_id, upstream=stated))
        totals.append(estimate([car]) / truth)
    assert sum(totals) / len(totals) == pytest.approx(1, abs=0.09)


@pytest.mark.parametrize(
    ("state", "stated"),
    [
        ("ot=th:8", 0.5),
        ("ot=th:0", 1.0),
        ("ot=th:c;rv:d0000000000000", 0.25),
        # Less than the threshold: no sampler can have let it through with that.
        ("ot=th:c;rv:b0000000000000", None),
        ("ot=rv:d0000000000000", None),
        ("ot=p:3;r:5", 0.125),
        ("ot=p:3;r:2", None),
        ("ot=p:63", None),
        ("ot=p:0", 1.0),
        ("congo=t61, ot=p:2;x:th:8", 0.25),
        ("other=th:8", None),
    ],
)
def test_what_upstream_samplers_write_is_read(state, stated):
    """A share of traffic would be taken for all of it, or be weighted twice."""
    assert upstream_probability(state) == stated


@given(st.text(max_size=40))
def test_a_hostile_tracestate_is_no_probability_beyond_one(text):
    """Headers come from strangers; a weight below one or an error would follow."""
    for state in (text, f"ot={text}", f"ot=th:{text}", f"a=b, ot=rv:1;th:{text},x=y"):
        stated = upstream_probability(state)
        assert stated is None or 0 < stated <= 1


def test_every_trace_has_the_same_chance():
    """Chi-square over 200 traces: a favoured tenth would show (99.9 % quantile)."""
    counts: Counter[int] = Counter()
    runs, traces, size = 600, 200, 20
    for run in range(runs):
        key = FleetKey(f"secret number {run} of a fleet of sidecars".encode())
        reservoir = Reservoir(size, 8)
        for trace in range(traces):
            reservoir.offer(key.rank(trace.to_bytes(16, "big")), 1, trace, [])
        counts.update(ref for _, _, ref in reservoir.calls())
    expected = runs * size / traces
    share = size / traces
    chi = sum((counts[t] - expected) ** 2 for t in range(traces))
    chi /= expected * (1 - share)
    assert chi < 267.5  # chi-square, 199 degrees of freedom


def test_several_services_and_windows_give_one_equal_probability_sample():
    """A busy pod and an idle one would weigh alike, and so would their users."""
    rng = random.Random(3)
    hour = 3600 * 10**9
    above: Counter[str] = Counter()
    truth: Counter[str] = Counter()
    for _ in range(80):
        cars = [Sidecar(f"pod-{i}", ReservoirConfig(size=40)) for i in range(3)]
        offered = []
        for i in range(600):
            trace_id = rng.getrandbits(128).to_bytes(16, "big")
            service = "busy" if i % 6 else "idle"
            window = hour if i % 3 else 2 * hour
            call = msgspec.structs.replace(
                snapshot(trace_id, i.to_bytes(8, "big"), service=service),
                window_start_ns=window,
            )
            offered.append(call)
            cars[rng.randrange(3)].offer(call)
        frame = Frame(header for car in cars for header in car.headers())
        bar = frame.equal_probability_threshold()
        chosen = {
            call.snapshot_id for car in cars for call in car.kept() if call.rank > bar
        }
        # Exactly the offered traces above the bar: nothing kept is missing.
        assert chosen == {c.snapshot_id for c in offered if c.rank > bar}
        for call in offered:
            truth[call.service] += 1
            above[call.service] += call.snapshot_id in chosen
    shares = {name: above[name] / truth[name] for name in truth}
    assert shares["busy"] == pytest.approx(shares["idle"], rel=0.06)


# Full reservoirs, whose own bar is the higher one, and reservoirs with room for all.
@pytest.mark.parametrize("size", [40, 2000])
def test_traffic_is_estimated_as_it_was(size):
    """A dashboard of traffic would be wrong, and its alarm ring or never ring."""
    rng = random.Random(19)
    calls, upstream, expected, seen = [], [], [], []
    for _ in range(60):
        car, truth = Sidecar("one", ReservoirConfig(size=size)), 900
        car.reservoirs.set_pre_thresholds({"chat": RANK_SPAN // 3}, now_ns=0)
        for i in range(truth):
            trace_id = rng.getrandbits(128).to_bytes(16, "big")
            call = snapshot(trace_id, i.to_bytes(8, "big"), upstream=0.5)
            if call.rank > RANK_SPAN // 3:  # else never decoded
                car.offer(call)
        frame = Frame(car.headers())
        found = traffic(frame, ((car.name, call) for call in car.kept()))
        (told,) = found.values()
        assert told.stored == len(car.kept())
        calls.append(told.calls / truth)
        upstream.append(told.upstream_calls / (2 * truth))
        expected.append(told.expected_seen)
        seen.append(told.seen)
    assert sum(calls) / 60 == pytest.approx(1, abs=0.08)
    assert sum(upstream) / 60 == pytest.approx(1, abs=0.08)
    assert sum(expected) == pytest.approx(sum(seen), rel=0.08)
