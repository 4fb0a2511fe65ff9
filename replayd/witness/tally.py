"""Compared token counts by row: a bounded sample of distinct cases. No clock, no I/O.

Of each row the cases of lowest id are kept; ids are hashes, so they are a sample that
no count has chosen. Folding the same results again, in another order or from several
epochs at once, gives the same tally: what a checkpoint holds equals a refold.
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from replayd.model import PairResult
from replayd.witness.row import Row, interned

CASES_KEPT = 512  # of one row
ROWS_KEPT = 128
OTHER = Row("other", "", "", "", "", "other")  # what came after them: never settled
_NAME_MAX = 80


class Seen(Struct, frozen=True, array_like=True, gc=False):
    """One case's counts: the recorded one, and that of its first replay."""

    at_ns: int
    model: str
    tools: bool
    place: str  # service and route: a system prompt and tools of their own
    recorded: int
    counted: int  # by the control
    again: int = 0  # by the second control; 0 if it was not asked
    named: bool = False  # its snapshot says that what costs tokens may be missing

    @property
    def difference(self) -> int:
        """Recorded minus replayed; above 0 something is missing."""
        return self.recorded - self.counted


class RowTally(Struct, kw_only=True):
    """All that is known of one row."""

    cases: dict[str, Seen] = {}  # by snapshot id
    compared: int = 0  # pairs, repeated cases included
    none: dict[str, int] = {}  # why counts did not compare -> pairs


class _Stored(Struct, frozen=True, kw_only=True):
    rows: list[tuple[Row, RowTally]]


class WitnessTally:
    """Rows of one epoch, or of several merged."""

    def __init__(self) -> None:
        self.rows: dict[Row, RowTally] = {}

    def fold(self, result: PairResult) -> None:
        """Take in a committed result."""
        witness, control = result.witness, result.control
        if witness is None:
            return
        tally = self._tally(Row(*witness.row))
        if witness.none or control is None:
            why = witness.none or "no_control"
            tally.none[why] = tally.none.get(why, 0) + 1
            return
        tally.compared += 1
        seen = Seen(
            result.committed_at_ns,
            control.served_model[:_NAME_MAX],
            witness.tools,
            f"{result.service[:_NAME_MAX]}/{result.route[:_NAME_MAX]}",
            witness.recorded,
            control.input_tokens,
            witness.again,
            witness.named,
        )
        _keep(tally, result.snapshot_id, seen)

    def merge(self, other: "WitnessTally") -> None:
        """Add another epoch's rows."""
        for row, theirs in other.rows.items():
            tally = self._tally(row)
            tally.compared += theirs.compared
            for why, pairs in theirs.none.items():
                tally.none[why] = tally.none.get(why, 0) + pairs
            for snapshot_id, seen in theirs.cases.items():
                _keep(tally, snapshot_id, seen)

    @property
    def pairs(self) -> int:
        """Number of folded pairs; it only grows."""
        return sum(
            tally.compared + sum(tally.none.values()) for tally in self.rows.values()
        )

    def encode(self) -> bytes:
        """Return the whole state."""
        return msgspec.msgpack.encode(_Stored(rows=list(self.rows.items())))

    @classmethod
    def decode(cls, data: bytes) -> "WitnessTally":
        """Return the tally of `encode`; of nothing, an empty one.

        Raises:
            msgspec.MsgspecError: damaged.
        """
        made = cls()
        if data:
            stored = msgspec.msgpack.decode(data, type=_Stored)
            made.rows = {interned(row): tally for row, tally in stored.rows}
        return made

    def _tally(self, row: Row) -> RowTally:
        if (known := self.rows.get(row)) is not None:
            return known
        row = row if len(self.rows) < ROWS_KEPT else OTHER
        return self.rows.setdefault(interned(row), RowTally(cases={}, none={}))


def merged(tallies: Iterable[WitnessTally]) -> WitnessTally:
    """Return all epochs' rows as one tally; the given ones stay as they are."""
    whole = WitnessTally()
    for tally in tallies:
        whole.merge(tally)
    return whole


def _keep(tally: RowTally, snapshot_id: str, seen: Seen) -> None:
    """Keep a case if its id is among the lowest; of two replays the earlier."""
    cases = tally.cases
    known = cases.get(snapshot_id)
    if known is not None:
        if seen.at_ns < known.at_ns:
            cases[snapshot_id] = seen
        return
    if len(cases) >= CASES_KEPT:
        highest = max(cases)
        if snapshot_id > highest:
            return
        del cases[highest]
    cases[snapshot_id] = seen


def named(cases: Mapping[str, Seen]) -> list[tuple[str, Seen]]:
    """Return cases in the order of their ids."""
    return sorted(cases.items())
