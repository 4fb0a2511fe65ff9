"""Workers on NATS: how a load grows with them, and what they cost the leader.

python bench/workers.py [workers] [--only PART] [--keep] [--enforce]

- `latency`: real `snaptrace worker` processes of one connection limit each, on models
  that take 300 ms: pairs a second with 1, 4 and 8 workers, taken in turn, same leader.
- `scoring`: one and two workers that score what costs processor time (reports of
  many sentences), on models that answer at once.
- `leader`: a real leader with 20 workers that answer at once (in one process, without
  arms): the leader's processor time per committed pair.
- `fold`: commit and fold alone, results put as fast as they are taken: processor time
  per pair over the run's tenths, and how many wait.
- `sustained`: the same at a rate, for minutes: how far it gets behind by tenths.

Needs a nats-server: `.venv/servers`, or SNAPTRACE_NATS_SERVER. Rates are of one run on
a shared machine: read the ratios.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests")]

import year  # noqa: E402
from fakes.nats_server import Nats  # noqa: E402
from fakes.stored_calls import store_calls, text_call  # noqa: E402

from replayd.config import ReplaydConfig  # noqa: E402
from replayd.evaluation.committer import Committer  # noqa: E402
from replayd.evidence.epoch_fold import Fold  # noqa: E402
from replayd.evidence.scoreboard import Scoreboard  # noqa: E402
from replayd.evidence.settings import of_epoch, settings_of  # noqa: E402
from replayd.ledger.ledger import Ledger  # noqa: E402
from replayd.model import Epoch, JudgedPair  # noqa: E402
from snaptrace.runtime.clock import SystemClock  # noqa: E402
from snaptrace.runtime.config import StoreConfig  # noqa: E402
from snaptrace.runtime.config import load as load_config  # noqa: E402
from snaptrace.store.store import Store  # noqa: E402

ANSWER = "The total is {} and the order was shipped on Monday."
SAID = ("Shipped on Monday; the order's total is {}.", "The order's total: {}, Monday.")
# A sentence of a report; its number is the report's.
RECORDED = "Order {0} of report {{}} left for Leipzig with {0}0 pieces, not refused."
REPORTED = (
    "With {0}0 pieces, order {0} of report {{}} left for Leipzig; it was not refused.",
    "Order {0} ({0}0 pieces) of report {{}} was not refused and left for Leipzig.",
)
# Counted as they come; commits follow in batches.
ANSWERED = 'snaptrace_replayd_worker_replies_total{end="answered"}'
WARM_SECONDS = 4.0


def settings(folder: str, nats: str, arms: list[str], **more: object) -> list[str]:
    """Return the configuration of leader and workers."""
    roles = (("next", "canary", "m8"), ("production", "control", "m7"))
    found = {
        name: {"role": role, "url": url, "model": model}
        for (name, role, model), url in zip(roles, arms, strict=True)
    }
    sets: dict[str, object] = {
        "store.url": f"file://{folder}/store",
        "replayd.arms": json.dumps(found),
        "replayd.metrics.listen": "127.0.0.1:0",
        "replayd.page.listen": "127.0.0.1:0",
        "replayd.schedule.poll": 1,
        "replayd.schedule.block": 256,
        "replayd.schedule.second_control_share": 0,
        "replayd.control_rate.share_of_production": 100,
        "replayd.control_rate.per_minute": 10_000_000,
        "replayd.workers.nats.url": nats,
        "replayd.workers.listen": "127.0.0.1:0",
        **more,
    }
    return [f"{key}={value}" for key, value in sets.items()]


class Started:
    """A program of ours, killed at the end of the block."""

    def __init__(self, module: str, folder: str, sets: list[str]) -> None:
        self._ports = Path(folder, f"{module}-{time.monotonic_ns()}.ports")
        argv = [sys.executable, "-m", module, "--ports-file", str(self._ports)]
        self._argv = argv + [part for each in sets for part in ("--set", each)]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self._argv, stderr=subprocess.DEVNULL)
        year.wait_until(lambda: self._ports.exists() or self.process.poll() is not None)
        self.address = json.loads(self._ports.read_text())["metrics"]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def answered(self) -> int:
        """Return how many pairs the workers answered."""
        url = f"http://{self.address}/metrics"
        with urllib.request.urlopen(url, timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(x.split()[-1])) for x in lines if x.startswith(ANSWERED))


def rate(leader: Started, seconds: float) -> dict[str, float]:
    """Return pairs a second and the leader's processor time per pair, over a while."""
    began_at = leader.answered()
    year.wait_until(lambda: leader.answered() > began_at)
    time.sleep(WARM_SECONDS)
    first, cpu = leader.answered(), year.spent(leader.process.pid)[0]
    began = time.monotonic()
    time.sleep(seconds)
    pairs = leader.answered() - first
    spent = year.spent(leader.process.pid)[0] - cpu
    return {
        "pairs_per_second": round(pairs / (time.monotonic() - began), 2),
        "leader_cpu_ms_per_pair": round(1000 * spent / max(pairs, 1), 4),
        "pairs": pairs,
    }


