"""Units drawn in an epoch, by five bytes of a hash each: a set to ask, not to list.

An epoch may draw millions of units, and each has to be known for as long as the epoch
lasts: a session may go on at any time. Two units share a hash once in 10**12 pairs of
them; whoever comes second is then not drawn, whatever its calls say.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
NONE: Numbers = np.empty(0, dtype=np.uint64)
HASH_BYTES = 5
_WORD_BYTES = 8
FEWEST_MERGED = 4096  # hashes of late
MERGED_PART = 8  # or this part of all: then late ones join them


class DrawnUnits:
    """Pairs of lane and unit. Not safe for threads."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Hashes] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __contains__(self, drawn: tuple[str, str]) -> bool:
        lane, unit = drawn
        known = self._lanes.get(lane)
        return known is not None and _hash(unit) in known

    def add(self, lane: str, unit: str) -> None:
        """Mark a unit as drawn. Idempotent."""
        if (known := self._lanes.get(lane)) is None:
            known = self._lanes[lane] = _Hashes()
        known.add(_hash(unit))

    def discard(self, lane: str, unit: str) -> None:
        """Undo `add`. Idempotent."""
        if (known := self._lanes.get(lane)) is not None:
            known.discard(_hash(unit))

    def update(self, other: "DrawnUnits") -> None:
        """Mark everything that another set holds."""
        for lane, data in other.packed().items():
            known = self._lanes.setdefault(lane, _Hashes())
            known.update(_ordered(data))

    def packed(self) -> dict[str, bytes]:
        """Return the set by lane; equal sets give equal bytes."""
        lanes = sorted(self._lanes.items())
        return {lane: hashes.packed() for lane, hashes in lanes if len(hashes)}

    @classmethod
    def unpacked(cls, lanes: Mapping[str, bytes]) -> "DrawnUnits":
        """Return the set that `packed` wrote.

        Raises:
            msgspec.ValidationError: nothing that it could have written.
        """
        found = cls()
        for lane, data in lanes.items():
            found._lanes[lane] = _Hashes(_ordered(data))
        return found


class _Hashes:
    """A set of numbers: nearly all in an ordered array, some beside it."""

    def __init__(self, ordered: Numbers = NONE) -> None:
        self._ordered = array("Q", ordered.tobytes())
        self._late: set[int] = set()  # the ordered ones may be among them
        self._most_late = FEWEST_MERGED

    def __len__(self) -> int:
        self._merge()
        return len(self._ordered)

    def __contains__(self, number: int) -> bool:
        return number in self._late or self._place(number) is not None

    def add(self, number: int) -> None:
        self._late.add(number)
        if len(self._late) >= self._most_late:
            self._merge()

    def discard(self, number: int) -> None:
        self._late.discard(number)
        if (place := self._place(number)) is not None:
            del self._ordered[place]

    def update(self, numbers: Numbers) -> None:
        """Add numbers that are in order, each once."""
        self._merge()
        self._join(numbers)

    def packed(self) -> bytes:
        """Return gaps between the numbers in order, byte by byte: zeros together."""
        self._merge()
        numbers = np.frombuffer(self._ordered, dtype=np.uint64)
        gaps = np.diff(numbers, prepend=np.uint64(0)).astype("<u8")
        columns = gaps.view(np.uint8).reshape(-1, _WORD_BYTES)[:, :HASH_BYTES]
        return columns.T.tobytes()

    def _place(self, number: int) -> int | None:
        place = bisect_left(self._ordered, number)
        is_there = place < len(self._ordered) and self._ordered[place] == number
        return place if is_there else None

    def _merge(self) -> None:
        if self._late:
            late = np.fromiter(self._late, dtype=np.uint64, count=len(self._late))
            late.sort()
            self._join(late)
            self._late.clear()

    def _join(self, fresh: Numbers) -> None:
        # Not `np.unique` of both: that costs a hundred times as much.
        known = np.frombuffer(self._ordered, dtype=np.uint64)
        places = np.searchsorted(known, fresh)
        if len(known):
            is_new = known[np.minimum(places, len(known) - 1)] != fresh
            places, fresh = places[is_new], fresh[is_new]
        joined = np.insert(known, places, fresh)
        self._ordered = array("Q", joined.tobytes())
        self._most_late = max(FEWEST_MERGED, len(joined) // MERGED_PART)


def _ordered(data: bytes) -> Numbers:
    """Return the numbers that `_Hashes.packed` wrote."""
    if len(data) % HASH_BYTES:
        raise msgspec.ValidationError(f"{len(data)} bytes of drawn units")
    columns = np.frombuffer(data, dtype=np.uint8).reshape(HASH_BYTES, -1)
    words = np.zeros((columns.shape[1], _WORD_BYTES), dtype=np.uint8)
    words[:, :HASH_BYTES] = columns.T
    return np.cumsum(words.view("<u8").ravel(), dtype=np.uint64)


def _hash(unit: str) -> int:
    digest = hashlib.blake2b(unit.encode(), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "big")
