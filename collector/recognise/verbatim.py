"""Captured calls among the other records of their trace. Pure.

A captured call has the bytes that were sent, so it is the call, wherever it stands:
beneath the instrumentation's span, beside it, or in a trace of its own. The other
record adds what only it knows, as a session.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from collector.recognise.absorb import absorb
from collector.recognise.dialects.contract import Candidate
from collector.recognise.same_exchange import contains, reports_same

Ancestors = Callable[[Candidate], Iterable[Candidate]]


def within(outer: Candidate, inner: Candidate) -> bool:
    """Return whether a captured call belongs to a span above it.

    It may end later: a stream's last bytes are read when its content is complete. A
    span that ended before is a context left standing.
    """
    return inner.operation == outer.operation and (
        outer.start_ns <= inner.start_ns <= outer.end_ns
    )


def without_attempts(
    calls: list[Candidate], ancestors: Ancestors, covered: list[bytes]
) -> list[Candidate]:
    """Return the calls without those that failed and were made again.

    A client's own retry is beneath the same span of a call, with whichever request; or
    beside the first attempt, with the same one.
    """
    last: dict[object, Candidate] = {}
    keys: dict[int, object] = {}
    for call in calls:
        if call.verbatim:
            above = next((o for o in ancestors(call) if o.role == "call"), None)
            key: object = (
                above.span_id
                if above is not None and within(above, call)
                else _same_request_key(call)
            )
            keys[id(call)] = key
            if key not in last or last[key].start_ns < call.start_ns:
                last[key] = call
    kept = []
    for call in calls:
        if call.verbatim and _failed(call) and last[keys[id(call)]] is not call:
            covered.append(call.span_id)
        else:
            kept.append(call)
    return kept


def _same_request_key(call: Candidate) -> tuple[bytes, str, bytes]:
    try:
        body = msgspec.msgpack.encode(call.body)
    except (TypeError, ValueError, OverflowError, RecursionError):
        body = call.span_id
    return call.parent_id, call.model, body


def _failed(call: Candidate) -> bool:
    return call.answer is not None and call.answer.outcome == "error"


def surrounds(outer: Candidate, inner: Candidate) -> bool:
    """Return whether a span above a call is a report of the same one."""
    return within(outer, inner) if inner.verbatim else contains(outer, inner)


class Joined(NamedTuple):
    """Remaining calls of a trace once captured ones are matched to spans."""

    calls: list[Candidate]
    loose: list[Candidate]  # captured; their span may be in another trace
    covered: list[bytes]  # span ids that a captured call stands for


def joined_with_spans(calls: list[Candidate], ancestors: Ancestors) -> Joined:
    """Join captured calls to the span of the same call where it is not above them.

    Not every instrumentation makes its span the active one.
    """
    captured = [call for call in calls if call.verbatim and not call.joined]
    if not captured:
        return Joined(calls, [], [])
    free = {call.span_id: call for call in calls if not call.verbatim}
    lonely = []
    for call in captured:
        above = [outer.span_id for outer in ancestors(call) if within(outer, call)]
        if free.keys().isdisjoint(above):
            lonely.append(call)
        for span_id in above:
            free.pop(span_id, None)
    loose, covered = [], []
    for call in lonely:
        beside = _nearest(call, free.values())
        if beside is not None:
            del free[beside.span_id]
            absorb(call, beside)
            covered.append(beside.span_id)
        elif not call.parent_id:
            loose.append(call)
    gone = {*covered, *(call.span_id for call in loose)}
    return Joined([c for c in calls if c.span_id not in gone], loose, covered)


def _nearest(call: Candidate, others: Iterable[Candidate]) -> Candidate | None:
    fitting = [
        other
        for other in others
        if other.operation == call.operation and reports_same(other, call)
    ]
    return min(fitting, key=lambda o: abs(o.start_ns - call.start_ns), default=None)
