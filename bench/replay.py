"""Cost of replaying beside the requests themselves.

python bench/replay.py replay_text [--repetitions 3] [--keep]

`bare` sends the same bodies from a plain aiohttp loop. `engine` draws, plans, reserves,
loads, builds both arms' requests, sends them, types the answers, commits results and
answers to a folder and folds, with a judge that costs nothing. `replayd` does the same
and judges, in its judging process. All use the daemon's event loop. Each runs in one
process on one core against the same two servers on the other, interleaved; the judging
process shares the servers' core, and its time is shown apart.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import uvloop

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from fakes.stored_calls import image_call, store_calls, text_call  # noqa: E402

from replayd import gc_tuning  # noqa: E402
from replayd.config import ReplaydConfig  # noqa: E402
from replayd.engine import Engine  # noqa: E402
from replayd.evaluation.canary import CanaryEvaluation  # noqa: E402
from snaptrace.crypto.fleet_key import FleetKey  # noqa: E402
from snaptrace.runtime.clock import SystemClock  # noqa: E402
from snaptrace.runtime.config import StoreConfig  # noqa: E402
from snaptrace.runtime.config import load as load_config  # noqa: E402
from snaptrace.store.store import Store  # noqa: E402

# What the recording, the control and the canary say: the same facts, in other words,
# so that no answer is scored without being read.
RECORDED = "The total is {} and the order was shipped on Monday."
LOOK_SECONDS = 0.02
SAID = ("Shipped on Monday; the order's total is {}.", "The order's total: {}, Monday.")


def main(argv: list[str]) -> int:
    """Run one case; 1 where a budget is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write bench/results")
    parser.add_argument("--one", help="run one target in this process")
    arguments = parser.parse_args(argv)
    case = tomllib.loads((HERE / "cases" / f"{arguments.case}.toml").read_text())
    if arguments.one:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(TARGETS[arguments.one](case["load"]))
        print(json.dumps(found))
        return 0
    found: dict[str, list[dict]] = {target: [] for target in case["targets"]}
    for _ in range(arguments.repetitions):
        for target in case["targets"]:
            found[target].append(_in_own_process(arguments.case, target))
    result = {
        "case": arguments.case,
        "goal": case["goal"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "load": case["load"],
        "targets": found,
    }
    if arguments.keep:
        file = HERE / "results" / f"{arguments.case}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
    return _report(found, case.get("budget", []))


def _in_own_process(case: str, target: str) -> dict:
    argv = [sys.executable, __file__, case, "--one", target]
    # One core for the client, the other for the servers.
    pinned = ["taskset", "-c", "0"] if os.path.exists("/usr/bin/taskset") else []  # noqa: PTH110
    done = subprocess.run(pinned + argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


def _report(found: dict[str, list[dict]], budgets: list[dict]) -> int:
    for target, repetitions in found.items():
        for metric in repetitions[0]:
            values = [r[metric] for r in repetitions]
            mean = statistics.fmean(values)
            print(
                f"{target:8} {metric:28} {mean:10.2f}  {[round(v, 2) for v in values]}"
            )
    failed = 0
    for budget in budgets:
        target = budget.get("target", "engine")
        mine = statistics.fmean(r[budget["metric"]] for r in found[target])
        if of := budget.get("of"):
            mine /= statistics.fmean(r[budget["metric"]] for r in found[of])
        met = mine >= budget.get("at_least", mine) and mine <= budget.get(
            "at_most", mine
        )
        failed |= not met
        print(f"budget {budget}: {mine:.3f} {'met' if met else 'NOT MET'}")
    return int(failed)


class Servers:
    """Two model servers on the other core."""

    def __init__(self, pause_seconds: float) -> None:
        self._pause = pause_seconds

    def __enter__(self) -> list[str]:
        argv = [sys.executable, str(HERE / "model_server.py")]
        pinned = ["taskset", "-c", "1"] if os.path.exists("/usr/bin/taskset") else []  # noqa: PTH110
        self._running = [
            subprocess.Popen(
                [*pinned, *argv, "--pause", str(self._pause), "--says", says],
                stdout=subprocess.PIPE,
                text=True,
            )
            for says in SAID
        ]
        ports = [process.stdout.readline().strip() for process in self._running]
        return [f"http://127.0.0.1:{port}/v1" for port in ports]

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.kill()
            process.wait()


def _calls(load: dict) -> Iterator[tuple]:

    now = time.time_ns()
    rng = random.Random(load["seed"])
    for number in range(load["pairs"]):
        answer = RECORDED.format(number)
        words = " ".join(
            rng.choice(["order", "total", "shipped", "north", "value", "when"])
            for _ in range(load["body_bytes"] // 6)
        )
        if image_bytes := load.get("image_bytes", 0):
            data = rng.randbytes(64) + bytes(image_bytes - 64)
            call = image_call(
                number, data, FleetKey(b"k" * 32), at_ns=now, answer=answer
            )
            yield call, data
            continue
        body = {
            "model": "assistant-7",
            "messages": [{"role": "user", "content": f"{number} {words}"}],
            "temperature": 0.2,
        }
        yield text_call(number, at_ns=now, answer=answer, body=body), b""


async def bare(load: dict) -> dict:
    """Send the bodies to both servers, so many at once, and decode the answers."""
    bodies = [json.dumps(call.request.body).encode() for call, _ in _calls(load)]
    waiting = iter([(b, i) for b in bodies for i in (0, 1)])
    with Servers(load["pause_seconds"]) as urls:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def work() -> None:
                for body, arm in waiting:
                    async with session.post(
                        urls[arm] + "/chat/completions",
                        data=body,
                        headers={"content-type": "application/json"},
                    ) as answer:
                        json.loads(await answer.read())

            began, cpu = time.perf_counter(), time.process_time()
            async with asyncio.TaskGroup() as group:
                for _ in range(2 * load["in_flight"]):
                    group.create_task(work())
            return _figures(2 * len(bodies), began, cpu)


def _figures(requests: int, began: float, cpu: float) -> dict:
    seconds = time.perf_counter() - began
    high_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "requests_per_second": requests / seconds,
        "cpu_us_per_request": (time.process_time() - cpu) / requests * 1e6,
        "high_water_mib": high_kib / 1024,
    }


async def engine(load: dict) -> dict:
    """As `replayd`, with a judge that costs nothing: what replaying itself takes."""
    return await replayd(load, judged=False)


async def replayd(load: dict, *, judged: bool = True) -> dict:
    """Run the daemon on a folder until every case is judged."""
    from snaptrace.crypto.fleet_key import FleetKey  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory() as folder,
        Servers(load["pause_seconds"]) as urls,
    ):
        sets = _settings(folder, urls, load)
        document = load_config(None, {}, [f"{k}={v}" for k, v in sets.items()])
        config = document.section("replayd", ReplaydConfig)
        store = Store.open(document.section("store", StoreConfig))
        key, now = FleetKey(b"k" * 32), time.time_ns()
        made = _calls(load)
        for first in range(0, load["pairs"], 50):
            part = list(itertools.islice(made, 50))
            await store_calls(
                store,
                [call for call, _ in part],
                at_ns=now,
                sequence=first,
                blobs=[data for _, data in part if data],
                key=key,
            )
        program = Engine(config, store, key, SystemClock(), random.Random(1))
        if not judged:
            from fakes.led_epoch import judge  # noqa: PLC0415

            program.judging.judge = judge
        return await _led(program, load, judged=judged)


async def _led(program: Engine, load: dict, *, judged: bool) -> dict:
    gc_tuning.search_seldom()  # as `replayd.__main__` does
    async with AsyncExitStack() as stack:
        await program.open_arms(stack, {})
        await program.reading.poll()
        program.spending.rate.observed(10**9)
        stop, done = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(program.judging.run(lambda: None, done))
            shadow = program.shadows["canary"]
            began, cpu = time.perf_counter(), time.process_time()
            leading = group.create_task(shadow.run(stop))
            if judged:
                group.create_task(_judge_on_the_other_core())
            watched = await _watched(program, shadow, load["pairs"])
            figures = _figures(2 * load["pairs"], began, cpu)
            # Little's law: what stood at the servers, without waiting for the loop.
            at_servers = figures["requests_per_second"] * load["pause_seconds"]
            stop.set()
            await leading
            done.set()
    judging = resource.getrusage(resource.RUSAGE_CHILDREN)  # the servers still run
    seconds = judging.ru_utime + judging.ru_stime
    return {
        **figures,
        **watched,
        "mean_at_the_servers": at_servers,
        "judging_cpu_us_per_request": seconds / (2 * load["pairs"]) * 1e6,
        "judging_high_water_mib": judging.ru_maxrss / 1024,
    }


async def _watched(program: Engine, shadow: CanaryEvaluation, pairs: int) -> dict:
    """Look every 20 ms until all pairs are folded: how late, and what is in flight."""
    loop = asyncio.get_running_loop()
    lags, own_lags, least, both = [], [], [], []
    due, queued = loop.time(), _queued_seconds()
    while shadow.lead is None or shadow.lead.fold.next_number < pairs:
        due += LOOK_SECONDS
        await asyncio.sleep(due - loop.time())
        late, before, queued = loop.time() - due, queued, _queued_seconds()
        lags.append(late)
        own_lags.append(max(late - (queued - before), 0.0))
        due = max(due, loop.time())
        arms = [arm.endpoint.state().in_flight for arm in program.arms.values()]
        least.append(min(arms))
        both.append(sum(arms))
    # Half of all looks saw at least so many in both arms: start and end included.
    return {
        "loop_lag_p99_ms": _p99(lags) * 1000,
        # Without the time in which the process waited for its core: other work.
        "loop_lag_own_p99_ms": _p99(own_lags) * 1000,
        "most_in_flight_per_arm": max(least),
        "median_in_flight_per_arm": statistics.median(least),
        "median_in_flight": statistics.median(both),  # requests, both arms together
    }


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]


