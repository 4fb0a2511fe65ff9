"""Everything that follows from an epoch's results, folded in the order of numbers.

From scratch or from a checkpoint, the same results give the same bytes. Nothing here
reads a clock, an answer's content or anything that is not committed.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec
from msgspec import Struct

from replayd.budget.accounting import SpendingReader
from replayd.budget.limits import Amount
from replayd.cases.drawn_units import DrawnUnits
from replayd.cases.schedule import drawn_by
from replayd.model import PairResult, Planned
from replayd.witness.tally import WitnessTally


class Board(Protocol):
    """Owner of the evidence; `replayd.evidence.scoreboard` implements it."""

    def fold(self, result: PairResult) -> None:
        """Take in the next result."""
        ...

    def checkpoint(self) -> bytes:
        """Return the state after all results so far."""
        ...

    def restore(self, data: bytes) -> None:
        """Go on from a checkpoint."""
        ...


class WitnessState(Struct, frozen=True, kw_only=True):
    """Token counts in a checkpoint; its other fields are skipped."""

    next_number: int
    witness: bytes = b""


class _State(Struct, frozen=True, kw_only=True):
    next_number: int
    board: bytes
    # Earlier releases listed lane and unit of each; a newer one cannot be read by them,
    # so that they fold the results anew rather than draw a unit twice.
    drawn: dict[str, bytes] | list[tuple[str, str]]
    minutes: list[tuple[int, str, Amount]]
    control: list[tuple[int, int]]
    judge: list[tuple[int, Amount]] = []
    witness: bytes = b""


class Fold:
    """One epoch's evidence, drawn units and spending, up to `next_number`."""

    def __init__(self, new_board: Callable[[], Board]) -> None:
        self._new_board = new_board
        self.restart()

    def restart(self) -> None:
        """Forget everything: the next number is 0."""
        self.board, self.next_number = self._new_board(), 0
        self.drawn = DrawnUnits()
        self.spent = SpendingReader()
        self.witness = WitnessTally()

    def add(self, planned: Planned, result: PairResult) -> None:
        """Take in the next number.

        Raises:
            ValueError: it is not the next one; nothing was changed.
        """
        if not result.number == planned.number == self.next_number:
            raise ValueError(f"{result.number} is not number {self.next_number}")
        self.board.fold(result)
        for lane, unit in drawn_by(planned):
            self.drawn.add(lane, unit)
        self.spent.add(result)
        self.witness.fold(result)
        self.next_number += 1

    def checkpoint(self) -> bytes:
        """Return the whole state."""
        minutes = sorted(self.spent.minutes.items())
        return msgspec.msgpack.encode(
            _State(
                next_number=self.next_number,
                board=self.board.checkpoint(),
                drawn=self.drawn.packed(),
                minutes=[(at, modality, spent) for (at, modality), spent in minutes],
                control=sorted(self.spent.control.items()),
                judge=sorted(self.spent.judge.items()),
                witness=self.witness.encode(),
            )
        )

    def restore(self, data: bytes) -> None:
        """Go on from a checkpoint.

        Raises:
            msgspec.MsgspecError: damaged; start from scratch.
        """
        state = msgspec.msgpack.decode(data, type=_State)
        drawn = _drawn(state.drawn)
        self.board.restore(state.board)
        self.witness = WitnessTally.decode(state.witness)
        self.next_number, self.drawn = state.next_number, drawn
        minutes = {(at, modality): spent for at, modality, spent in state.minutes}
        self.spent.restore(minutes, dict(state.control), dict(state.judge))


def _drawn(stored: dict[str, bytes] | list[tuple[str, str]]) -> DrawnUnits:
    if isinstance(stored, dict):
        return DrawnUnits.unpacked(stored)
    found = DrawnUnits()
    for lane, unit in stored:
        found.add(lane, unit)
    return found
