import pytest

from collector.recognise.correlate import CorrelationSettings, Correlator
from collector.recognise.dialects.contract import Candidate
from snaptrace.snapshot.conversation import Conversation, Message, TextPart
from snaptrace.snapshot.model import Answer, Usage

MS = 1_000_000
SECOND = 1_000 * MS


def _text(text="hi"):
    part = TextPart(text=text)
    return Conversation(model="m", messages=(Message(role="user", parts=(part,)),))


def _span(number, *, parent=0, trace=1, role="call", start=0, end=100, **more):
    return Candidate(
        dialect="otel_genai",
        role=role,
        operation="chat",
        trace_id=trace.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        parent_id=parent.to_bytes(8, "big") if parent else b"",
        start_ns=start * MS,
        end_ns=end * MS,
        model="m",
        process=b"p",
        size_bytes=1000,
        **more,
    )


def _run(*candidates, settings=None):
    join = Correlator(settings)
    calls = [call for c in candidates for call in join.offer(c, 0)]
    calls.extend(join.flush())
    return calls, join


def test_of_spans_around_one_another_the_innermost_is_the_call():
    """A framework's span and the SDK's would make two snapshots of one request."""
    outer = _span(1, start=0, end=100, conversation=_text(), session_id="s")
    inner = _span(2, parent=1, start=10, end=90, conversation=_text())
    for order in ((outer, inner), (inner, outer)):
        calls, _ = _run(*order)
        assert [call.span_id for call in calls] == [inner.span_id]
        assert calls[0].session_id == "s"


def test_a_parent_that_ended_before_is_no_wrapper():
    """A context left standing would make calls in a row swallow each other."""
    first = _span(1, start=0, end=10, conversation=_text("a"))
    second = _span(2, parent=1, start=11, end=20, conversation=_text("b"))
    calls, _ = _run(first, second)
    assert len(calls) == 2


def test_an_agent_with_two_calls_is_no_call():
    """A wrapper that looks like a call would be counted beside its calls."""
    outer = _span(1, start=0, end=100, conversation=_text())
    calls, _ = _run(
        outer,
        _span(2, parent=1, start=1, end=40, conversation=_text("a")),
        _span(3, parent=1, start=41, end=90, conversation=_text("b")),
    )
    assert sorted(call.span_id[-1] for call in calls) == [2, 3]


def test_an_inner_span_without_content_gives_way_but_lends_its_facts():
    """A model SDK's own span would stand for the call, and hold nothing."""
    call = _span(1, conversation=_text())
    call.model = ""
    transport = _span(2, parent=1, role="transport", start=1, end=99)
    transport.answer = Answer(response_id="r1", observed=False)
    calls, _ = _run(call, transport)
    assert len(calls) == 1
    assert calls[0].model == "m"
    assert calls[0].answer.response_id == "r1"


def test_a_transport_in_a_trace_of_its_own_finds_its_call_by_time():
    """Without a parent each span makes a trace, and each would make a snapshot."""
    call = _span(1, trace=1, start=0, end=50, conversation=_text())
    transport = _span(9, trace=2, role="transport", start=5, end=45)
    for order in ((call, transport), (transport, call)):
        calls, _ = _run(*order)
        assert [c.span_id for c in calls] == [call.span_id]


def test_a_transport_without_a_call_is_kept():
    """A call whose content nobody recorded would not be counted at all."""
    transport = _span(9, role="transport", start=5, end=45)
    calls, _ = _run(transport)
    assert len(calls) == 1


def test_what_comes_late_for_a_closed_call_is_dropped():
    """A wrapper exported after its call would make a second snapshot."""
    join = Correlator()
    list(join.offer(_span(2, parent=1, start=1, end=90, conversation=_text()), 0))
    assert len(list(join.due(6 * SECOND))) == 1
    list(join.offer(_span(1, start=0, end=100, conversation=_text()), 7 * SECOND))
    assert list(join.due(20 * SECOND)) == []
    assert join.counts.late == 1


def test_a_stream_record_long_after_its_call_is_dropped():
    """The end of a long stream would be counted as a call of its own."""
    join = Correlator()
    list(join.offer(_span(1, start=0, end=2, conversation=_text()), 0))
    assert len(list(join.due(6 * SECOND))) == 1
    late = _span(
        2, trace=2, role="companion", start=30_000, end=30_000, conversation=_text()
    )
    list(join.offer(late, 30 * SECOND))
    assert list(join.due(60 * SECOND)) == []


