"""People's decisions in the store: one object each, created and never overwritten.

A pair has a first decision and, for a share drawn beforehand, a second one by another
person who sees the sides the other way round. The first one counts for a verdict; both
together say how far people agree. No free text: a note might quote a person, and
decisions outlive an erasure.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec
from msgspec import Struct

from replayd.adjudication.decisions import Decision, Decisions, difference_of
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.store.store import Store

Better = Literal["left", "right", "tie"]
Turn = Literal[0, 1]
Reason = Literal[
    "wrong_number",
    "wrong_fact",
    "missing",
    "invented",
    "refused",
    "not_followed",
    "tool_call",
    "format",
    "language",
    "style",
    "harmful",
    "unclear",
]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
LONGEST_NAME: Final = 120  # characters of a person's name
MOST_EPOCHS: Final = 16  # whose decisions are held
READ_AT_ONCE: Final = 32


class Opinion(Struct, frozen=True, kw_only=True):
    """One person's decision about one pair, as it is stored."""

    epoch: str
    number: int
    turn: Turn = 0  # 1: a second opinion, its sides swapped
    better: Better
    reasons: tuple[Reason, ...] = ()
    by: str = ""  # the person, as the page or the command knew them
    at_ns: int = 0
    via: Literal["page", "csv"] = "page"
    modality: str = ""
    scorer: str = ""  # whose scores differ in the pair; "" where none valued it
    scored: int = 0  # the sign of its difference, canary minus control

    def difference(self, salt: str) -> int:
        """Return 1 if the canary was found better, -1 if worse, 0 for a tie."""
        plain = Decision(epoch=self.epoch, number=self.number, better=self.better)
        return difference_of(plain, salt, swapped=self.turn == 1)


class OpinionBook:
    """Reads and writes opinions; each object is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: OrderedDict[str, dict[tuple[int, int], Opinion]] = OrderedDict()
        self.damaged = 0  # objects that were no opinion

    async def read(self, epoch: str) -> dict[tuple[int, int], Opinion]:
        """Return all opinions about an epoch by (number, turn).

        Raises:
            StoreUnavailableError: safe to repeat.
        """
        held = self._held.setdefault(epoch, {})
        self._held.move_to_end(epoch)
        while len(self._held) > MOST_EPOCHS:
            self._held.popitem(last=False)
        folder = f"{object_names.OPINIONS}/{epoch}"
        listed = [info.name async for info in self._store.list(folder)]
        new = [name for name in listed if _key(name) not in held]
        for start in range(0, len(new), READ_AT_ONCE):
            names = new[start : start + READ_AT_ONCE]
            found = await asyncio.gather(*map(self._opinion, names))
            held.update({(o.number, o.turn): o for o in found if o is not None})
        return dict(held)

    async def put(self, opinion: Opinion) -> bool:
        """Store an opinion; false if there is one of this turn.

        Raises:
            StoreUnavailableError: safe to repeat.
        """
        name = object_names.opinion(opinion.epoch, opinion.number, opinion.turn)
        return await self._store.create(name, msgspec.msgpack.encode(opinion))

    async def _opinion(self, name: str) -> Opinion | None:
        try:
            found = msgspec.msgpack.decode(await self._store.get(name), type=Opinion)
        except MissingObjectError:
            return None
        except (msgspec.MsgspecError, CorruptSnapshotError):
            self.damaged += 1
            return None
        return found if (found.number, found.turn) == _key(name) else None


def _key(name: str) -> tuple[int, int]:
    parsed = object_names.parse_opinion(name)
    return (-1, -1) if parsed is None else parsed[1:]


def decisions_of(opinions: Iterable[Opinion], salt: str) -> Decisions:
    """Return what counts for verdicts: the first opinion about each pair."""
    first = (opinion for opinion in opinions if opinion.turn == 0)
    return Decisions({o.number: o.difference(salt) for o in first})


def joined(known: Decisions, more: Decisions) -> Decisions:
    """Return both; where both decided a pair, `known` stands."""
    return Decisions(
        {**more.differences, **known.differences}, known.unreadable, known.foreign
    )
