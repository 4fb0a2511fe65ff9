"""One trace's candidates -> its calls. Pure; bounded by the trace's size.

Rules, in order: records of one span are one; a model SDK's own span and a stream's
closing record belong to the call that they report; of spans within one another the
innermost with content is the call, and those around it only add what it lacks.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from collector.recognise.absorb import absorb, attach
from collector.recognise.dialects.contract import Candidate
from collector.recognise.same_exchange import (
    contains,
    has_request,
    overlap,
    reports_same,
    same_request,
)
from collector.recognise.verbatim import joined_with_spans, surrounds, without_attempts

_CHAIN_MAX = 256  # ancestors looked at: ids come from outside and may form a ring


class Merged(Struct):
    """Result of merging a trace."""

    calls: list[Candidate]
    loose: list[Candidate]  # transports and companions whose call is in another trace
    covered: list[bytes]  # span ids that a call already stands for
    late: int = 0


def merge_trace(
    candidates: Iterable[Candidate], covered: Callable[[bytes], bool]
) -> Merged:
    """Return the calls of one trace. `covered` knows span ids of closed calls."""
    spans = _by_span(candidates)
    merged = Merged([], [], [])
    for span_id in [s for s in spans if s and covered(s)]:
        if spans[span_id].role != "content":
            merged.late += 1
        del spans[span_id]
    _take_parts(spans, merged)
    calls = [c for c in spans.values() if c.role in ("call", "content")]
    calls = without_attempts(calls, lambda c: _ancestors(c, spans), merged.covered)
    captured = joined_with_spans(_without_twins(calls), lambda c: _ancestors(c, spans))
    merged.loose.extend(captured.loose)
    merged.covered.extend(captured.covered)
    merged.calls = _innermost(captured.calls, spans, merged.covered)
    for call in merged.calls:
        merged.covered.append(call.span_id)
        merged.covered.extend(
            outer.span_id
            for outer in _ancestors(call, spans)
            if outer.role in ("call", "transport") and surrounds(outer, call)
        )
        for above in (call.parent_id, call.outer_id):
            if above and above not in spans:
                merged.covered.append(b"+" + above)
    return merged


def _take_parts(spans: dict[bytes, Candidate], merged: Merged) -> None:
    """Give companions and transports to their calls, as far as these are here."""
    for candidate in [c for c in spans.values() if c.role == "companion"]:
        _give(candidate, _call_of_companion(candidate, spans), merged)
        del spans[candidate.span_id]
    calls = [c for c in spans.values() if c.role in ("call", "content")]
    for candidate in [c for c in spans.values() if c.role == "transport"]:
        _give(candidate, _call_of_transport(candidate, calls, spans), merged)


def _give(part: Candidate, call: Candidate | None, merged: Merged) -> None:
    if call is None:
        merged.loose.append(part)
    else:
        absorb(call, part)
        merged.covered.append(part.span_id)


def _by_span(candidates: Iterable[Candidate]) -> dict[bytes, Candidate]:
    """Return one candidate per span; log records add to theirs in time's order."""
    spans: dict[bytes, Candidate] = {}
    contents: list[Candidate] = []
    for candidate in candidates:
        if candidate.role == "content":
            contents.append(candidate)
        elif candidate.span_id not in spans:
            spans[candidate.span_id] = candidate
    contents.sort(key=lambda candidate: candidate.start_ns)
    for content in contents:
        span = spans.get(content.span_id)
        if span is None:
            spans[content.span_id] = content
        else:
            attach(span, content)
    for span in spans.values():
        # The span between may be one that says nothing of models, and is not here.
        if span.outer_id in spans and span.parent_id not in spans:
            span.parent_id = span.outer_id
    return spans


def _ancestors(
    candidate: Candidate, spans: dict[bytes, Candidate]
) -> Iterator[Candidate]:
    """Yield the known spans around a candidate, nearest first."""
    seen = {candidate.span_id}
    parent = candidate.parent_id
    for _ in range(_CHAIN_MAX):
        found = spans.get(parent)
        if found is None or parent in seen:
            return
        yield found
        seen.add(parent)
        parent = found.parent_id


def _call_of_companion(
    companion: Candidate, spans: dict[bytes, Candidate]
) -> Candidate | None:
    parent = spans.get(companion.parent_id)
    if parent is not None and parent.role == "call" and not has_request(companion):
        return parent
    for candidate in spans.values():
        if (
            candidate.role == "call"
            and candidate.parent_id == companion.parent_id
            and same_request(candidate, companion)
            and candidate.start_ns <= companion.end_ns
        ):
            return candidate
    return None


def _call_of_transport(
    transport: Candidate, calls: list[Candidate], spans: dict[bytes, Candidate]
) -> Candidate | None:
    for outer in _ancestors(transport, spans):
        if outer.role == "call":
            return outer
    for call in calls:
        if any(outer is transport for outer in _ancestors(call, spans)):
            return call
    return next((call for call in calls if reports_same(call, transport)), None)


def _without_twins(calls: list[Candidate]) -> list[Candidate]:
    """Merge spans with one response id that lie within each other by time."""
    kept: dict[str, Candidate] = {}
    result: list[Candidate] = []
    for call in calls:
        identity = call.answer.response_id if call.answer else ""
        twin = kept.get(identity) if identity else None
        if (
            twin is None
            or not overlap(twin, call)
            or twin.parent_id != call.parent_id
            or (twin.verbatim and call.verbatim)
            or _asked_apart(twin, call)
        ):
            result.append(call)
            if identity:
                kept[identity] = call
        else:
            absorb(twin, call)
    return result


def _asked_apart(one: Candidate, other: Candidate) -> bool:
    """Return whether one emitter told of two requests: servers may repeat their ids."""
    return (
        one.scope == other.scope
        and has_request(one)
        and has_request(other)
        and not same_request(one, other)
    )


def _innermost(
    calls: list[Candidate], spans: dict[bytes, Candidate], covered: list[bytes]
) -> list[Candidate]:
    """Return the innermost calls; each takes what only the spans around it know."""
    outer_ids: dict[bytes, list[Candidate]] = {}
    ids = {call.span_id for call in calls}
    for call in calls:
        for outer in _ancestors(call, spans):
            # A parent that ended before is a context left standing, no wrapper.
            if outer.span_id in ids and outer.role == "call" and surrounds(outer, call):
                outer_ids.setdefault(outer.span_id, []).append(call)
    kept = []
    for call in calls:
        inner = outer_ids.get(call.span_id, [])
        if not inner:
            kept.append(call)
            continue
        covered.append(call.span_id)
        inmost = [one for one in inner if one.span_id not in outer_ids]
        if len(inmost) == 1:
            absorb(inmost[0], call)
            inmost[0].around += (call.scope,)
    for call in kept:
        for outer in _ancestors(call, spans):
            if outer.role == "wrapper" and contains(outer, call):
                call.supplement = {**outer.supplement, **call.supplement}
                call.session_id = call.session_id or outer.session_id
                call.user_id = call.user_id or outer.user_id
                call.attributes = {**outer.attributes, **call.attributes}
    return kept
