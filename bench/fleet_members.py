"""Collectors, replicas and clients of a fleet, as processes that chance kills."""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import aiohttp
from known_model import MODALITIES, span
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

SERVICES = 5


WINDOW_SECONDS, QUIET_SECONDS, LEASE_SECONDS = 20, 1, 3
CALLS_PER_REQUEST = 8


START_SECONDS = 120.0  # on busy cores; a deadline, not an expectation


class Program:
    """One process and its children, which end and pause with it, as a container."""

    def __init__(self, folder: Path, name: str, program: str, sets: dict) -> None:
        self.name, self._log = name, folder / f"{name}.log"
        self._ports = folder / f"{name}.ports"
        self._program, self._sets = program, sets
        self.kills: list[float] = []
        self.pauses = 0
        self.addresses: dict[str, str] = {}

    async def start(self) -> None:
        """Start and wait until it is ready; a second start keeps the addresses."""
        self._ports.unlink(missing_ok=True)
        arguments = ["-m", "snaptrace", self._program]
        arguments += ["--ports-file", str(self._ports)]
        for key, value in self._sets.items():
            arguments += ["--set", f"{key}={value}"]
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stderr=log, start_new_session=True
            )
        async with asyncio.timeout(START_SECONDS):
            while not self._ports.exists():
                if self.process.returncode is not None:
                    raise SystemExit(f"{self._log.name}: {self._log.read_text()}")
                await asyncio.sleep(0.05)
        self.addresses = json.loads(self._ports.read_text())
        for listener, address in self.addresses.items():
            self._sets[f"{self._program}.{listener}.listen"] = address

    def signal(self, number: int) -> None:
        """Send a signal to it and all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    async def kill_and_start(self) -> None:
        """A power cut; the container is started again on the same disk."""
        self.kills.append(time.monotonic())
        self.signal(signal.SIGKILL)
        await self.process.wait()
        await self.start()

    async def pause(self, seconds: float) -> None:
        """Give it no processor for a while; its peers think that it is dead."""
        self.pauses += 1
        self.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.signal(signal.SIGCONT)

    async def stop(self) -> int:
        """End it as Kubernetes would."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), START_SECONDS)
        finally:
            self.signal(signal.SIGKILL)


class Client:
    """An application beside one collector."""

    def __init__(self, number: int, seed: int, collector: Program) -> None:
        self._service = f"service-{number % SERVICES}"
        self._rng = random.Random(f"{seed}/{number}")
        self._collector = collector
        self._first = number * 1_000_000
        self.sent: dict[str, float] = {}  # trace id -> when it was acknowledged
        self.repeated = 0  # calls in requests that were sent again

    def _request(self) -> tuple[list[str], bytes]:
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        service = resource.resource.attributes.add()
        service.key, service.value.string_value = "service.name", self._service
        scope = resource.scope_spans.add()
        for _ in range(CALLS_PER_REQUEST):
            self._first += 1
            modality = MODALITIES[self._first % 4 % len(MODALITIES)]
            span(scope, self._first, modality, self._rng, 0.02)
        ids = [made.trace_id.hex() for made in scope.spans]
        return ids, request.SerializeToString()

    async def run(self, until: float) -> None:
        """Send a request a second until it is time; each until it is acknowledged."""
        await asyncio.sleep(self._rng.random())
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < until:
                ids, body = self._request()
                while not await self._export(session, body):
                    self.repeated += CALLS_PER_REQUEST
                    await asyncio.sleep(0.5)
                now = time.monotonic()
                self.sent.update(dict.fromkeys(ids, now))
                await asyncio.sleep(1.0)

    async def _export(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        try:
            async with session.post(
                f"http://{self._collector.addresses['http']}/v1/traces",
                data=body,
                headers={"Content-Type": "application/x-protobuf"},
                timeout=aiohttp.ClientTimeout(30),
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


def collector(folder: Path, number: int) -> Program:
    """Return a collector with a disk of its own."""
    name = f"collector-{number}"
    sets = {
        "store.url": f"file://{folder / 'store'}",
        "store.key_file": folder / "fleet.key",
        "collector.id": name,
        "collector.grpc.listen": "127.0.0.1:0",
        "collector.http.listen": "127.0.0.1:0",
        "collector.metrics.listen": "127.0.0.1:0",
        "collector.upstream.url": "none",
        "collector.journal_dir": folder / name,
        "collector.reservoir.window": f"{WINDOW_SECONDS}s",
        "collector.reservoir.grace": "5s",
        "collector.reservoir.size": 16,
        "collector.reservoir.quota": 2,
        "collector.recognise.quiet": f"{QUIET_SECONDS}s",
    }
    return Program(folder, name, "collector", sets)


def replica(folder: Path, name: str, port: int) -> Program:
    """Return one of the two that judge; both know only the store."""
    arm = {"url": f"http://127.0.0.1:{port}/v1", "api": "openai_chat"}
    arms = {
        "production": {"role": "control", "model": "assistant-7", **arm},
        "canary": {"role": "canary", "model": "assistant-8", "revision": "1", **arm},
    }
    sets = {
        "store.url": f"file://{folder / 'store'}",
        "store.key_file": folder / "fleet.key",
        "replayd.metrics.listen": "127.0.0.1:0",
        "replayd.page.listen": "127.0.0.1:0",
        "replayd.arms": json.dumps(arms),
        "replayd.lease": LEASE_SECONDS,
        "replayd.concurrency": 8,
        "replayd.schedule.poll": 1,
        "replayd.control_rate.share_of_production": 1.0,
        "replayd.control_rate.per_minute": 1_000_000,
    }
    return Program(folder, name, "replayd", sets)
