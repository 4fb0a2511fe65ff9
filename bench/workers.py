"""Workers on NATS: how a load grows with them, and what they cost the leader.

python bench/workers.py [workers] [--only PART] [--keep] [--enforce]

- `latency`: real `snaptrace worker` processes of one connection limit each, on models
  that take 300 ms: pairs a second with 1, 4 and 8 workers, taken in turn, same leader.
- `scoring`: one and two workers that score what costs processor time (reports of
  many sentences), on models that answer at once; processor time per pair by process,
  for what is not scoring takes its share of the same cores.
- `leader`: a real leader with 20 workers that answer at once (in one process, without
  arms): the leader's processor time per committed pair.
- `fold`: commit and fold alone, results put as fast as they are taken: processor time
  per pair over the run's tenths, and how many wait.
- `sustained`: the same at a rate, for minutes: how far it gets behind by tenths.
  Processor time of making plans and results is not counted there, but it takes its
  share of the core.

Needs a nats-server: `.venv/servers`, or SNAPTRACE_NATS_SERVER. Rates are of one run on
a shared machine: read the ratios.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests")]

import year  # noqa: E402
from committing import folded, sustained  # noqa: E402
from fakes.nats_server import Nats  # noqa: E402
from fakes.stored_calls import store_calls, text_call  # noqa: E402

from snaptrace.runtime.config import StoreConfig  # noqa: E402
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
NOBODY: Mapping[str, list[int]] = {}


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


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in each.read_text().split()]
    return found


def rate(
    leader: Started, seconds: float, others: Mapping[str, list[int]] = NOBODY
) -> dict[str, object]:
    """Return pairs a second, and processor time per pair by process, over a while."""
    began_at = leader.answered()
    year.wait_until(lambda: leader.answered() > began_at)
    time.sleep(WARM_SECONDS)
    groups = {"leader": [leader.process.pid], **others}

    def spent() -> dict[str, float]:
        return {n: sum(year.spent(p)[0] for p in pids) for n, pids in groups.items()}

    first, cpu, began = leader.answered(), spent(), time.monotonic()
    time.sleep(seconds)
    pairs = leader.answered() - first
    each = {n: 1000 * (s - cpu[n]) / max(pairs, 1) for n, s in spent().items()}
    return {
        "pairs_per_second": round(pairs / (time.monotonic() - began), 2),
        "leader_cpu_ms_per_pair": round(each["leader"], 4),
        "cpu_ms_per_pair": {name: round(ms, 3) for name, ms in each.items()},
        "pairs": pairs,
    }


def models(
    stack: ExitStack, pause: float, said: tuple[str, str]
) -> tuple[list[str], list[int]]:
    """Start two model servers; return their addresses and processes."""
    found, pids = [], []
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
        pids.append(process.pid)
    return found, pids


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
        arms, asked = models(stack, load[f"{kind}_pause_seconds"], said)
        each = load[f"{kind}_connections"]
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
            sets.append(f"replayd.arms.{arm}.concurrency={each}")
        leader = stack.enter_context(Started("replayd", folder, sets))
        running: list[int] = []
        for workers in load[f"{kind}_workers"]:
            for _ in range(workers - len(running)):
                one = stack.enter_context(Started("replayd.worker", folder, sets))
                running.append(one.process.pid)
            time.sleep(WARM_SECONDS)  # until they have their scoring processes
            others = {
                "workers": running,
                "scoring": [child for pid in running for child in children(pid)],
                "models": asked,
            }
            known = [leader.process.pid, *running, *asked]
            others["nats"] = [p for p in children(os.getpid()) if p not in known]
            found[str(workers)] = rate(leader, load["seconds"], others)
    first = found[str(load[f"{kind}_workers"][0])]["pairs_per_second"]
    for measured in found.values():
        measured["times"] = round(measured["pairs_per_second"] / first, 2)
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


def measure(load: dict, only: str) -> dict:
    """Run the parts, each on a store and a server of its own."""
    found: dict[str, object] = {}
    parts = {
        "fold": lambda folder, _nats: asyncio.run(folded(folder, load["fold_pairs"])),
        "sustained": lambda folder, _nats: asyncio.run(
            sustained(folder, load["sustained_per_second"], load["sustained_seconds"])
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
