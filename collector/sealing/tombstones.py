"""Applies erasure tombstones in the collector: matching calls are dropped.

Tombstones are looked for once a minute, so that what is in the reservoirs, on its way
to a segment, or in a segment that waits for the store, does not get there.
"""

import logging
from collections.abc import Iterable

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import segment
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.snapshot.model import Snapshot
from snaptrace.store.pins import digests_of
from snaptrace.store.store import Store
from snaptrace.store.tombstones import Tombstones, is_erased, without

log = logging.getLogger(__name__)

_EVERY_NS = 60 * 10**9
_NEVER_NS = -(2**63)


class TombstoneFilter:
    """The tombstones known to this collector."""

    def __init__(self, store: Store, key: FleetKey) -> None:
        self._store, self._key = store, key
        self._tombstones = Tombstones()
        self._at_ns = _NEVER_NS

    async def refresh(self, now_ns: int) -> None:
        """Fetch new tombstones, once a minute; an unavailable store is no error."""
        if 0 <= now_ns - self._at_ns < _EVERY_NS:  # A clock may be set back.
            return
        try:
            await self._tombstones.refresh(self._store)
        except SnapshotError as error:
            log.warning("tombstones unavailable", extra={"why": str(error)})
            return
        self._at_ns = now_ns

    def covers(self, subjects: Iterable[str], ended_at_ns: int) -> bool:
        """Return whether a call of these subjects that ended then was erased."""
        return bool(self._tombstones) and self._tombstones.cover(subjects, ended_at_ns)

    def cleaned(self, data: bytes, name: str) -> "Cleaned | None":
        """Return a segment without erased subjects; None if it contains none.

        Raises:
            CorruptSnapshotError: these bytes are no segment.
        """
        if not self._tombstones:
            return None
        read = segment.read(data, name)
        if not self._tombstones.may_cover(read.header):
            return None

        def is_gone(snapshot: Snapshot) -> bool:
            return is_erased(self._tombstones, self._key, snapshot)

        rest, stays = without(read, self._key, is_gone)
        if len(stays) == len(read):
            return None
        digests = {digest for snapshot in stays for digest in digests_of(snapshot)}
        return Cleaned(rest, digests, len(read) - len(stays))


class Cleaned:
    """A segment after erased subjects were removed."""

    __slots__ = ("data", "digests", "dropped")

    def __init__(self, data: bytes, digests: set[str], dropped: int) -> None:
        self.data = data  # empty: nothing stays
        self.digests = digests  # of media that what stays needs
        self.dropped = dropped  # calls
