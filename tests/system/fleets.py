"""A leader with workers as processes, and the NATS servers between them."""

import signal
from contextlib import asynccontextmanager

from daemons import COUNT, World
from fakes.nats_server import Nats
from fakes.provider import completion
from fakes.waiting import until

ACK_WAIT = 3
PENDING = 24  # pairs published and not answered, at most


class Fleet:
    """A leader, workers, and the servers between them."""

    def __init__(self, world, nats, sets):
        self.world, self.nats = world, nats
        self._sets = sets  # of all processes
        self.running = {}

    def sets(self, **more):
        return {
            "replayd.workers.nats.url": self.nats.url,
            "replayd.workers.nats.replicas": self.nats.replicas,
            "replayd.workers.ack_wait": ACK_WAIT,
            "replayd.workers.listen": "127.0.0.1:0",
            "replayd.workers.concurrency": 4,
            "replayd.workers.pending": PENDING,
            **self._sets,
            **more,
        }

    async def start(self, name, kind, **more):
        daemon = self.world.daemon(name, kind, **self.sets(**more))
        self.running[name] = await daemon.start()
        return daemon

    async def close(self):
        for daemon in self.running.values():
            await daemon.end(signal.SIGKILL)

    async def committed(self, count):
        await until(lambda: self.world.committed(count), seconds=240)

    async def is_right(self, leader):
        """Check what must hold whatever happened, and end the leader in order."""
        await self.committed(COUNT)
        assert await leader.end(signal.SIGTERM) == 0
        results = await self.world.results()
        assert [r.number for r in results] == list(range(COUNT))
        assert len({r.snapshot_id for r in results}) == COUNT
        assert not any(r.excluded for r in results)
        ours, saved = await self.world.refolded(leader)
        assert ours == saved


def said(body):
    """Answer wrongly for one case in ten, always for the same ones."""
    number = int(body["messages"][0]["content"].split()[-1].strip("?"))
    return completion("The total is 7." if number % 10 == 0 else "The total is 42.")


@asynccontextmanager
async def fleet_of(folder, nodes=1, *, at_ns=None, more="", store=None, sets=None):
    """Run two models and NATS servers on a folder; the processes end with it."""
    world = World(folder, store)
    world.canary.answer = said
    async with world.canary, world.control, Nats(folder / "nats", nodes, more) as nats:
        await world.fill(at_ns)
        made = Fleet(world, nats, sets or {})
        try:
            yield made
        finally:
            await made.close()
