"""A store after a year: what start-up, gate, lists, pages and scrapes cost.

python bench/year.py [year] [--snapshots N] [--folder DIR] [--keep] [--enforce]

One million made-up snapshots in 10,000 segments, evenly over 365 days, with catalogues
and indexes, and one million results over 200 epochs of one canary, as runs of 250 with
plans. Every command is a process of its own: processor seconds, wall-clock seconds and
the most memory of the process, its children included where they are waited for. The
daemon is started three times: into a new epoch, into a going one from its checkpoint,
and into that one without any checkpoint, which folds it anew.
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
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from search import SERVICES, WINDOW_NS, snapshot  # noqa: E402

from replayd.config import ReplaydConfig  # noqa: E402
from replayd.evaluation import epochs  # noqa: E402
from replayd.evidence.epoch_fold import Fold  # noqa: E402
from replayd.evidence.scoreboard import Scoreboard  # noqa: E402
from replayd.evidence.settings import of_epoch, settings_of  # noqa: E402
from replayd.ledger.ledger import Checkpoint, Ledger, open_epoch  # noqa: E402
from replayd.model import (  # noqa: E402
    ArmOutcome,
    Case,
    Charged,
    Epoch,
    PairResult,
    Planned,
    StreamScore,
)
from snaptrace.query.search import build_indexes  # noqa: E402
from snaptrace.runtime.clock import SystemClock  # noqa: E402
from snaptrace.runtime.config import StoreConfig  # noqa: E402
from snaptrace.runtime.config import load as load_config  # noqa: E402
from snaptrace.snapshot import codec, object_names, segment  # noqa: E402
from snaptrace.snapshot.segment import (  # noqa: E402
    RANK_SPAN,
    ReservoirState,
    SegmentHeader,
)
from snaptrace.store import hour_index  # noqa: E402
from snaptrace.store.segment_watcher import HOUR_NS  # noqa: E402
from snaptrace.store.store import Store  # noqa: E402

YEAR_NS = 365 * 24 * HOUR_NS
RUN, BLOCK = 250, 500
READY_SECONDS = 300.0


def settings(folder: str, revision: str = "newest") -> list[str]:
    """Return the configuration of everything that is started."""
    url = "http://127.0.0.1:9/v1"
    arms = {
        "next": {"role": "canary", "url": url, "model": "m8", "revision": revision},
        "production": {
            "role": "control",
            "url": "http://127.0.0.1:9/v1",
            "model": "m7",
        },
    }
    return [
        f"store.url=file://{folder}",
        f"replayd.arms={json.dumps(arms)}",
        "replayd.metrics.listen=127.0.0.1:0",
        "replayd.page.listen=127.0.0.1:0",
        # Nothing is sent: what is measured is what is there already.
        "replayd.budget.requests_per_day=0",
    ]


def opened(folder: str) -> Store:
    """Open the bench's store."""
    return Store.open(StoreConfig(url=f"file://{folder}"))


async def fill_segments(store: Store, load: dict, now_ns: int) -> None:
    """Write the snapshots over a year, with catalogues and indexes."""
    rng, size = random.Random(load["seed"]), load["snapshots"] // load["segments"]
    step = (YEAR_NS - 3 * HOUR_NS) // load["segments"]
    for number in range(load["segments"]):
        at_ns = now_ns - YEAR_NS + number * step
        calls = [snapshot(number * size + n, at_ns, rng) for n in range(size)]
        header = SegmentHeader(
            collector=f"c{number % 20}",
            sequence=number,
            window_start_ns=at_ns - at_ns % WINDOW_NS,
            window_length_ns=WINDOW_NS,
            sealed_at_ns=at_ns,
            reservoirs=tuple(
                ReservoirState(
                    kind="uniform",
                    service=service,
                    modality=modality,
                    stratum="",
                    size=64,
                    threshold=RANK_SPAN // 4,
                )
                for service in SERVICES
                for modality in ("text", "image")
            ),
        )
        packed = [codec.pack_snapshot(call) for call in calls]
        name = object_names.segment(at_ns, f"c{number % 20}", number)
        await store.create(name, segment.write_packed(header, packed, level=3))
    await hour_index.close_hours(store, now_ns)
    await build_indexes(store)


