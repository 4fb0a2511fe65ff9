"""Rows of the token witness: calls read alike, asked alike and doubted alike."""

import functools
from typing import Final, NamedTuple

from snaptrace.snapshot.model import Snapshot

# Doubts that equal counts cannot settle: an API's own shape costs no tokens, and a
# recorded difference may be in a parameter, which costs none either.
STANDING_DOUBTS: Final = ("differences_recorded", "api_guessed")
# Those that they can, the graver first.
DOUBTS: Final = (
    "lost_content_suspected",
    "scope_unrecorded",
    "version_unrecorded",
    "operation_unrecorded",
    "features_unrecorded",
)
OTHER_DOUBT: Final = "other"  # of a newer collector: never settled here
_NAME_MAX = 80  # characters of a scope or version name: they come from outside
_INTERNED = 4096


class Row(NamedTuple):
    """The key of the evidence."""

    scope: str
    version: str
    operation: str
    api: str
    medium: str  # text, image, audio, video, document or mixed
    doubt: str = ""  # why the collector does not believe the reading; "" if it does

    @property
    def settleable(self) -> bool:
        """Whether equal counts may verify calls of this row."""
        return self.doubt in DOUBTS


def row_of(snapshot: Snapshot) -> Row:
    """Return the row of a call."""
    kinds = {medium.kind for medium in snapshot.media}
    medium: str = next(iter(kinds), "text") if len(kinds) < 2 else "mixed"
    return interned(
        Row(
            snapshot.scope[:_NAME_MAX],
            snapshot.scope_version[:_NAME_MAX],
            snapshot.operation,
            snapshot.request.api,
            medium,
            _doubt(snapshot),
        )
    )


@functools.lru_cache(maxsize=_INTERNED)
def interned(row: Row) -> Row:
    """Return the one copy of equal rows: every case of a store holds one."""
    return row


def _doubt(snapshot: Snapshot) -> str:
    fidelity = snapshot.fidelity
    if fidelity.level != "unverified":
        return ""
    for doubt in (*STANDING_DOUBTS, *DOUBTS):
        if doubt in fidelity.reasons:
            return doubt
    return OTHER_DOUBT
