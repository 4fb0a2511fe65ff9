"""Leader election through objects only: each holder creates the next number.

A lease is a hint that keeps a standby quiet. It may be held by two for a moment, when
clocks disagree or a store is slow; the ledger's create-only names are the fence.
"""

import msgspec
from msgspec import Struct

from snaptrace.runtime.clock import Clock
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import MissingObjectError
from snaptrace.store.store import Store

KEPT = 3  # lease objects that stay, for a person to look at
SKEW_SECONDS = 2.0  # by which clocks of two replicas may differ


class Holding(Struct, frozen=True, kw_only=True):
    """Current holder of the lease, and its expiry by the holder's own clock."""

    holder: str
    until_ns: int
    released: bool = False


class Lease:
    """One replica's view of the lease; `hold` takes and renews it."""

    def __init__(self, store: Store, holder: str, seconds: float, clock: Clock) -> None:
        self._store, self._holder, self._clock = store, holder, clock
        self._seconds = seconds
        self._seen = -1, 0  # the newest number, and when it was first seen

    async def hold(self) -> bool:
        """Acquire or renew the lease; false while another replica holds it."""
        number, holding = await self._newest()
        if (
            holding is not None
            and holding.holder != self._holder
            and not holding.released
            and self._clock.now_ns() < self._free_at_ns(number, holding)
        ):
            return False
        return await self._write(number + 1, released=False)

    def _free_at_ns(self, number: int, holding: Holding) -> int:
        """Return when a lease that is not renewed is over, by this replica's clock.

        A holder whose clock is ahead says a time that is far away: whoever lives renews
        in time, so the same number is believed for as long as a lease lasts.
        """
        now_ns = self._clock.now_ns()
        if self._seen[0] != number:
            self._seen = number, now_ns
        lasts_ns = int((self._seconds + SKEW_SECONDS) * 1e9)
        told_ns = holding.until_ns + int(SKEW_SECONDS * 1e9)
        return min(told_ns, self._seen[1] + lasts_ns)

    async def release(self) -> None:
        """Release the lease so that a standby can take over immediately. Idempotent."""
        number, holding = await self._newest()
        if holding is not None and holding.holder == self._holder:
            await self._write(number + 1, released=True)

    async def _newest(self) -> tuple[int, Holding | None]:
        names = [info.name async for info in self._store.list(object_names.LEASE)]
        numbers = sorted(
            int(name.rpartition("/")[2])
            for name in names
            if name.rpartition("/")[2].isdigit()
        )
        if not numbers:
            return -1, None
        try:
            data = await self._store.get(object_names.lease(numbers[-1]))
            return numbers[-1], msgspec.msgpack.decode(data, type=Holding)
        except (MissingObjectError, msgspec.MsgspecError):
            return numbers[-1], None  # no readable holder

    async def _is_there(self, name: str, data: bytes) -> bool:
        """Whether a refused write had arrived all the same."""
        try:
            return await self._store.get(name) == data
        except MissingObjectError:
            return False

    async def _write(self, number: int, *, released: bool) -> bool:
        until_ns = self._clock.now_ns() + int(self._seconds * 1e9)
        holding = Holding(holder=self._holder, until_ns=until_ns, released=released)
        data = msgspec.msgpack.encode(holding)
        name = object_names.lease(number)
        taken = not await self._store.create(name, data)
        if taken and not await self._is_there(name, data):
            return False
        if number >= KEPT:
            await self._store.delete(object_names.lease(number - KEPT))
        return True