def planned(number: int, at_ns: int) -> Planned:
    """Return one number of a plan."""
    name = f"{number:032x}"
    case = Case(
        snapshot_id=name,
        segment="v1/segments/none",
        index=0,
        unit=name,
        trace_id=name,
        service="shop",
        modality="text" if number % 3 else "image",
        api="openai_chat",
        model="assistant-7",
        route="r1",
        rank=number,
        recorded_at_ns=at_ns,
        uniform=True,
        replayable=True,
    )
    return Planned(number=number, case=case, lane="traffic", reserved_requests=2)


def result(item: Planned, at_ns: int, rng: random.Random) -> PairResult:
    """Return what became of it: one in thirty differs."""
    arm = ArmOutcome(outcome="answered", latency_ms=500.0, input_tokens=100)
    worse = rng.random() < 1 / 60
    score = StreamScore(
        scorer="claims",
        canary=0.0 if worse else 1.0,
        control=float(rng.random() > 1 / 60),
    )
    sure = StreamScore(scorer="answered", canary=1.0, control=1.0)
    return PairResult(
        number=item.number,
        snapshot_id=item.case.snapshot_id,
        modality=item.case.modality,
        lane=item.lane,
        slices=(),
        recorded_at_ns=at_ns,
        committed_at_ns=at_ns,
        canary=arm,
        control=arm,
        streams={"answered": sure, "quality": score, "invariants": sure},
        diagnostics={"refusal_kept": sure, "language_kept": sure},
        service="shop",
        route="r1",
        charged=Charged(requests=2, tokens=200, control_calls=1),
    )


