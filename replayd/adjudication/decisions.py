"""Which of two answers is better, said by somebody who cannot see whose they are.

For a canary that is meant to answer differently. Only pairs whose quality scores
differ are asked about; each is shown as left and right, and which side the canary
stands on is drawn from number and the epoch's own salt, so that a judge cannot learn
it and a second reader of the store draws alike. Decisions are lines of JSON, one
object each:

    {"epoch": "…", "number": 17, "better": "left"}      or "right", or "tie"

The first decision about a number stands; later ones change nothing.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec import Struct

LONGEST_LINE_BYTES = 65_536


class Decision(Struct, frozen=True, kw_only=True):
    """Decision of a judge about one pair."""

    epoch: str
    number: int
    better: Literal["left", "right", "tie"]


class Decisions(Struct, frozen=True):
    """Differences by number: 1 the canary is better, -1 worse, 0 neither."""

    differences: Mapping[int, int] = {}
    unreadable: int = 0  # lines that were no decision
    foreign: int = 0  # lines about another epoch


def canary_is_left(epoch: str, number: int, salt: str = "") -> bool:
    """Return the canary's side in the pair `number`, the same for every reader.

    `salt` is the epoch's own: without it whoever has a worksheet could compute sides.
    """
    text, key = f"{epoch}/{number}".encode(), salt.encode()
    drawn = blake2b(text, digest_size=1, key=key, person=b"sides")
    return bool(drawn.digest()[0] & 1)


def is_labelled(epoch: str, number: int, share: float) -> bool:
    """Return whether people are asked about the pair `number` whatever a judge said.

    Drawn from epoch and number alone, so that what a pair holds cannot decide it.
    """
    text = f"{epoch}/{number}".encode()
    drawn = blake2b(text, digest_size=7, person=b"labels").digest()
    return int.from_bytes(drawn, "big") < share * 2**56


def gets_second_opinion(epoch: str, number: int, share: float) -> bool:
    """Return whether another person decides the pair, too; drawn as labels are."""
    text = f"{epoch}/{number}".encode()
    drawn = blake2b(text, digest_size=7, person=b"second").digest()
    return int.from_bytes(drawn, "big") < share * 2**56


def difference_of(decision: Decision, salt: str = "", *, swapped: bool = False) -> int:
    """Return 1 if the canary was found better, -1 if worse, 0 for a tie.

    `swapped` says that the sides were shown the other way round.
    """
    if decision.better == "tie":
        return 0
    left = decision.better == "left"
    is_left = canary_is_left(decision.epoch, decision.number, salt) != swapped
    return 1 if left == is_left else -1


def read_decisions(lines: Iterable[bytes], epoch: str, salt: str = "") -> Decisions:
    """Return the decisions about `epoch`; other and broken lines are counted."""
    found: dict[int, int] = {}
    unreadable = foreign = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            decision = _decision(line)
        except (msgspec.DecodeError, ValueError):
            unreadable += 1
            continue
        if decision.epoch != epoch:
            foreign += 1
        else:
            found.setdefault(decision.number, difference_of(decision, salt))
    return Decisions(found, unreadable, foreign)


def _decision(line: bytes) -> Decision:
    if len(line) > LONGEST_LINE_BYTES:
        raise ValueError("line too long")
    return msgspec.json.decode(line, type=Decision)
