"""A replayd with workers as real processes on one real NATS server."""

import signal
import time

import aiohttp
import pytest
from daemons import COUNT, Daemon, Worker
from fakes.certificates import Authority
from fakes.nats_server import binary
from fakes.waiting import until
from fleets import fleet_of
from msgspec.structs import replace

from replayd.workers.inspection import inspected

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not binary(), reason="no nats-server; make test-system has it"),
]


def timeless(result):
    """Return a result without the times and places that differ by nature."""

    def arm(found):
        return replace(found, latency_ms=0.0)

    return replace(
        result,
        committed_at_ns=0,
        canary=arm(result.canary),
        control=arm(result.control),
    )


async def test_workers_come_to_the_same_evidence_as_one_process(tmp_path):
    """If it failed, a verdict would depend on who asked the arms."""
    found, now = [], time.time_ns()
    for name, workers in (("alone", 0), ("workers", 2)):
        (tmp_path / name).mkdir()
        async with fleet_of(tmp_path / name, at_ns=now) as fleet:
            sets = {"replayd.workers.nats.url": ""} if not workers else {}
            leader = await fleet.start("leader", Daemon, **sets)
            for number in range(workers):
                await fleet.start(f"w{number}", Worker)
            await fleet.is_right(leader)
            assert max(fleet.world.times_sent().values()) == 1
            found.append([timeless(r) for r in await fleet.world.results()])
    alone, by_workers = found
    assert sum(r.streams["quality"].canary < 1.0 for r in alone) > COUNT // 20
    assert by_workers == alone


async def test_a_worker_says_how_it_is(tmp_path):
    """If it failed, nobody could scale workers, or see that one is lost."""
    async with fleet_of(tmp_path) as fleet:
        leader = await fleet.start("leader", Daemon)
        worker = await fleet.start("one", Worker)

        async def status(path):
            url = f"http://{worker.ports['metrics']}{path}"
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                return answer.status

        assert await status("/healthz") == 200

        async def is_ready():
            return await status("/readyz") == 200

        await until(is_ready)
        await fleet.committed(COUNT)
        assert "snaptrace_worker_connected 1.0" in await worker.get("/metrics")
        shown = await leader.get("/metrics")
        assert 'snaptrace_replayd_worker_replies_total{end="answered"} 240.0' in shown
        assert 'snaptrace_replayd_worker_numbers{pool="",state="pending"}' in shown
        await fleet.nats.nodes[0].end()

        async def is_lost():
            return await status("/readyz") == 503

        await until(is_lost)
        assert await worker.end(signal.SIGTERM) == 0


async def test_a_worker_with_other_settings_sends_nothing(tmp_path):
    """If it failed, pairs would be judged under settings that no epoch holds."""
    async with fleet_of(tmp_path) as fleet:
        leader = await fleet.start("leader", Daemon)
        other = {"replayd.prices": '{"m8": {"input": 1, "output": 1}}'}
        worker = await fleet.start("other", Worker, **other)

        async def declined():
            return 'end="declined"' in await worker.get("/metrics")

        await until(declined)
        assert not fleet.world.canary.requests
        await worker.end()
        await fleet.start("one", Worker)
        await fleet.is_right(leader)
        assert max(fleet.world.times_sent().values()) == 1


async def test_a_doctor_looks_at_what_waits(tmp_path):
    """If it failed, a person could not tell a queue that stands from one that runs."""
    async with fleet_of(tmp_path) as fleet:
        leader = await fleet.start("leader", Daemon)
        config = leader.config()

        async def pending():
            found = {one.what: one for one in await inspected(config)}
            pool = found.get("pool ''")
            return bool(pool and pool.ok and pool.numbers["pending"] == 24)

        await until(pending)
        await fleet.nats.nodes[0].end()
        (connection,) = await inspected(config)
        assert (connection.what, connection.ok) == ("connection", False)


async def test_leader_and_workers_prove_who_they_are(tmp_path):
    """If it failed, a queue that holds answers would have to stand open."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("nats")
    secret = tmp_path / "password"
    secret.write_text("hunter2")
    more = (
        'authorization: {user: "u", password: "hunter2"}\n'
        f'tls: {{cert_file: "{certificate}", key_file: "{key}"}}'
    )
    async with fleet_of(tmp_path, more=more) as fleet:
        sets = {
            "replayd.workers.nats.url": fleet.nats.url.replace("nats:", "tls:"),
            "replayd.workers.nats.ca_file": authority.file,
            "replayd.workers.nats.user": "u",
            "replayd.workers.nats.password_file": secret,
        }
        leader = await fleet.start("leader", Daemon, **sets)
        await fleet.start("one", Worker, **sets)
        await fleet.is_right(leader)
        for log in tmp_path.glob("*.log"):
            assert "hunter2" not in log.read_text()
