"""Deliveries a worker holds: kept alive while it lives, given up when it slept.

A delivery that nobody acknowledges goes to another worker after the ack wait. Whoever
was stopped for longer must not ask an arm any more: that try counts as over.
"""

import asyncio
from typing import TYPE_CHECKING

from replayd.workers.pull import Taken, deliveries

if TYPE_CHECKING:
    from nats.aio.msg import Msg

ALIVE_SHARE = 1 / 4  # of the ack wait, between two signs of life
STALE_SHARE = 0.7  # of the ack wait, after which a delivery may be another's


class Delivery:
    """One message that this worker took."""

    def __init__(self, taken: Taken, ack_wait_seconds: float) -> None:
        self.message: Msg = taken.message
        self.deliveries = deliveries(taken.message.reply)
        self._stale_seconds = STALE_SHARE * ack_wait_seconds
        self._now = asyncio.get_running_loop().time
        self._alive_at = taken.not_before
        self._stale = False

    @property
    def is_ours(self) -> bool:
        """Whether nobody else can have been given it meanwhile."""
        if self._now() - self._alive_at > self._stale_seconds:
            self._stale = True
        return not self._stale

    async def keep(self) -> None:
        """Report to the server that somebody works on it."""
        if self.is_ours:
            at = self._now()
            await self.message.in_progress()
            self._alive_at = at


class Held:
    """All deliveries of a worker."""

    def __init__(self, ack_wait_seconds: float) -> None:
        self._every = ALIVE_SHARE * ack_wait_seconds
        self._held: set[Delivery] = set()

    def __len__(self) -> int:
        return len(self._held)

    def add(self, delivery: Delivery) -> None:
        """Keep a delivery alive from now on."""
        self._held.add(delivery)

    def drop(self, delivery: Delivery) -> None:
        """Forget one that is over."""
        self._held.discard(delivery)

    async def run(self) -> None:
        """Keep what is held alive, until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            for delivery in list(self._held):
                await delivery.keep()