def _queued_seconds() -> float:
    """Return how long this thread was ready to run and did not (Linux)."""
    stat = Path("/proc/self/schedstat")
    return int(stat.read_text().split()[1]) / 1e9 if stat.exists() else 0.0


async def _judge_on_the_other_core() -> None:
    """Move the judging process beside the servers once it is there."""
    while len(os.sched_getaffinity(0)) == 1 and not _moved():  # noqa: ASYNC110 - no event
        await asyncio.sleep(LOOK_SECONDS)


def _moved() -> bool:
    for child in Path("/proc/self/task").glob("*/children"):
        for pid in child.read_text().split():
            if b"replayd.scoring.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.sched_setaffinity(int(pid), {1})
                return True
    return False


def _settings(folder: str, urls: list[str], load: dict) -> dict:
    most = load["in_flight"]
    arms = {
        "canary": {
            "role": "canary",
            "url": urls[0],
            "model": "m8",
            "concurrency": most,
        },
        "production": {
            "role": "control",
            "url": urls[1],
            "model": "m7",
            "concurrency": most,
        },
    }
    return {
        "store.url": f"file://{folder}/store",
        "replayd.arms": json.dumps(arms),
        "replayd.concurrency": most,
        "replayd.schedule.block": load.get("block", 64),
        "replayd.schedule.second_control_share": 0,
        "replayd.control_rate.share_of_production": 1.0,
        "replayd.control_rate.per_minute": 1e9,
    }


TARGETS: dict[str, Callable] = {"bare": bare, "engine": engine, "replayd": replayd}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
