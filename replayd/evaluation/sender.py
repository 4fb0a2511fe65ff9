"""Sender of an epoch's pairs: this process, or workers beside it."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.evaluation.caught_pairs import Replays
from replayd.ledger.ledger import Opened
from replayd.model import JudgedPair, Lost, PairResult, Planned


class Takeover(Struct, frozen=True):
    """State in which a leadership begins."""

    opened: Opened
    open_numbers: list[Planned]
    lost: Lost


async def nothing(_state: Takeover) -> None:
    """Take note of nothing."""


async def as_it_is(_planned: Planned, judged: JudgedPair) -> JudgedPair:
    """Return a pair that needs nothing more."""
    return judged


class Sender(Struct, frozen=True, kw_only=True):
    """Sends the pairs of one leadership of one epoch."""

    replay: Replays
    in_flight: int  # pairs at most
    taken_over: Callable[[Takeover], Awaitable[None]] = nothing
    committed: Callable[[Sequence[PairResult]], None] = lambda _results: None
    ended: Callable[[], None] = lambda: None


# What remains to be done with a pair that was judged where the arms were asked.
Finish = Callable[[Planned, JudgedPair], Awaitable[JudgedPair]]
# Makes the sender of a canary, its control and an epoch.
Senders = Callable[[Arm, Arm | None, str], Sender]