async def fill_results(folder: str, load: dict, now_ns: int) -> None:
    """Write the epochs of a year; the newest has a checkpoint, as each once had."""
    store, clock = opened(folder), SystemClock()
    config = load_config(None, {}, settings(folder)).section("replayd", ReplaydConfig)
    rng, each = random.Random(load["seed"]), load["results"] // load["epochs"]
    arm = config.arms["next"]
    wanted = epochs.wanted_epoch(config, "next", arm, ("image", "text"))
    for sequence in range(load["epochs"]):
        started_ns = now_ns - YEAR_NS + sequence * (YEAR_NS // load["epochs"])
        epoch = Epoch(
            epoch=f"{sequence:024x}",
            canary="next",
            control=wanted.control,
            revision="newest" if sequence == load["epochs"] - 1 else f"r{sequence}",
            key=wanted.key,
            modalities=wanted.modalities,
            sequence=sequence,
            started_at_ns=started_ns,
        )
        await open_epoch(store, epoch)
        ledger = Ledger(store, epoch.epoch, clock, "bench")
        await ledger.open()
        fold = new_fold(config, epoch)
        plans = [planned(number, started_ns) for number in range(each)]
        for first in range(0, each, BLOCK):
            await ledger.plan(plans[first : first + BLOCK])
        for first in range(0, each, RUN):
            run = [result(p, started_ns, rng) for p in plans[first : first + RUN]]
            await ledger.commit(run, [])
            if sequence == load["epochs"] - 1:
                for item, found in zip(plans[first : first + RUN], run, strict=True):
                    fold.add(item, found)
        if sequence == load["epochs"] - 1:
            await ledger.save(Checkpoint(next_number=each, fold=fold.checkpoint()))
        await ledger.end()


def new_fold(config: ReplaydConfig, epoch: Epoch) -> Fold:
    """Return the fold of an epoch, before its first result."""
    known = of_epoch(settings_of(config, "next"), epoch)
    return Fold(lambda: Scoreboard(epoch, known))


def measured(argv: list[str]) -> dict[str, float]:
    """Run a command to its end; return what it took."""
    began = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    return {
        "seconds": round(time.monotonic() - began, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "mib": round(usage.ru_maxrss / 1024),
        "exit": os.waitstatus_to_exitcode(status),
    }


def started(folder: str, revision: str = "newest") -> dict[str, float]:
    """Start replayd, wait until its verdicts are shown; measure it and end it."""
    ports = Path(f"{folder}.ports")
    ports.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "replayd", "--ports-file", str(ports)]
    for each in settings(folder, revision):
        argv += ["--set", each]
    began = time.monotonic()
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: ports.exists() or process.poll() is not None)
        ready = time.monotonic() - began
        known = json.loads(ports.read_text())
        wait_until(
            lambda: "snaptrace_replayd_leading 1.0" in get(known["metrics"], "/metrics")
        )
        shown = time.monotonic() - began
        times = {}
        for name, port, path in (
            ("scrape", "metrics", "/metrics"),
            ("gate_api", "metrics", "/api/v1/gate/next"),
            ("page", "page", "/"),
        ):
            at = time.monotonic()
            get(known[port], path)
            times[f"{name}_seconds"] = round(time.monotonic() - at, 3)
        cpu, mib = spent(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return {
        "ready_seconds": round(ready, 2),
        "leading_seconds": round(shown, 2),
        "cpu_seconds": cpu,
        "mib": mib,
        **times,
    }


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something holds; end the bench if it never does."""
    ends = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > ends:
            raise SystemExit("it never came up")
        time.sleep(0.05)


def get(address: str, path: str) -> str:
    """Return what a running replayd answers; "" if it does not."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def spent(pid: int) -> tuple[float, int]:
    """Return a process's processor seconds and the most memory it had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    peak = next(line for line in status if line.startswith("VmHWM"))
    return round(ticks / os.sysconf("SC_CLK_TCK"), 2), round(
        int(peak.split()[1]) / 1024
    )


def measure(folder: str, load: dict) -> dict:
    """Fill the store if it is empty, and measure everything on it."""
    now_ns = time.time_ns()
    if not Path(folder, "v1").exists():
        Path(folder).mkdir(parents=True, exist_ok=True)
        asyncio.run(fill_segments(opened(folder), load, now_ns))
        asyncio.run(fill_results(folder, load, now_ns))
    found = {"start": started(folder)}
    cli = [sys.executable, "-m", "snaptrace"]
    options = [part for each in settings(folder) for part in ("--set", each)]
    for name, words in (
        ("gate", ["gate", "--canary", "next", "--format", "json"]),
        ("ls", ["ls", "--format", "jsonl", "--limit", "50"]),
        ("ls_all", ["ls", "--format", "jsonl", "--limit", "1000000"]),
        ("results_all", ["results", "--canary", "next"]),
        ("worst", ["worst", "--canary", "next", "--format", "json"]),
    ):
        found[name] = measured([*cli, *words, *options])
    for checkpoint in Path(folder, "v1", "checkpoints").rglob("*"):
        if checkpoint.is_file():
            checkpoint.unlink()
    found["start_without_checkpoint"] = started(folder)
    found["start_new_epoch"] = started(folder, f"r{time.time_ns()}")
    return found


def ended(arguments: argparse.Namespace, case: dict, shown: dict) -> int:
    """Keep the figures if that is asked for; return 1 where they are over budget."""
    if arguments.keep:
        path = HERE / "results" / f"{arguments.case}.json"
        path.write_text(json.dumps(shown, indent=1) + "\n")
    over = [
        f"{budget['of']}.{budget['metric']}"
        for budget in case["budget"]
        if shown[budget["of"]][budget["metric"]] > budget["at_most"]
    ]
    if over:
        print(f"over budget: {', '.join(over)}", file=sys.stderr)
    return int(bool(over) and arguments.enforce)


def main() -> int:
    """Run the case; exit 1 over budget if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="year")
    parser.add_argument("--snapshots", type=int, help="scale everything to so many")
    parser.add_argument(
        "--folder", help="kept and used again; a temporary one if not given"
    )
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args()
    case = tomllib.loads((HERE / "cases" / f"{arguments.case}.toml").read_text())
    load = case["load"]
    if arguments.snapshots:
        share = arguments.snapshots / load["snapshots"]
        for name in ("snapshots", "segments", "results"):
            load[name] = round(load[name] * share)
    with tempfile.TemporaryDirectory() as made:
        found = measure(arguments.folder or f"{made}/store", load)
    shown = {"case": arguments.case, "machine": platform.machine(), **load, **found}
    print(json.dumps(shown, indent=1))
    return ended(arguments, case, shown)


if __name__ == "__main__":
    sys.exit(main())
