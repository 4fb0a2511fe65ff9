"""Rows of evidence: what recordings showed of one scope, version, operation and API.

The rows are data, one JSON file per dialect in `tables/`, written by `make evidence`
from recordings of published libraries and reviewed like code. Names of fields, roles
and part types stand in them, never a value.
"""

from msgspec import Struct

from collector.call import Source


class Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Outcome counts of all recorded requests that were read alike."""

    scope: str
    version: str  # of the scope, as recorded; "" where it names none
    operation: str
    api: str  # that the dialect read it as
    source: Source  # what the request was read from
    emitter: str = ""  # the integration that told it, where one scope stands for many
    requests: int = 0
    exact: int = 0
    declared: int = 0  # differing, and every difference was named
    refused: int = 0
    silent: int = 0  # differing in a way that nobody named, losses below left out
    variants: tuple[str, ...] = ()  # where the recordings lie
    carried: tuple[str, ...] = ()  # features of bodies that were read right
    # Features of those turns, tools and fields that differed from the true ones; `*`:
    # what was lost left no trace in the body, so that every body may lack it.
    suspect: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()  # leaf paths that were sent and left no trace
    invented: tuple[str, ...] = ()  # leaf paths that nobody sent
    changed: tuple[str, ...] = ()  # leaf paths whose value or number differs


class DialectEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rows of one dialect."""

    dialect: str
    rows: tuple[Row, ...]
