"""One trace's candidates -> its calls. Pure; bounded by the trace's size.

Rules, in order: records of one span are one; a model SDK's own span and a stream's
closing record belong to the call that they report; of spans within one another the
innermost with content is the call, and those around it only add what it lacks.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.parts import read_tools
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Answer

_SLACK_NS = 2_000_000  # clocks of one host, read at different points of a call
_CHAIN_MAX = 256  # ancestors looked at: ids come from outside and may form a ring


class Merged(Struct):
    """What a trace came to."""

    calls: list[Candidate]
    loose: list[Candidate]  # transports and companions whose call is in another trace
    covered: list[bytes]  # span ids that a call already stands for
    late: int = 0


def has_request(candidate: Candidate) -> bool:
    """Tell whether the candidate carries what was asked."""
    return (
        candidate.body is not None
        or candidate.conversation is not None
        or bool(candidate.messages)
    )


def overlap(one: Candidate, other: Candidate) -> bool:
    """Tell whether both can be reports of one exchange, by time."""
    return (
        one.start_ns <= other.end_ns + _SLACK_NS
        and other.start_ns <= one.end_ns + _SLACK_NS
    )


def contains(outer: Candidate, inner: Candidate) -> bool:
    """Tell whether `inner` lies within `outer`, by time, and did not follow it."""
    return inner.start_ns < outer.end_ns and (
        outer.start_ns <= inner.start_ns + _SLACK_NS
        and inner.end_ns <= outer.end_ns + _SLACK_NS
    )


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
    for candidate in [c for c in spans.values() if c.role == "companion"]:
        call = _call_of_companion(candidate, spans)
        if call is None:
            merged.loose.append(candidate)
        else:
            absorb(call, candidate)
            merged.covered.append(candidate.span_id)
        del spans[candidate.span_id]
    calls = [c for c in spans.values() if c.role in ("call", "content")]
    for candidate in [c for c in spans.values() if c.role == "transport"]:
        call = _call_of_transport(candidate, calls, spans)
        if call is None:
            merged.loose.append(candidate)
        else:
            absorb(call, candidate)
            merged.covered.append(candidate.span_id)
    merged.calls = _innermost(_without_twins(calls), spans, merged.covered)
    for call in merged.calls:
        merged.covered.append(call.span_id)
        merged.covered.extend(
            outer.span_id
            for outer in _ancestors(call, spans)
            if outer.role in ("call", "transport") and contains(outer, call)
        )
        if call.parent_id and call.parent_id not in spans:
            merged.covered.append(b"+" + call.parent_id)
    return merged


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
    return spans


def attach(span: Candidate, content: Candidate) -> None:
    """Add a content record to its span."""
    for name, value in content.supplement.items():
        span.supplement.setdefault(name, value)
    if content.messages and _speaks(span):
        # The span says the same itself; some emitters write all of it twice.
        if content.answer is not None and content.answer.observed:
            _take_answer(span, content.answer)
        return
    if content.messages and not (content.body or content.conversation):
        span.messages += content.messages
        span.reasons += content.reasons
        span.lost = span.lost or content.lost
        if content.answer is not None and content.answer.observed:
            _take_answer(span, content.answer)
        return
    if content.answer is not None and not has_request(content):
        _take_answer(span, content.answer)
        return
    absorb(span, content)


def _speaks(span: Candidate) -> bool:
    """Tell whether the span itself has more than instructions to show."""
    if span.body is not None:
        return True
    told = span.conversation.messages if span.conversation is not None else ()
    return any(message.role not in ("system", "developer") for message in told)


def absorb(call: Candidate, other: Candidate) -> None:
    """Fill in what the call lacks from another report of the same exchange."""
    if not has_request(call) and has_request(other):
        call.body, call.conversation = other.body, other.conversation
        call.messages = other.messages
        call.api = other.api or call.api
        call.lost, call.missing = other.lost, other.missing
        call.reasons, call.dialect = other.reasons, other.dialect
    elif call.body is None and other.body is not None and call.api == other.api:
        call.body, call.conversation, call.messages = other.body, None, ()
        call.lost, call.missing, call.reasons = other.lost, other.missing, other.reasons
        call.dialect = other.dialect
    if call.referenced is None and other.referenced is not None:
        call.references, call.referenced = other.references, other.referenced
        call.reasons += other.reasons
    call.model = call.model or other.model
    call.provider = call.provider or other.provider
    call.api = call.api or other.api
    call.session_id = call.session_id or other.session_id
    call.user_id = call.user_id or other.user_id
    call.attributes = {**other.attributes, **call.attributes}
    call.supplement = _both(other.supplement, call.supplement)
    if other.answer is not None:
        _take_answer(call, other.answer)


def _both(less: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Merge two supplements, one level deep; the second one wins."""
    merged = {**less, **more}
    for name in ("params", "extra"):
        if name in less and name in more:
            merged[name] = {**less[name], **more[name]}
    return merged


