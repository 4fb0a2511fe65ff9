"""Workers, leader and NATS killed, paused and brought back: on a cluster of three."""

import asyncio
import json
import os
import signal
import time

import pytest
from daemons import COUNT, Daemon, Worker
from fakes import object_servers
from fakes.faulty_s3 import FaultySource, faulty
from fakes.nats_server import binary
from fakes.waiting import until
from fleets import ACK_WAIT, PENDING, fleet_of
from msgspec.structs import replace

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not binary(), reason="no nats-server; make test-faults has it"),
]
CONTROL_PER_MINUTE = 150
REQUESTS_PER_MINUTE = 400
NODES = 3
KILLED_AT = 40  # pairs asked


class Clock:
    """When each model was asked, by the servers' own clock."""

    def __init__(self, world):
        self.canary, self.control = [], []
        for provider, times in (
            (world.canary, self.canary),
            (world.control, self.control),
        ):
            provider.answer = self._noting(provider.answer, times)

    def _noting(self, answer, times):
        def noted(body):
            times.append(time.time())
            return answer(body)

        return noted


def most_within(times, seconds):
    """Return the largest number of events in any stretch of time."""
    ordered = sorted(times)
    return max(
        (sum(at <= other < at + seconds for other in ordered) for at in ordered),
        default=0,
    )


async def started(fleet, workers=3, **sets):
    leader = await fleet.start("leader", Daemon, **sets)
    for number in range(workers):
        await fleet.start(f"w{number}", Worker, **sets)
    return leader


async def paused(fleet, name, seconds):
    """Stop a process for so long, and let it go on."""
    os.kill(fleet.running[name].process.pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    os.kill(fleet.running[name].process.pid, signal.SIGCONT)


async def test_killed_workers_give_their_numbers_back(tmp_path):
    """If it failed, a node that dies would take pairs with it."""
    async with fleet_of(tmp_path, NODES) as fleet:
        leader = await started(fleet)
        await fleet.committed(30)
        await fleet.running["w0"].end()
        await fleet.committed(80)
        await fleet.running["w1"].end()
        await fleet.start("w3", Worker)
        await fleet.is_right(leader)
        again = sum(times - 1 for times in fleet.world.times_sent().values())
        assert again <= 2 * 4  # what two workers had in hand


async def test_a_worker_that_slept_asks_no_arm_for_what_is_not_its_own(tmp_path):
    """If it failed, a paused machine would spend what nobody reserved."""
    async with fleet_of(tmp_path, NODES) as fleet:
        leader = await started(fleet)
        await fleet.committed(30)
        await paused(fleet, "w0", 3 * ACK_WAIT)
        await fleet.is_right(leader)
        again = sum(times - 1 for times in fleet.world.times_sent().values())
        assert again <= 4


async def test_the_leader_killed_twice_goes_on_without_a_wrong_count(tmp_path):
    """If it failed, a crash would lose verdict state, or judge a case twice."""
    async with fleet_of(tmp_path, NODES) as fleet:
        # Slow enough that much is left to ask at both kills.
        fleet.world.canary.delay_seconds = 1.0
        leader = await started(fleet)
        await until(lambda: len(fleet.world.canary.requests) >= KILLED_AT)
        await leader.end()
        out = await fleet.world.planned()
        leader = await fleet.start("leader", Daemon)
        # What was planned at the first kill counts as out, and is done by then: a
        # second one before that is a failure of its own. Somebody waits, so commits
        # come soon.
        await leader.verdicts()
        await fleet.committed(out)
        assert not await fleet.world.committed(COUNT)
        await leader.end()
        leader = await fleet.start("leader", Daemon)
        await fleet.is_right(leader)
        again = sum(times - 1 for times in fleet.world.times_sent().values())
        assert again <= 2 * PENDING  # what was out at each kill


async def test_nats_nodes_die_one_and_all_and_come_back(tmp_path):
    """If it failed, an outage of the queue would lose numbers or double them."""
    async with fleet_of(tmp_path, NODES) as fleet:
        leader = await started(fleet)
        await fleet.committed(30)
        await fleet.nats.nodes[0].end()
        await fleet.committed(80)
        await fleet.nats.nodes[0].start()
        await fleet.committed(110)
        await asyncio.gather(*(node.end() for node in fleet.nats.nodes))
        await asyncio.sleep(ACK_WAIT)
        await fleet.nats.start()
        await fleet.is_right(leader)


async def test_a_store_that_fails_meanwhile_loses_and_doubles_nothing(tmp_path):
    """If it failed, errors of the object store would cost numbers or judge twice."""
    running = object_servers.S3(object_servers.free_port())
    port = int(running.address.rpartition(":")[2])
    kinds = ("500", "503", "reset", "lost_answer", "412_after", "half_body", "cut_list")
    source = FaultySource(kinds, share=0.0)
    (tmp_path / "s3").mkdir()
    with object_servers.serving(running.argv, port, tmp_path / "s3"):
        (tmp_path / "key").write_bytes(bytes(range(32)))
        direct = replace(running.bucket("calls"), key_file=str(tmp_path / "key"))
        async with faulty(running, direct, source) as config:
            sets = {
                "store.url": config.url,
                "store.key_file": config.key_file,
                "store.options": json.dumps(config.options),
                "store.timeout": 2,
            }
            async with fleet_of(tmp_path, NODES, store=direct, sets=sets) as fleet:
                leader = await started(fleet)
                await fleet.committed(20)
                source.share = 0.1
                await fleet.committed(80)
                source.share = 1.0  # nothing gets through any more
                await fleet.running["w0"].end()
                await asyncio.sleep(2 * ACK_WAIT)
                source.share = 0.1
                await fleet.committed(140)
                source.share = 0.0
                await fleet.is_right(leader)
                again = sum(n - 1 for n in fleet.world.times_sent().values())
                assert again <= 2 * 24 + 4  # what was out at the outage, and in hand
    assert set(source.made) == set(kinds)


async def test_budget_and_cap_hold_at_the_servers_through_it_all(tmp_path):
    """If it failed, faults would let more calls through than was allowed."""
    async with fleet_of(tmp_path, NODES) as fleet:
        clock = Clock(fleet.world)
        sets = {
            "replayd.control_rate.per_minute": CONTROL_PER_MINUTE,
            "replayd.budget.requests_per_minute": REQUESTS_PER_MINUTE,
        }
        leader = await started(fleet, **sets)
        await fleet.committed(20)
        await fleet.running["w0"].end()
        await paused(fleet, "w1", 2 * ACK_WAIT)
        await leader.end()
        leader = await fleet.start("leader", Daemon, **sets)
        await fleet.start("w0", Worker, **sets)
        await fleet.nats.nodes[1].end()
        await fleet.committed(120)
        await fleet.nats.nodes[1].start()
        await fleet.is_right(leader)
        assert len(clock.control) >= COUNT
        assert most_within(clock.control, 60.0) <= CONTROL_PER_MINUTE
        minutes = [int(at // 60) for at in (*clock.canary, *clock.control)]
        assert max(map(minutes.count, set(minutes))) <= REQUESTS_PER_MINUTE
