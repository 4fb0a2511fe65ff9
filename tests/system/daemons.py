"""replayd and its workers as processes on a folder, with two models that answer."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter

import aiohttp
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import store_calls, text_call
from fakes.waiting import until
from msgspec.structs import replace

from replayd.config import ReplaydConfig
from replayd.evidence.epoch_fold import Fold
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import of_epoch, settings_of
from replayd.ledger.ledger import Ledger, epochs
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig, load
from snaptrace.store.store import Store

COUNT = 240
IN_FLIGHT = 12


class Daemon:
    """One replayd process on a folder."""

    program = "replayd"

    def __init__(self, folder, name, canary, control, **sets):
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
            **sets,
        }

    def config(self):
        sets = [f"{key}={value}" for key, value in self._sets.items()]
        return load(None, {}, sets).section("replayd", ReplaydConfig)

    async def start(self):
        self._ports.unlink(missing_ok=True)
        argv = ["-m", self.program, "--ports-file", str(self._ports)]
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


class Worker(Daemon):
    """One worker process beside a replayd on that folder."""

    program = "replayd.worker"


class World:
    """A store with calls, two models, and what was committed so far."""

    def __init__(self, folder, store=None):
        self.folder = folder
        self.store = Store.open(store or StoreConfig(url=f"file://{folder}/store"))
        self.canary = FakeProvider(lambda _body: completion("The total is 42."))
        self.control = FakeProvider(lambda _body: completion("The total is 42."))
        self.canary.delay_seconds = self.control.delay_seconds = 0.05

    async def fill(self, at_ns=None):
        now = at_ns or time.time_ns()
        calls = [text_call(number, at_ns=now) for number in range(COUNT)]
        await store_calls(self.store, calls, at_ns=now)

    def daemon(self, name, kind=Daemon, **sets):
        return kind(self.folder, name, self.canary.url, self.control.url, **sets)

    async def results(self):
        known = await epochs(self.store, "canary")
        assert len(known) <= 1
        if not known:
            return []
        ledger = Ledger(self.store, known[0].epoch, SystemClock())
        return [result async for run in ledger.runs() for result in run.results]

    async def committed(self, count):
        return len(await self.results()) >= count

    async def planned(self):
        """Return how many pairs were planned so far."""
        _, ledger = await self.ledger()
        return sum([len(block.planned) async for block in ledger.blocks()])

    async def ledger(self):
        (epoch,) = await epochs(self.store, "canary")
        return epoch, Ledger(self.store, epoch.epoch, SystemClock())

    async def refolded(self, daemon):
        """Return the fold of everything committed, and the leader's own at its end."""
        epoch, ledger = await self.ledger()
        config = daemon.config()
        settings = replace(
            of_epoch(settings_of(config, "canary"), epoch),
            expected_discordance=epoch.expected_discordance,
        )
        carried = frozenset(epoch.carried)
        fold = Fold(lambda: Scoreboard(epoch, settings, carried=carried))
        planned = {}
        async for block in ledger.blocks():
            planned |= {item.number: item for item in block.planned}
        async for run in ledger.runs():
            for result in run.results:
                fold.add(planned[result.number], result)
        saved = await ledger.newest_checkpoint()
        assert saved.next_number == fold.next_number
        return fold.checkpoint(), saved.fold

    def times_sent(self):
        return Counter(
            body["messages"][0]["content"] for _, body in self.canary.requests
        )
