"""Periodic maintenance of a store: hour catalogues, erasure, retention.

Any number of programs may do it at once, and be killed at any point: objects are only
created and deleted, and everything that is half done is found again. Why replayd's
leader does it: `docs/adr/0019-who-looks-after-the-store.md`.
"""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names
from snaptrace.store import hour_index
from snaptrace.store.erase import Erasure, erase_subjects
from snaptrace.store.retention import DAY_NS, Policy, Removed, Retention
from snaptrace.store.segment_watcher import HOUR_NS, OVERLAP_NS
from snaptrace.store.store import Store
from snaptrace.store.tombstones import Tombstones

# A collector may upload once more what it sealed before it saw a tombstone, and an arm
# may answer a call that was sent before: then erasure is done a second time.
SETTLED_NS = 20 * 60 * 10**9
# Older ones were handled by the previous maintainer of the store.
_OLDEST_NS = DAY_NS


class Kept(Struct, frozen=True, kw_only=True):
    """Results of one maintenance round."""

    catalogues: int = 0  # hours closed
    erasures: int = 0  # erasures finished
    erased: Erasure | None = None
    removed: Removed = Removed()
    indexes: int = 0  # hours indexed for searches


class Maintenance:
    """Maintains one store; call `once` every few minutes."""

    def __init__(
        self,
        store: Store,
        key: FleetKey,
        policy: Policy,
        build_indexes: Callable[[Store], Awaitable[int]] | None = None,
    ) -> None:
        self._build_indexes = build_indexes
        self._store, self._key = store, key
        self._retention = Retention(store, policy)
        self._tombstones = Tombstones()
        self._finished: dict[str, int] = {}  # subject -> up to when
        self._open_from_ns = 0  # hours before have their catalogue

    async def once(self, now_ns: int) -> Kept:
        """Run all due maintenance.

        Raises:
            StoreUnavailableError: what is done is done; call again.
            StoreRefusedError: a person has to act.
        """
        closed = await hour_index.close_hours(self._store, now_ns, self._open_from_ns)
        self._open_from_ns = object_names.hour_start_ns(now_ns - HOUR_NS - OVERLAP_NS)
        erased = await self._finish_erasures(now_ns)
        removed = await self._retention.apply(now_ns)
        # Last: what was erased or removed is not indexed any more.
        indexes = await self._build_indexes(self._store) if self._build_indexes else 0
        return Kept(
            catalogues=closed,
            erasures=0 if erased is None else len(erased.subjects),
            erased=erased,
            removed=removed,
            indexes=indexes,
        )

    async def _finish_erasures(self, now_ns: int) -> Erasure | None:
        await self._tombstones.refresh(self._store)
        recent = self._tombstones.between(now_ns - _OLDEST_NS, now_ns - SETTLED_NS)
        waiting = {s: at for s, at in recent.items() if self._finished.get(s) != at}
        if not waiting:
            return None
        erased = await erase_subjects(self._store, self._key, waiting)
        self._finished = recent
        return erased
