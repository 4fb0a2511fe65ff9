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

from aiohttp import web
from fleet_members import LEASE_SECONDS, Client, Program, collector, replica
from known_model import MODALITIES, Model
from msgspec import Struct

from replayd.ledger.ledger import Ledger, epochs
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.browser import Browser
from snaptrace.store.store import Store

# A kill takes what waits in memory: a trace waits QUIET_SECONDS for its last record,
# and the sampling process may be behind on two cores that fifty collectors share.
AT_RISK_SECONDS = 10.0


STARTING_AT_ONCE = 4


KILLED_SHARE = 0.6  # the others are paused


Z = 4.0  # standard errors; a right sample is outside once in 16,000 runs


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


class Estimate(Struct, frozen=True):
    """Estimate of the traffic from the store."""

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