def _take_answer(call: Candidate, other: Answer) -> None:
    mine = call.answer
    if mine is None:
        call.answer = other
        return
    best, rest = (mine, other) if mine.observed or not other.observed else (other, mine)
    call.answer = msgspec.structs.replace(
        best,
        model=best.model or rest.model,
        response_id=best.response_id or rest.response_id,
        finish_reason=best.finish_reason or rest.finish_reason,
        error=best.error or rest.error,
        usage=best.usage if best.usage.output_tokens is not None else rest.usage,
    )


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


def same_request(one: Candidate, other: Candidate) -> bool:
    """Tell whether two records carry the same request."""
    return (
        has_request(one)
        and one.model == other.model
        and one.body == other.body
        and one.conversation == other.conversation
    )


def request_digest(candidate: Candidate) -> bytes:
    """Return a digest of what was asked, to know a late record of it by."""
    asked = (candidate.model, candidate.body, candidate.conversation)
    try:
        encoded = msgspec.msgpack.encode(asked)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return b""
    return hashlib.blake2b(encoded, digest_size=16).digest()


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


def reports_same(call: Candidate, other: Candidate) -> bool:
    """Tell whether two spans without a link report one exchange."""
    mine = call.answer.response_id if call.answer else ""
    theirs = other.answer.response_id if other.answer else ""
    if mine and theirs:
        return mine == theirs and overlap(call, other)
    if call.answer and other.answer:
        counted = (call.answer.usage.output_tokens, other.answer.usage.output_tokens)
        if None not in counted and counted[0] != counted[1]:
            return False
    alike = not call.model or not other.model or call.model == other.model
    return alike and (contains(call, other) or contains(other, call))


def _without_twins(calls: list[Candidate]) -> list[Candidate]:
    """Merge spans with one response id that lie within each other by time."""
    kept: dict[str, Candidate] = {}
    result: list[Candidate] = []
    for call in calls:
        identity = call.answer.response_id if call.answer else ""
        twin = kept.get(identity) if identity else None
        if twin is None or not overlap(twin, call) or twin.parent_id != call.parent_id:
            result.append(call)
            if identity:
                kept[identity] = call
        else:
            absorb(twin, call)
    return result


def _innermost(
    calls: list[Candidate], spans: dict[bytes, Candidate], covered: list[bytes]
) -> list[Candidate]:
    """Return the innermost calls; each takes what only the spans around it know."""
    outer_ids: dict[bytes, list[Candidate]] = {}
    ids = {call.span_id for call in calls}
    for call in calls:
        for outer in _ancestors(call, spans):
            # A parent that ended before is a context left standing, no wrapper.
            if outer.span_id in ids and outer.role == "call" and contains(outer, call):
                outer_ids.setdefault(outer.span_id, []).append(call)
    kept = []
    for call in calls:
        inner = outer_ids.get(call.span_id, [])
        if not inner:
            kept.append(call)
            continue
        covered.append(call.span_id)
        if len(inner) == 1:
            absorb(inner[0], call)
    for call in kept:
        for outer in _ancestors(call, spans):
            if outer.role == "wrapper" and contains(outer, call):
                call.supplement = {**outer.supplement, **call.supplement}
                call.session_id = call.session_id or outer.session_id
                call.user_id = call.user_id or outer.user_id
                call.attributes = {**outer.attributes, **call.attributes}
    return kept


def with_supplement(conversation: Conversation, call: Candidate) -> Conversation:
    """Return the conversation with what only another record knew.

    Parameters and extras are merged by name; other fields fill in where empty.
    """
    known: dict[str, Any] = {}
    for name, value in call.supplement.items():
        if name not in Conversation.__struct_fields__:
            continue
        mine = getattr(conversation, name)
        if name in ("params", "extra"):
            known[name] = {**value, **mine}
        elif name == "tools":
            known[name] = mine or tuple(read_tools(value))
        elif mine in (None, "", ()):
            known[name] = value
    return msgspec.structs.replace(conversation, **known) if known else conversation