def models(stack: ExitStack, pause: float, said: tuple[str, str] = SAID) -> list[str]:
    """Start two model servers; return their addresses."""
    found = []
    for says in said:
        argv = [sys.executable, str(HERE / "model_server.py")]
        process = subprocess.Popen(
            [*argv, "--pause", str(pause), "--says", says],
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        found.append(f"http://127.0.0.1:{process.stdout.readline().strip()}/v1")
    return found


def report(sentence: str, sentences: int) -> str:
    """Return a template of that many sentences; `{}` stays where the number goes."""
    return " ".join(sentence.format(each) for each in range(1, sentences + 1))


def fill(folder: str, pairs: int, answer: str = ANSWER) -> None:
    """Store that many recorded calls."""

    async def run() -> None:
        store, now = (
            Store.open(StoreConfig(url=f"file://{folder}/store")),
            time.time_ns(),
        )
        for first in range(0, pairs, 500):
            numbers = range(first, min(first + 500, pairs))
            calls = [
                text_call(n, at_ns=now, answer=answer.replace("{}", str(n)))
                for n in numbers
            ]
            await store_calls(store, calls, at_ns=now, sequence=first)

    asyncio.run(run())


def scaled(folder: str, nats: str, load: dict, kind: str) -> dict[str, dict]:
    """Measure one leader with a growing number of workers, one after the other."""
    found = {}
    recorded, said = ANSWER, SAID
    if sentences := load.get(f"{kind}_sentences", 0):
        recorded = report(RECORDED, sentences)
        said = (report(REPORTED[0], sentences), report(REPORTED[1], sentences))
    fill(folder, load[f"{kind}_pairs"], recorded)
    with ExitStack() as stack:
        arms = models(stack, load[f"{kind}_pause_seconds"], said)
        one = load[f"{kind}_connections"]
        sets = settings(
            folder,
            nats,
            arms,
            **{
                "replayd.workers.concurrency": load[f"{kind}_in_hand"],
                "replayd.workers.pending": 64,
            },
        )
        for arm in ("next", "production"):
            sets.append(f"replayd.arms.{arm}.concurrency={one}")
        leader = stack.enter_context(Started("replayd", folder, sets))
        running = 0
        for workers in load[f"{kind}_workers"]:
            for _ in range(workers - running):
                stack.enter_context(Started("replayd.worker", folder, sets))
            running = workers
            found[str(workers)] = rate(leader, load["seconds"])
    first = found[str(load[f"{kind}_workers"][0])]["pairs_per_second"]
    for each in found.values():
        each["times"] = round(each["pairs_per_second"] / first, 2)
    return found


def leader(folder: str, nats: str, load: dict) -> dict:
    """Measure a leader whose workers answer at once."""
    fill(folder, load["leader_pairs"])
    sets = settings(
        folder,
        nats,
        ["http://127.0.0.1:9/v1"] * 2,
        **{"replayd.workers.pending": 1024, "replayd.keep_answers": "false"},
    )
    with ExitStack() as stack:
        argv = [
            sys.executable,
            str(HERE / "instant_workers.py"),
            str(load["leader_workers"]),
        ]
        process = subprocess.Popen(argv + sets)
        stack.callback(process.kill)
        found = stack.enter_context(Started("replayd", folder, sets))
        return rate(found, load["seconds"])


async def _folded(folder: str, pairs: int, per_second: float = 0.0) -> dict:
    """Fold that many pairs, as fast as they are taken or at a rate."""
    config = load_config(None, {}, year.settings(folder)).section(
        "replayd", ReplaydConfig
    )
    epoch = Epoch(
        epoch="e1",
        canary="next",
        control="production",
        revision="r1",
        key={},
        modalities=("image", "text"),
    )
    known = of_epoch(settings_of(config, "next"), epoch)
    ledger = Ledger(year.opened(folder), "e1", SystemClock(), "bench")
    await ledger.open()
    fold = Fold(lambda: Scoreboard(epoch, known))
    committer = Committer(ledger, fold, in_flight=1024, keep_answers=False)
    rng, now = random.Random(1), time.time_ns()
    tenths, most = [], [0] * 10
    began_at = time.monotonic()
    closing = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(committer.run(closing))
        for part in range(10):
            size = pairs // 10
            plans = [year.planned(part * size + n, now) for n in range(size)]
            judged = [JudgedPair(year.result(p, now, rng)) for p in plans]
            began = time.process_time()
            for first in range(0, size, 256):
                committer.expect(plans[first : first + 256])
                for one in judged[first : first + 256]:
                    committer.put(one)
                await asyncio.sleep(0)
                if per_second:
                    due = began_at + (part * size + first) / per_second
                    await asyncio.sleep(max(due - time.monotonic(), 0.0))
                while not per_second and committer.waiting > 2048:
                    committer.changed.clear()
                    await committer.changed.wait()
                most[part] = max(most[part], committer.waiting)
            while fold.next_number < (part + 1) * size:
                committer.changed.clear()
                await committer.changed.wait()
            tenths.append(round((time.process_time() - began) / size * 1e6, 1))
        closing.set()
        committer.wake()
    return {
        "pairs": pairs,
        "cpu_us_per_pair_by_tenth": tenths,
        "pairs_per_cpu_second": round(1e6 * len(tenths) / sum(tenths)),
        "slowest_tenth_pairs_per_cpu_second": round(1e6 / max(tenths)),
        "seconds": round(time.monotonic() - began_at, 1),
        "most_waiting_by_tenth": most,
    }


def measure(load: dict, only: str) -> dict:
    """Run the parts, each on a store and a server of its own."""
    found: dict[str, object] = {}
    parts = {
        "fold": lambda folder, _nats: asyncio.run(_folded(folder, load["fold_pairs"])),
        "sustained": lambda folder, _nats: asyncio.run(
            _folded(folder, load["sustained_pairs"], load["sustained_per_second"])
        ),
        "leader": lambda folder, nats: leader(folder, nats, load),
        "latency": lambda folder, nats: scaled(folder, nats, load, "latency"),
        "scoring": lambda folder, nats: scaled(folder, nats, load, "scoring"),
    }
    for name, part in parts.items():
        if only and name != only:
            continue
        with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
            server = Nats(Path(folder, "nats"))
            runner.run(server.start())
            try:
                found[name] = (
                    _apart(part, folder)
                    if name in ("fold", "sustained")
                    else part(folder, server.url)
                )
            finally:
                runner.run(server.nodes[0].end())
        print(name, json.dumps(found[name]), flush=True)
    return found


def _apart(part: object, folder: str) -> object:
    """Run a part that has a loop of its own outside ours."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(part, folder, "").result()  # type: ignore[arg-type]


def main() -> int:
    """Run the case; exit 1 over budget if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="workers")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args()
    case = tomllib.loads((HERE / "cases" / f"{arguments.case}.toml").read_text())
    found = measure(case["load"], arguments.only)
    shown = {
        "case": arguments.case,
        "goal": case["goal"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": os.getloadavg(),
        "load": case["load"],
        **found,
    }
    path = HERE / "results" / f"{arguments.case}.json"
    if arguments.keep:
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**before, **shown}, indent=1) + "\n")
    over = [budget for budget in case["budget"] if not _met(found, budget)]
    for budget in over:
        print(f"over budget: {budget}", file=sys.stderr)
    return int(bool(over) and arguments.enforce)


def _met(found: dict, budget: dict) -> bool:
    value = found
    for name in budget["of"].split("."):
        if name not in value:
            return True  # not run
        value = value[name]
    least, most = (
        budget.get("at_least", float("-inf")),
        budget.get("at_most", float("inf")),
    )
    return least <= value <= most


if __name__ == "__main__":
    sys.exit(main())
