"""Two records of one call become one: what the second adds to the first."""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.parts import read_tools
from collector.recognise.same_exchange import has_request
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Answer


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
    """Return whether the span itself has more than instructions to show."""
    if span.body is not None:
        return True
    told = span.conversation.messages if span.conversation is not None else ()
    return any(message.role not in ("system", "developer") for message in told)


def absorb(call: Candidate, other: Candidate) -> None:
    """Fill in what the call lacks from another report of the same exchange."""
    if other.verbatim and not call.verbatim:
        take_over(call, other)
    elif call.verbatim:
        call.joined = True  # nobody knows better what was asked
    elif not has_request(call) and has_request(other):
        call.body, call.conversation = other.body, other.conversation
        call.messages = other.messages
        call.api = other.api or call.api
        call.lost, call.missing = other.lost, other.missing
        call.reasons, call.dialect = other.reasons, other.dialect
    elif call.body is None and other.body is not None and call.api == other.api:
        call.body, call.conversation, call.messages = other.body, None, ()
        call.lost, call.missing, call.reasons = other.lost, other.missing, other.reasons
        call.dialect = other.dialect
    if call.referenced is None and other.referenced is not None and not call.verbatim:
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


def take_over(call: Candidate, captured: Candidate) -> None:
    """Make `call` the captured one, in its own place."""
    for name in (
        *("dialect", "scope", "scope_version", "operation", "api", "api_source"),
        *("body", "lost", "missing", "reasons", "verbatim", "of_langchain"),
        *("dropped_attributes",),
    ):
        setattr(call, name, getattr(captured, name))
    call.model, call.joined = captured.model or call.model, True
    call.conversation, call.messages, call.supplement = None, (), {}
    call.references, call.referenced = {}, None
    if captured.answer is not None and call.answer is not None:
        call.answer = both_answers(captured.answer, call.answer)
    else:
        call.answer = captured.answer or call.answer


def _both(less: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Merge two supplements, one level deep; the second one wins."""
    merged = {**less, **more}
    for name in ("params", "extra"):
        if name in less and name in more:
            merged[name] = {**less[name], **more[name]}
    return merged


def _take_answer(call: Candidate, other: Answer) -> None:
    mine = call.answer
    call.answer = other if mine is None else both_answers(mine, other)


def both_answers(mine: Answer, other: Answer) -> Answer:
    """Return the observed answer of two, filled in from the other one."""
    best, rest = (mine, other) if mine.observed or not other.observed else (other, mine)
    return msgspec.structs.replace(
        best,
        model=best.model or rest.model,
        response_id=best.response_id or rest.response_id,
        finish_reason=best.finish_reason or rest.finish_reason,
        error=best.error or rest.error,
        usage=best.usage if best.usage.output_tokens is not None else rest.usage,
    )


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
