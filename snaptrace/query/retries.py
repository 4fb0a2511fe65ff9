"""Retries: the same request again in one trace, after it failed there.

Seen among the calls of one hour, segment after segment in the order of their names:
a trace is kept or left out as a whole, but its calls may lie in several segments. A
repetition in the hour after, or in a segment that is read before, is not seen.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from snaptrace.snapshot.model import MediaRef, Snapshot

FAILED: Final = ("error", "truncated", "filtered")
MOST_FAILED: Final = 100_000  # remembered of one hour


class Retries:
    """Failed requests of the segments of one hour that were read so far."""

    def __init__(self) -> None:
        self._failed: dict[str, list[tuple[int, bytes]]] = {}
        self._count = 0

    def of(self, snapshots: Sequence[Snapshot]) -> frozenset[int]:
        """Return the places of calls that repeat a failed request of their trace.

        Failures count wherever they stand in this segment or in one read before.
        """
        for one in snapshots:
            if one.answer.outcome in FAILED and self._count < MOST_FAILED:
                said = (one.ended_at_ns, _request(one))
                self._failed.setdefault(one.trace_id, []).append(said)
                self._count += 1
        return frozenset(
            place
            for place, one in enumerate(snapshots)
            if one.trace_id in self._failed
            and _repeats(one, self._failed[one.trace_id])
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
