"""Tombstones: which people, sessions and traces were erased, and when.

A tombstone concerns what was recorded before it was written. Collectors drop such
calls before they seal, readers before they show. All that one says is in its name.
"""

from collections.abc import Iterable

from snaptrace.snapshots import layout
from snaptrace.snapshots.store import Store


class Tombstones:
    """All tombstones of a store. Refresh before use; memory: one number each."""

    def __init__(self) -> None:
        self._at_ns: dict[str, int] = {}

    async def refresh(self, store: Store) -> None:
        """Take in the tombstones that there are now.

        Raises:
            StoreUnavailableError: what was known before stays known.
        """
        async for info in store.list(layout.ERASED):
            if (parsed := layout.parse_tombstone(info.name)) is not None:
                subject, at_ns = parsed
                self._at_ns[subject] = max(at_ns, self._at_ns.get(subject, 0))

    def cover(self, subjects: Iterable[str], ended_at_ns: int) -> bool:
        """Return whether a call of these subjects, ended then, was erased."""
        return any(ended_at_ns <= self._at_ns.get(s, -1) for s in subjects)

    def __len__(self) -> int:
        return len(self._at_ns)


async def write_tombstone(store: Store, subject: str, at_ns: int) -> None:
    """Say that everything of this keyed subject up to `at_ns` is erased."""
    await store.create(layout.tombstone(subject, at_ns), b"")
