"""`collector.sampling.decode_budget`: who is turned away before being decoded."""

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.otlp.signals import OtlpRequest
from collector.recognise.prefilter import RawRecord, split
from collector.sampling.decode_budget import DecodeBudget
from snaptrace.crypto.fleet_key import FleetKey

KEY = FleetKey(b"k" * 32)


class Watched:
    """A gate with a clock that the test sets; it keeps what the gate tells."""

    def __init__(self, budget):
        self.at_seconds, self.told = 0.0, {}
        self.gate = DecodeBudget(
            budget, KEY, seconds=lambda: self.at_seconds, changed=self.told.update
        )
        self.admits = self.gate.admits

    def adapt(self):
        """Let a second pass."""
        self.at_seconds += 1.0
        assert self.gate.adapt()


def _raws(count, service="shop"):
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    attribute = spans.resource.attributes.add(key="service.name")
    attribute.value.string_value = service
    scope = spans.scope_spans.add()
    for number in range(count):
        span = scope.spans.add(
            trace_id=number.to_bytes(16, "big"), span_id=b"\1" * 8, name="chat"
        )
        operation = span.attributes.add(key="gen_ai.operation.name")
        operation.value.string_value = "chat"
    body = request.SerializeToString()
    asked = OtlpRequest(
        signal="traces", encoding="protobuf", body=body, received_at_ns=1
    )
    return list(split(asked))


def test_without_a_budget_everybody_is_decoded():
    """A limit that nobody set would thin the sample out."""
    gate = Watched(0)
    assert all(gate.admits(raw) for raw in _raws(500))
    gate.adapt()
    assert gate.told == {}


def test_above_the_budget_only_high_ranks_are_decoded():
    """A burst would take the sampling process down, or leave a biased rest."""
    gate, raws = Watched(100), _raws(1000)
    first = sum(gate.admits(raw) for raw in raws)
    assert 100 < first < 500  # while its rate was being learnt
    gate.adapt()
    threshold = gate.told["shop"]
    admitted = [raw for raw in raws if gate.admits(raw)]
    ranks = [KEY.rank(raw.body[2:18]) for raw in raws]
    assert [KEY.rank(raw.body[2:18]) for raw in admitted] == [
        rank for rank in ranks if rank > threshold
    ]
    assert 60 < len(admitted) < 140
    assert gate.gate.turned_away == 2000 - first - len(admitted)


def test_nobody_is_turned_away_by_a_threshold_that_was_not_told():
    """A sample would claim a chance for those who had none."""
    gate = Watched(100)
    for raw in _raws(1000):
        if not gate.admits(raw):
            assert KEY.rank(raw.body[2:18]) <= gate.told["shop"]


def test_a_budget_spent_over_more_than_a_second_is_not_overspent():
    """Traffic of three minutes would be taken for a burst where nobody else ticks."""
    gate = Watched(100)
    for raw in _raws(1000):
        gate.at_seconds += 0.2
        assert gate.admits(raw)
    assert gate.told == {}


def test_a_service_is_known_by_its_resource():
    """One loud service would close the door on a quiet one."""
    gate = Watched(100)
    for raw in _raws(1000, "loud"):
        gate.admits(raw)
    gate.adapt()
    assert set(gate.told) == {"loud"}
    assert all(gate.admits(raw) for raw in _raws(50, "quiet"))


def test_what_cannot_be_ranked_for_nothing_is_decoded():
    """A log record or an odd encoder's span would be lost unseen."""
    gate = Watched(1)
    for raw in _raws(100):
        gate.admits(raw)
    gate.adapt()
    span = _raws(1)[0]
    odd = RawRecord(
        "span", "protobuf", span.resource, span.scope, b"\x12\x08" + b"\1" * 8
    )
    log = RawRecord("log", "protobuf", span.resource, span.scope, span.body)
    assert gate.admits(odd)
    assert gate.admits(log)


def test_a_damaged_resource_is_a_service_without_a_name():
    """Hostile bytes would raise in the middle of a request."""
    gate = Watched(100)
    span = _raws(1)[0]
    assert gate.admits(
        RawRecord("span", "protobuf", b"\xff\xff\xff", span.scope, span.body)
    )
