"""Tells whether two records report one exchange: by ids, time and content. Pure."""

import hashlib

import msgspec

from collector.recognise.dialects.contract import Candidate

_SLACK_NS = 2_000_000  # clocks of one host, read at different points of a call


def has_request(candidate: Candidate) -> bool:
    """Return whether the candidate carries what was asked."""
    return (
        candidate.body is not None
        or candidate.conversation is not None
        or bool(candidate.messages)
    )


def overlap(one: Candidate, other: Candidate) -> bool:
    """Return whether both can be reports of one exchange, by time."""
    return (
        one.start_ns <= other.end_ns + _SLACK_NS
        and other.start_ns <= one.end_ns + _SLACK_NS
    )


def contains(outer: Candidate, inner: Candidate) -> bool:
    """Return whether `inner` lies within `outer`, by time, and did not follow it."""
    return inner.start_ns < outer.end_ns and (
        outer.start_ns <= inner.start_ns + _SLACK_NS
        and inner.end_ns <= outer.end_ns + _SLACK_NS
    )


def same_request(one: Candidate, other: Candidate) -> bool:
    """Return whether two records carry the same request."""
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


def reports_same(call: Candidate, other: Candidate) -> bool:
    """Return whether two spans without a link report one exchange."""
    if call.verbatim and other.verbatim:
        return False  # each was sent
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
