"""Undrawn units of one stream, and the hashes that order them."""

import hashlib
import heapq
from collections.abc import Iterator

from replayd.model import Case

SPAN = 2.0**64


class Lane:
    """The undrawn units of one stream, highest hash first."""

    def __init__(self, seed: str, stream: str) -> None:
        self._seed, self._stream = seed, stream
        self._heap: list[tuple[float, str]] = []
        self._below: list[tuple[float, str]] = []  # under the threshold for now
        self._threshold = -1
        self._cases: dict[str, list[Case]] = {}  # unit -> its cases

    def __len__(self) -> int:
        return len(self._cases)

    def __contains__(self, unit: str) -> bool:
        return unit in self._cases

    def __iter__(self) -> Iterator[str]:
        return iter(self._cases)

    def set_threshold(self, rank: int) -> None:
        """Draw only cases of a higher rank from now on."""
        if rank < self._threshold:
            for entry in self._below:
                heapq.heappush(self._heap, entry)
            self._below.clear()
        self._threshold = rank

    def add(self, case: Case) -> None:
        """Offer one more case of a unit."""
        if (known := self._cases.get(case.unit)) is not None:
            known.append(case)
            return
        self._cases[case.unit] = [case]
        heapq.heappush(self._heap, (-self._hash(case.unit), case.unit))

    def forget(self, unit: str) -> None:
        """Remove a unit permanently: it was drawn."""
        self._cases.pop(unit, None)

    def forget_traffic(self, unit: str) -> None:
        """Remove a unit's turns that stand in the traffic lane, too."""
        if rest := [case for case in self._cases.get(unit, ()) if not case.uniform]:
            self._cases[unit] = rest
        else:
            self._cases.pop(unit, None)

    def take(self, oldest_ns: int) -> Case | None:
        """Draw one turn of the unit of highest hash, or None if no case is left."""
        while self._heap:
            entry = heapq.heappop(self._heap)
            unit = entry[1]
            fresh = [
                c for c in self._cases.get(unit, ()) if c.recorded_at_ns >= oldest_ns
            ]
            if not fresh:
                self._cases.pop(unit, None)
                continue
            high = [c for c in fresh if c.rank > self._threshold]
            if not high:
                self._below.append(entry)
                continue
            del self._cases[unit]
            if len(high) == 1:
                return high[0]
            return max(high, key=lambda c: self._hash(c.snapshot_id))
        return None

    def _hash(self, name: str) -> float:
        return uniform_of(self._seed, self._stream, name)


def uniform_of(seed: str, what: str, name: str) -> float:
    """Return a uniform number in [0, 1) that belongs to these names."""
    digest = hashlib.blake2b(f"{seed}\0{what}\0{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / SPAN
