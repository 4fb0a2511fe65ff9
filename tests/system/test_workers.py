"""A replayd with workers as real processes on a real NATS server."""

import signal

import pytest
from daemons import COUNT, Daemon, Worker, World
from fakes.nats_server import Nats, binary
from fakes.waiting import until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not binary(), reason="no nats-server; make test-system builds it"
    ),
]
ACK_WAIT = 3


class Fleet:
    """A leader, workers, and the servers between them."""

    def __init__(self, world, nats):
        self.world, self.nats = world, nats
        self.running = {}

    def sets(self):
        return {
            "replayd.workers.nats.url": self.nats.url,
            "replayd.workers.nats.replicas": self.nats.replicas,
            "replayd.workers.ack_wait": ACK_WAIT,
            "replayd.workers.listen": "127.0.0.1:0",
            "replayd.workers.concurrency": 4,
            "replayd.workers.pending": 24,
        }

    async def start(self, name, kind):
        daemon = self.world.daemon(name, kind, **self.sets())
        self.running[name] = await daemon.start()
        return daemon

    async def close(self):
        for daemon in self.running.values():
            await daemon.end(signal.SIGKILL)


@pytest.fixture
async def fleet(tmp_path):
    world = World(tmp_path)
    async with world.canary, world.control, Nats(tmp_path / "nats") as nats:
        await world.fill()
        made = Fleet(world, nats)
        try:
            yield made
        finally:
            await made.close()


async def test_two_workers_judge_every_case_once(fleet):
    """If it failed, nothing else here would mean anything."""
    leader = await fleet.start("leader", Daemon)
    await fleet.start("one", Worker)
    await fleet.start("two", Worker)
    await until(lambda: fleet.world.committed(COUNT))
    results = await fleet.world.results()
    assert [r.number for r in results] == list(range(COUNT))
    assert not any(r.excluded for r in results)
    assert max(fleet.world.times_sent().values()) == 1
    assert await leader.end(signal.SIGTERM) == 0
    assert await fleet.running["one"].end(signal.SIGTERM) == 0
