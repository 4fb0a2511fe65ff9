"""Captured calls beside what instrumentations, frameworks and retries leave."""

import itertools

import pytest

from collector.recognise.correlate import CorrelationSettings, Correlator
from collector.recognise.dialects.contract import Candidate
from snaptrace.snapshot.model import Answer

MS = 1_000_000
SENT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def span(number, *, parent=0, trace=1, start=0, end=100, response="", **more):
    """Return what an instrumentation recorded of a call, the request half."""
    fields = {
        "dialect": "otel_genai",
        "role": "call",
        "operation": "chat",
        "trace_id": trace.to_bytes(16, "big"),
        "span_id": number.to_bytes(8, "big"),
        "parent_id": parent.to_bytes(8, "big") if parent else b"",
        "start_ns": start * MS,
        "end_ns": end * MS,
        "scope": "some.instrumentation",
        "model": "m",
        "process": b"p",
        "size_bytes": 100,
        "body": {"model": "m"},
        "api": "openai_chat",
        "answer": Answer(response_id=response, text="told"),
    }
    return Candidate(**{**fields, **more})


def captured(number, *, body=SENT, failed=False, response="", **more):
    """Return a captured call."""
    answer = Answer(response_id=response, text="captured")
    if failed:
        answer = Answer(outcome="error", error="500", observed=False)
    fields = {
        "dialect": "capture",
        "scope": "snaptrace.capture",
        "body": body,
        "verbatim": True,
        "answer": answer,
    }
    return span(number, **{**fields, **more})


def merged(*candidates):
    """Return the calls, the same whichever order the records came in."""
    found = []
    for order in itertools.permutations(range(len(candidates))):
        join = Correlator(CorrelationSettings())
        fresh = [_copy(candidates[i]) for i in order]
        calls = [call for one in fresh for call in join.offer(one, 0)]
        calls += join.flush()
        found.append(sorted(calls, key=lambda c: (c.start_ns, c.span_id)))
    counts = {len(calls) for calls in found}
    assert len(counts) == 1, counts
    bodies = {tuple(sorted(str(call.body) for call in calls)) for calls in found}
    assert len(bodies) == 1, bodies
    return found[0]


def _copy(candidate):
    return Candidate(
        **{name: getattr(candidate, name) for name in Candidate.__struct_fields__}
    )


def test_the_captured_call_beneath_a_span_is_the_call():
    """The request would be the one that the instrumentation put together."""
    (call,) = merged(
        span(1, session_id="s", lost=("seed",), reasons=("truncated",)),
        captured(2, parent=1, start=10, end=90),
    )
    assert (call.body, call.dialect, call.scope) == (
        SENT,
        "capture",
        "snaptrace.capture",
    )
    assert (call.session_id, call.lost, call.reasons) == ("s", (), ())
    assert call.answer.text == "captured"


def test_it_may_end_after_its_span():
    """A stream read to its last byte later would be a second call."""
    assert len(merged(span(1, end=80), captured(2, parent=1, start=10, end=300))) == 1


def test_beneath_framework_and_instrumentation_it_is_one_call():
    """Each layer's span would be a call of its own, or the outermost's session lost."""
    (call,) = merged(
        span(1, session_id="s"),
        span(2, parent=1, start=5, end=95),
        captured(3, parent=2, start=10, end=90),
    )
    assert (call.body, call.session_id) == (SENT, "s")


def test_an_http_span_between_does_not_part_them():
    """The span of an HTTP library, which is not looked at, would make two calls."""
    outer = (1).to_bytes(8, "big")
    (call,) = merged(span(1), captured(3, parent=2, outer_id=outer, start=10, end=90))
    assert call.body == SENT


@pytest.mark.parametrize("response", ["chatcmpl-9", ""])
def test_beside_a_span_that_was_not_active_it_is_one_call(response):
    """An instrumentation that does not activate its span would count twice."""
    (call,) = merged(
        span(1, parent=9, response=response, session_id="s"),
        captured(2, parent=9, response=response, start=10, end=90),
    )
    assert (call.body, call.session_id) == (SENT, "s")


def test_calls_at_once_are_joined_by_the_answers_id():
    """Sessions would go to another's request."""
    calls = merged(
        span(1, parent=9, response="a", session_id="a"),
        captured(2, parent=9, response="a", body={"of": "a"}, start=10, end=90),
        span(3, parent=9, response="b", session_id="b", start=5),
        captured(4, parent=9, response="b", body={"of": "b"}, start=11, end=89),
    )
    assert {c.session_id: c.body["of"] for c in calls} == {"a": "a", "b": "b"}


@pytest.mark.parametrize("response", ["chatcmpl-9", ""])
def test_in_a_trace_of_its_own_it_is_one_call(response):
    """A call without an active span would be counted in both traces."""
    (call,) = merged(
        span(1, trace=1, response=response, session_id="s"),
        captured(2, trace=2, response=response, start=10, end=90),
    )
    assert (call.body, call.session_id) == (SENT, "s")


@pytest.mark.parametrize("first", ["captured", "span"])
def test_what_comes_after_its_call_is_out_is_late(first):
    """One call would be given twice: once per export."""
    join = Correlator()
    two = [
        captured(2, trace=2, response="x", start=10, end=90),
        span(1, trace=1, response="x"),
    ]
    if first == "span":
        two.reverse()
    calls = []
    for one in two:
        calls += join.offer(one, 0)
        calls += join.flush()
    assert len(calls) == 1
    assert join.counts.late == 1


def test_captured_calls_without_any_span_are_all_calls():
    """Calls at once that look alike would swallow each other."""
    calls = merged(
        captured(1, trace=1, start=0, end=100),
        captured(2, trace=2, start=10, end=90),
        captured(3, trace=3, start=20, end=80),
    )
    assert len(calls) == 3


def test_an_agents_calls_are_each_a_call():
    """An agent's span that looks like a call would hide its steps."""
    calls = merged(
        span(1),
        captured(2, parent=1, body={"step": 1}, start=5, end=40),
        captured(3, parent=1, body={"step": 2}, start=45, end=95),
    )
    assert [c.body["step"] for c in calls] == [1, 2]


def test_an_attempt_that_failed_is_no_call_of_its_own():
    """A client's retry would be counted beside the call."""
    (call,) = merged(
        span(1),
        captured(2, parent=1, failed=True, start=5, end=30),
        captured(3, parent=1, start=40, end=95),
    )
    assert call.answer.outcome == "answered"
    (call,) = merged(
        captured(2, parent=9, failed=True, start=5, end=30),
        captured(3, parent=9, start=40, end=95),
    )
    assert call.answer.outcome == "answered"


def test_the_last_of_failed_attempts_is_the_call():
    """A call that never got an answer would not be counted at all."""
    (call,) = merged(
        span(1, answer=None),
        captured(2, parent=1, failed=True, start=5, end=30),
        captured(3, parent=1, failed=True, start=40, end=95),
    )
    assert call.answer.outcome == "error"


def test_another_operation_above_is_not_the_same_call():
    """A chat that embeds a text would give way to the embedding."""
    calls = merged(
        span(1), captured(2, parent=1, operation="embeddings", start=5, end=10)
    )
    assert {c.operation for c in calls} == {"chat", "embeddings"}


def test_an_unreadable_capture_only_adds_to_the_span():
    """A body that lost bytes would replace the one that the span has."""
    (call,) = merged(
        span(1, answer=None),
        captured(2, parent=1, role="transport", verbatim=False, body=None, start=5),
    )
    assert (call.body, call.dialect) == ({"model": "m"}, "otel_genai")
    assert call.answer.text == "captured"
