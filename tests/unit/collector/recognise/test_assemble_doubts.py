"""A recorded token count against the rebuilt request, as a call is assembled."""

from collector.recognise.assemble import assemble
from collector.recognise.dialects.contract import Candidate
from collector.recognise.evidence.contract import DialectEvidence, Row
from collector.recognise.evidence.features import features
from collector.recognise.evidence.table import Evidence
from snaptrace.snapshot.model import Answer, Usage

BODY = {"model": "m", "messages": [{"role": "user", "content": "What is due?"}]}
VOUCHED = DialectEvidence(
    dialect="openinference",
    rows=(
        Row(
            scope="lib",
            version="1.0",
            operation="chat",
            api="openai_chat",
            source="body",
            requests=1,
            exact=1,
            carried=tuple(features(BODY)),
        ),
    ),
)


def _call(tokens, evidence, **more):
    fields = {
        "dialect": "openinference",
        "role": "call",
        "operation": "chat",
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "start_ns": 1,
        "end_ns": 2,
        "scope": "lib",
        "scope_version": "1.0",
        "api": "openai_chat",
        "model": "m",
        "body": BODY,
        "answer": Answer(text="42", usage=Usage(input_tokens=tokens)),
        **more,
    }
    return assemble(Candidate(**fields), 3, evidence).snapshot.fidelity


def test_a_count_beyond_the_request_lowers_a_reading_that_recordings_vouch_for():
    """A system prompt that never reached the telemetry would go on gating."""
    evidence = Evidence([VOUCHED])
    whole, lost = _call(12, evidence), _call(900, evidence)
    assert whole.level == "exact"
    assert lost.level == "unverified"
    assert lost.reasons[-1] == "lost_content_suspected"


def test_the_measure_of_dialects_alone_suspects_nothing():
    """Evidence tables would be written from doubts instead of readings."""
    assert "lost_content_suspected" not in _call(900, None).reasons


def test_what_cannot_be_replayed_keeps_its_own_reason_alone():
    """The funnel would name a suspicion where the content is known to be gone."""
    found = _call(900, Evidence([VOUCHED]), reasons=("truncated",))
    assert (found.level, found.reasons) == ("unreplayable", ("truncated",))