def test_a_trace_closes_when_quiet_and_at_last_when_old():
    """A busy trace would never give its calls."""
    join = Correlator(CorrelationSettings(quiet_ns=5 * SECOND, age_ns=12 * SECOND))
    for second in range(0, 12, 2):
        span = _span(second + 1, start=second, end=second + 1, conversation=_text())
        list(join.offer(span, second * SECOND))
        assert list(join.due(second * SECOND)) == []
    assert len(list(join.due(12 * SECOND))) == 6
    assert join.held_bytes == 0


@pytest.mark.parametrize(
    "settings", [CorrelationSettings(traces=10), CorrelationSettings(bytes=10_000)]
)
def test_bounds_close_the_oldest_early_and_lose_nothing(settings):
    """A flood would grow without end, or calls would vanish uncounted."""
    spans = [
        _span(n, trace=n, start=n * 200, end=n * 200 + 10, conversation=_text(str(n)))
        for n in range(1, 101)
    ]
    calls, join = _run(*spans, settings=settings)
    assert len(calls) == 100
    assert join.counts.closed_early == 90
    assert join.held_bytes == 0


def test_a_trace_of_endless_spans_is_bounded_and_loses_none():
    """One trace would hold all memory, or its last calls be cut off in silence."""
    spans = [_span(n, start=n, end=n, conversation=_text(str(n))) for n in range(1, 60)]
    calls, join = _run(*spans, settings=CorrelationSettings(records_per_trace=50))
    assert len(calls) == 59
    assert (join.counts.closed_early, join.counts.dropped) == (1, 0)


def test_a_clock_that_is_put_back_holds_no_trace():
    """A trace would wait until the clock comes to its hour again."""
    join = Correlator()
    list(join.offer(_span(1, conversation=_text()), 86_400 * SECOND))
    assert list(join.due(86_399 * SECOND)) == []
    assert len(list(join.due(3600 * SECOND))) == 1


def test_parents_in_a_ring_end():
    """Ids from outside would make the walk to the root endless."""
    calls, _ = _run(
        _span(1, parent=2, conversation=_text("a")),
        _span(2, parent=1, conversation=_text("b")),
        _span(3, parent=3, conversation=_text("c")),
    )
    assert len(calls) >= 1


def _event(text, at, **more):
    return Candidate(
        dialect="traceloop",
        role="content",
        operation="chat",
        trace_id=more.pop("trace_id", b""),
        span_id=more.pop("span_id", b""),
        start_ns=at * MS,
        end_ns=at * MS,
        process=b"p",
        messages=(Message(role="user", parts=(TextPart(text=text),)),),
    )


def test_events_without_a_trace_go_to_the_one_span_around_them():
    """Content logged outside the span's context would be lost."""
    span = _span(1, start=0, end=50)
    calls, _ = _run(_event("hello", 5), span, _event("later", 900))
    assert [m.parts[0].text for m in calls[0].messages] == ["hello"]


def test_events_between_two_spans_are_given_to_neither():
    """One call's prompt would be replayed as another's."""
    one = _span(1, trace=1, start=0, end=50)
    other = _span(2, trace=2, start=10, end=60)
    calls, _ = _run(one, other, _event("whose?", 20))
    assert all("content_ambiguous" in call.reasons for call in calls)
    assert not any(call.messages for call in calls)


def test_events_of_a_span_keep_their_order_in_time():
    """A conversation would be replayed in the order of its export."""
    span = _span(1)
    own = {"trace_id": span.trace_id, "span_id": span.span_id}
    calls, _ = _run(_event("second", 5, **own), span, _event("first", 3, **own))
    assert [m.parts[0].text for m in calls[0].messages] == ["first", "second"]


def test_two_calls_of_one_moment_are_not_taken_for_one():
    """Equal requests sent side by side would be merged."""
    calls, _ = _run(
        _span(1, trace=1, conversation=_text(), answer=Answer(usage=Usage())),
        _span(2, trace=2, conversation=_text(), answer=Answer(usage=Usage())),
        _span(3, trace=2, conversation=_text(), answer=Answer(usage=Usage())),
    )
    assert len(calls) == 3


def test_records_without_a_trace_are_bounded():
    """A flood of them would hold memory for ever."""
    join = Correlator(CorrelationSettings(unbound=100))
    for number in range(500):
        list(join.offer(_event(str(number), number), number))
    assert join.counts.dropped == 400
    list(join.offer(_span(1, start=499, end=499), 500))
    (call,) = join.flush()
    assert [m.parts[0].text for m in call.messages] == ["499"]


def test_records_without_a_trace_grow_old():
    """An hour-old message would be given to a span that happens to fit."""
    join = Correlator()
    list(join.offer(_event("old", 5), 0))
    list(join.offer(_event("new", 6), 60 * SECOND))
    assert join.counts.dropped == 1
