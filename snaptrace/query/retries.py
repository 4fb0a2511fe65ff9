"""Retries: the same request again in one trace, after it failed there.

Seen among the calls of one segment: attempts follow each other within a window, and a
trace is kept or left out as a whole.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from snaptrace.snapshot.model import MediaRef, Snapshot

FAILED: Final = ("error", "truncated", "filtered")


def retries(snapshots: Sequence[Snapshot]) -> frozenset[int]:
    """Return the places of calls that repeat a failed request of their trace."""
    failed: dict[str, list[tuple[int, bytes]]] = {}
    for one in snapshots:
        if one.answer.outcome in FAILED:
            said = (one.ended_at_ns, _request(one))
            failed.setdefault(one.trace_id, []).append(said)
    if not failed:
        return frozenset()
    return frozenset(
        place
        for place, one in enumerate(snapshots)
        if one.trace_id in failed and _repeats(one, failed[one.trace_id])
    )


def _repeats(snapshot: Snapshot, failed: Sequence[tuple[int, bytes]]) -> bool:
    asked = _request(snapshot)
    return any(
        ended_ns <= snapshot.started_at_ns and request == asked
        for ended_ns, request in failed
    )


def _request(snapshot: Snapshot) -> bytes:
    """Return a digest of a request; the model may be another one, as a fallback."""
    body = snapshot.request.body

    def named(value: object) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, MediaRef):
            return snapshot.media[value.index].digest
        return str(value)

    asked = (
        {k: v for k, v in body.items() if k != "model"}
        if isinstance(body, dict)
        else body
    )
    said = msgspec.json.encode(asked, enc_hook=named, order="deterministic")
    return hashlib.blake2b(said, digest_size=16).digest()
