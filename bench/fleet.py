"""Many collectors, one store, one replayd with a standby; killed and paused at random.

python bench/fleet.py [--collectors 50] [--seconds 60] [--seed 1] [--keep]

Every collector gets calls of its own over OTLP/HTTP, from a client that tries again as
exporters do. Meanwhile chance kills collectors (-9) and pauses them (SIGSTOP), and does
the same to the two replicas of replayd, which judge what is sealed. At the end:

- `estimated` calls, from the store alone, lie within four standard errors, which the
  sample itself states, of those that were `sent`, but for what kills may take: calls
  still waiting for their trace to close, sent in the last seconds before one;
- a collector that was never killed counted exactly what it was sent;
- nothing is stored that was not sent, and no case is judged twice in its lane.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp
from aiohttp import web
from end_to_end import MODALITIES, Model, span
from msgspec import Struct
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from replayd.ledger.ledger import Ledger, epochs
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.browser import Browser
from snaptrace.store.store import Store

SERVICES = 5
CALLS_PER_REQUEST = 8
WINDOW_SECONDS, QUIET_SECONDS, LEASE_SECONDS = 20, 1, 3
# A kill takes what waits in memory: a trace waits QUIET_SECONDS for its last record,
# and the sampling process may be behind on two cores that fifty collectors share.
AT_RISK_SECONDS = 10.0
START_SECONDS = 120.0  # on busy cores; a deadline, not an expectation
STARTING_AT_ONCE = 4
KILLED_SHARE = 0.6  # the others are paused
Z = 4.0  # standard errors; a right sample is outside once in 16,000 runs


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


async def chaos(
    rng: random.Random, victims: list[Program], every: float, until: float
) -> None:
    """Kill or pause one after the other until it is time."""
    async with asyncio.TaskGroup() as pausing:
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(0.5, 1.5) * every)
            victim = rng.choice(victims)
            if rng.random() < KILLED_SHARE:
                await victim.kill_and_start()
            else:
                seconds = rng.uniform(1, 2) * LEASE_SECONDS
                pausing.create_task(victim.pause(seconds))


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


class Estimate(Struct, frozen=True):
    """What the store says of the traffic."""

    calls: float
    variance: float
    stored: int

    def z(self, truth: float) -> float:
        """Return how many standard errors the estimate lies from the truth."""
        return (self.calls - truth) / max(math.sqrt(self.variance), 1.0)


async def estimate(
    store: Store, fleet_key: FleetKey
) -> tuple[Estimate, Counter[str], set[str]]:
    """Return the estimate, what each collector counted, and the traces stored.

    The variance is the sample's own: for ranks above a threshold, the sum of
    (1 - p) / p^2 over what was kept is unbiased (Duffield, Lund, Thorup, "Priority
    sampling for estimation of arbitrary subset sums", theorem 2).
    """
    damaged: list[str] = []
    browser = Browser(store, fleet_key, damaged.append)
    await browser.poll()
    probabilities: dict[str, float] = {}
    traces = set()
    async for found in browser.snapshots():
        traces.add(found.snapshot.trace_id)
        share = browser.frame.probability(found.header.collector, found.snapshot)
        if share is not None:
            probabilities.setdefault(found.snapshot.snapshot_id, share)
    assert damaged == []
    counted: Counter[str] = Counter()
    for key, state in browser.frame.items():
        if key.stratum == "":
            # Its configured id, and a digest of what tells its disks apart.
            counted[key.collector.rpartition("-")[0]] += state.seen
    shares = probabilities.values()
    total = Estimate(
        sum(1 / share for share in shares),
        sum((1 - share) / share**2 for share in shares),
        len(probabilities),
    )
    return total, counted, traces


async def judged(store: Store) -> Counter[tuple[str, str]]:
    """Return how often each case was judged in each lane, of all epochs together."""
    times: Counter[tuple[str, str]] = Counter()
    for known in await epochs(store, "canary"):
        ledger = Ledger(store, known.epoch, SystemClock())
        numbers = []
        async for run in ledger.runs():
            for result in run.results:
                numbers.append(result.number)
                times[result.lane, result.snapshot_id] += 1
        assert numbers == list(range(len(numbers)))
    return times


async def settled(store: Store) -> Counter[tuple[str, str]]:
    """Wait until nothing more is judged; return what was."""
    last: Counter[tuple[str, str]] = Counter()
    since = time.monotonic()
    while time.monotonic() - since < 8 * LEASE_SECONDS:
        await asyncio.sleep(2)
        if (now := await judged(store)) != last:
            last, since = now, time.monotonic()
    return last


def at_risk(client: Client, collector: Program) -> int:
    """Return how many acknowledged calls the kills may have taken at most."""
    return sum(
        any(kill - AT_RISK_SECONDS < at <= kill for kill in collector.kills)
        for at in client.sent.values()
    )


async def serve(seed: int) -> tuple[web.AppRunner, Model]:
    """Start the model both arms ask."""
    wrong = {m: [0.02] for m in MODALITIES}
    model = Model(seed, {"assistant-7": wrong, "assistant-8": wrong})
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", model.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, model


async def once(folder: Path, arguments: argparse.Namespace) -> dict:
    """Run the fleet once; return what was found."""
    rng = random.Random(arguments.seed)
    (folder / "store").mkdir()
    (folder / "fleet.key").write_text(rng.randbytes(32).hex())
    runner, model = await serve(arguments.seed)
    fleet = [collector(folder, n) for n in range(arguments.collectors)]
    judges = [replica(folder, n, runner.addresses[0][1]) for n in ("one", "two")]
    clients = [Client(n, arguments.seed, c) for n, c in enumerate(fleet)]
    began = time.monotonic()
    gate = asyncio.Semaphore(STARTING_AT_ONCE)

    async def start(program: Program) -> None:
        async with gate:
            await program.start()

    try:
        async with asyncio.TaskGroup() as starting:
            for program in (*fleet, *judges):
                starting.create_task(start(program))
        started = time.monotonic()
        until = started + arguments.seconds
        async with asyncio.TaskGroup() as working:
            for client in clients:
                working.create_task(client.run(until))
            working.create_task(chaos(rng, fleet, 1.5, until))
            working.create_task(chaos(rng, judges, 10.0, until))
        codes = await asyncio.gather(*(each.stop() for each in fleet))
        settings = StoreConfig(url=f"file://{folder / 'store'}")
        store = Store.open(settings)
        times = await settled(store)
        codes += await asyncio.gather(*(each.stop() for each in judges))
    finally:
        for each in (*fleet, *judges):
            if hasattr(each, "process"):
                each.signal(signal.SIGKILL)
        await runner.cleanup()
    total, counted, traces = await estimate(
        store, FleetKey.of_store(settings.url, settings.key_file)
    )
    pairs = list(zip(clients, fleet, strict=True))
    sent = sum(len(client.sent) for client in clients)
    known = {trace for client in clients for trace in client.sent}
    return {
        "seed": arguments.seed,
        "collectors": arguments.collectors,
        "exit_codes_not_0": sum(code != 0 for code in codes),
        "kills": sum(len(each.kills) for each in fleet),
        "pauses": sum(each.pauses for each in fleet),
        "sent": sent,
        "at_risk_in_kills": sum(at_risk(*pair) for pair in pairs),
        "never_killed": sum(not each.kills for each in fleet),
        "never_killed_but_miscounted": [
            (each.name, counted[each.name], len(client.sent), client.repeated)
            for client, each in pairs
            if not each.kills
            and not 0 <= counted[each.name] - len(client.sent) <= client.repeated
        ],
        "stored": total.stored,
        "stored_but_never_sent": len(traces - known),
        "estimated": round(total.calls),
        "standard_error": round(math.sqrt(total.variance)),
        "standard_errors_from_sent": round(total.z(sent), 2),
        "replayd_kills": sum(len(each.kills) for each in judges),
        "replayd_pauses": sum(each.pauses for each in judges),
        "judged": times.total(),
        "judged_twice": sum(many > 1 for many in times.values()),
        "model_calls": model.calls,
        "seconds_starting": round(started - began, 1),
        "seconds": round(time.monotonic() - began, 1),
    }


def broken(found: dict) -> list[str]:
    """Return what is not as it must be."""
    low = found["sent"] - found["at_risk_in_kills"]
    error = Z * found["standard_error"]
    return [
        text
        for text, holds in {
            "a program did not stop in order": not found["exit_codes_not_0"],
            "a collector miscounted": not found["never_killed_but_miscounted"],
            "a call was stored that nobody sent": not found["stored_but_never_sent"],
            "the estimate misses the truth": low - error
            <= found["estimated"]
            <= found["sent"] + error,
            "nothing was judged": found["judged"] > 0,
            "a case was judged twice": not found["judged_twice"],
            "nobody was killed": found["kills"] and found["replayd_kills"],
        }.items()
        if not holds
    ]


def main() -> int:
    """Run the case and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collectors", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0, help="of traffic")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="leave everything there")
    parser.add_argument("--keep", action="store_true", help="keep under results/")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(exist_ok=True)
        found = asyncio.run(once(folder, arguments))
    print(json.dumps(found, indent=1))
    wrong = broken(found)
    for text in wrong:
        print(f"broken: {text}", file=sys.stderr)
    if arguments.keep:
        case = {
            "case": "fleet",
            "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
            **found,
        }
        path = Path(__file__).parent / "results" / "fleet.json"
        path.write_text(json.dumps(case, indent=1) + "\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
