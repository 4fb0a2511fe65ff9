"""replayd as real processes: killed, taken over, stopped in order."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter

import aiohttp
import pytest
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import store_calls, text_call
from fakes.waiting import until

from replayd.ledger.ledger import Ledger, epochs
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
COUNT = 240
IN_FLIGHT = 12


class Daemon:
    """One replayd process on a folder."""

    def __init__(self, folder, name, canary, control):
        self._folder, self._name = folder, name
        arms = {
            "canary": {"role": "canary", "url": canary, "model": "m8", "timeout": 10},
            "production": {"role": "control", "url": control, "model": "m7"},
        }
        self.config_file = folder / "config.yaml"
        self._ports = folder / f"{name}.ports"
        self._sets = {
            "store.url": f"file://{folder}/store",
            "replayd.metrics.listen": "127.0.0.1:0",
            "replayd.page.listen": "127.0.0.1:0",
            "replayd.arms": json.dumps(arms),
            "replayd.concurrency": IN_FLIGHT,
            "replayd.lease": 3,
            "replayd.publish": 0.5,
            "replayd.schedule.poll": 0.2,
            # What a kill may have sent counts as sent: there has to be room for it.
            "replayd.control_rate.share_of_production": 10.0,
            "replayd.control_rate.per_minute": 1_000_000,
            "replayd.schedule.second_control_share": 0,
        }

    async def start(self):
        self._ports.unlink(missing_ok=True)
        argv = ["-m", "replayd", "--ports-file", str(self._ports)]
        if self.config_file.exists():
            argv += ["--config", str(self.config_file)]
        for key, value in self._sets.items():
            argv += ["--set", f"{key}={value}"]
        with (self._folder / f"{self._name}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *argv, stdout=log, stderr=log
            )
        await until(self._ports.exists)
        self.ports = json.loads(self._ports.read_text())
        return self

    async def verdicts(self):
        return json.loads(await self.get("/api/v1/verdicts"))

    async def get(self, path):
        url = f"http://{self.ports['metrics']}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.text()

    async def end(self, how=signal.SIGKILL):
        if self.process.returncode is None:
            os.kill(self.process.pid, how)
        return await self.process.wait()


class World:
    """A store with calls, two models, and what was committed so far."""

    def __init__(self, folder):
        self.folder = folder
        config = StoreConfig(url=f"file://{folder}/store")
        self.store = Store.open(config)

        self.canary = FakeProvider(lambda _body: completion("The total is 42."))
        self.control = FakeProvider(lambda _body: completion("The total is 42."))
        self.canary.delay_seconds = self.control.delay_seconds = 0.05

    async def fill(self):
        now = time.time_ns()
        calls = [text_call(number, at_ns=now) for number in range(COUNT)]
        await store_calls(self.store, calls, at_ns=now)

    def daemon(self, name):
        return Daemon(self.folder, name, self.canary.url, self.control.url)

    async def results(self):
        known = await epochs(self.store, "canary")
        assert len(known) <= 1
        if not known:
            return []
        ledger = Ledger(self.store, known[0].epoch, SystemClock())
        return [result async for run in ledger.runs() for result in run.results]

    async def committed(self, count):
        return len(await self.results()) >= count

    def times_sent(self):
        return Counter(
            body["messages"][0]["content"] for _, body in self.canary.requests
        )


@pytest.fixture
async def world(tmp_path):
    made = World(tmp_path)
    async with made.canary, made.control:
        await made.fill()
        yield made


async def test_killed_in_the_middle_it_goes_on_without_a_wrong_count(world):
    """If it failed, a crash would lose verdict state, or judge a case twice."""
    daemon = await world.daemon("one").start()
    kills = 0
    for goal in (40, 120):
        await until(lambda goal=goal: world.committed(goal))
        await daemon.end()
        kills += 1
        daemon = await world.daemon("one").start()
    await until(lambda: world.committed(COUNT))

    async def shown():
        found = (await daemon.verdicts())["canaries"].get("canary")
        return found and found["modalities"]["text"]["replays"] == COUNT

    await until(shown)
    assert await daemon.end(signal.SIGTERM) == 0
    results = await world.results()
    assert [r.number for r in results] == list(range(COUNT))
    assert len({r.snapshot_id for r in results}) == COUNT
    assert not any(r.excluded for r in results)
    again = sum(times - 1 for times in world.times_sent().values())
    assert again <= kills * IN_FLIGHT


async def test_a_standby_answers_for_the_leader_and_takes_over(world):
    """If it failed, a gate would get no answer, or a death end the evaluation."""
    first = await world.daemon("one").start()
    await until(lambda: world.committed(20))
    second = await world.daemon("two").start()

    async def told():
        return json.loads(await second.get("/api/v1/gate/canary"))

    async def heard():
        return (await told())["state"] != "unknown"

    await until(heard)
    found = await second.verdicts()
    assert (found["leading"], found["standby"]) == (True, True)
    assert found["age_seconds"] < 30
    assert (await told())["age_seconds"] is not None
    series = await second.get("/metrics")
    assert "snaptrace_replayd_leading 0.0" in series
    assert "snaptrace_replayd_verdict" not in series  # only the leader exports them
    await first.end()
    await until(lambda: world.committed(COUNT))

    async def leads():
        found = await second.verdicts()
        return found["leading"] and not found["standby"]

    await until(leads)
    assert await second.end(signal.SIGTERM) == 0
    results = await world.results()
    assert [r.number for r in results] == list(range(COUNT))
    assert len({r.snapshot_id for r in results}) == COUNT
