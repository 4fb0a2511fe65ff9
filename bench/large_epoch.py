"""One large epoch: what a start costs with a checkpoint, behind it, and without one.

python bench/large_epoch.py [large_epoch] [--keep] [--enforce]

A leader that was killed finds the newest checkpoint a little behind: it is written
anew once the epoch has grown by `replayd.evaluation.committer.CHECKPOINT_SHARE`, so
that is the most that is folded again. Measured from the start of the process until the
gate answers for all pairs: processor seconds, most memory, and wall-clock seconds.
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
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests")]

import year  # noqa: E402
from workers import fill  # noqa: E402

from replayd.config import ReplaydConfig  # noqa: E402
from replayd.evaluation import epochs  # noqa: E402
from replayd.evaluation.committer import CHECKPOINT_SHARE  # noqa: E402
from replayd.ledger.ledger import Checkpoint, Ledger, open_epoch  # noqa: E402
from replayd.model import Epoch  # noqa: E402
from snaptrace.runtime.clock import SystemClock  # noqa: E402
from snaptrace.runtime.config import load as load_config  # noqa: E402

EPOCH = "e1".ljust(24, "0")
CASES = 200  # recorded calls, so that there is something to evaluate


def settings(folder: str) -> list[str]:
    """Return the configuration of the leader that is started."""
    return year.settings(f"{folder}/store")


async def fill_epoch(folder: str, pairs: int) -> dict[str, Checkpoint]:
    """Write plans and results of one epoch; return checkpoints to start from."""
    config = load_config(None, {}, settings(folder)).section("replayd", ReplaydConfig)
    store, clock, now_ns = year.opened(f"{folder}/store"), SystemClock(), time.time_ns()
    arm = config.arms["next"]
    wanted = epochs.wanted_epoch(config, "next", arm, ("text",))
    epoch = Epoch(
        epoch=EPOCH,
        canary="next",
        control=wanted.control,
        revision="newest",
        key=wanted.key,
        modalities=wanted.modalities,
        started_at_ns=now_ns,
    )
    await open_epoch(store, epoch)
    ledger, fold = (
        Ledger(store, epoch.epoch, clock, "bench"),
        year.new_fold(config, epoch),
    )
    await ledger.open()
    rng, found = random.Random(1), {}
    behind = pairs - int(pairs * CHECKPOINT_SHARE)
    for first in range(0, pairs, year.BLOCK):
        numbers = range(first, min(first + year.BLOCK, pairs))
        plans = [year.planned(number, now_ns) for number in numbers]
        results = [year.result(each, now_ns, rng) for each in plans]
        await ledger.plan(plans)
        await ledger.commit(results, [])
        for item, result in zip(plans, results, strict=True):
            fold.add(item, result)
        if not found and fold.next_number >= behind:
            found["behind"] = Checkpoint(
                next_number=fold.next_number, fold=fold.checkpoint()
            )
    found["newest"] = Checkpoint(next_number=pairs, fold=fold.checkpoint())
    return found


def only(folder: str, checkpoint: Checkpoint | None) -> None:
    """Leave this checkpoint in the store, and no other."""
    for each in Path(folder, "store", "v1", "checkpoints").rglob("*"):
        if each.is_file():
            each.unlink()
    if checkpoint is not None:
        ledger = Ledger(year.opened(f"{folder}/store"), EPOCH, SystemClock())
        asyncio.run(ledger.save(checkpoint))


def started(folder: str, pairs: int) -> dict[str, float]:
    """Start a leader, wait until its verdicts rest on all pairs; measure it."""
    ports = Path(folder, "ports")
    ports.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "replayd", "--ports-file", str(ports)]
    argv += [part for each in settings(folder) for part in ("--set", each)]
    began = time.monotonic()
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        year.wait_until(lambda: ports.exists() or process.poll() is not None)
        address = json.loads(ports.read_text())["metrics"]
        year.wait_until(lambda: _number(address) >= pairs)
        seconds = time.monotonic() - began
        cpu, mib = year.spent(process.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return {"cpu_seconds": cpu, "mib": mib, "seconds": round(seconds, 2)}


def _number(address: str) -> int:
    """Return up to where verdicts are folded."""
    said = year.get(address, "/api/v1/verdicts")
    found = json.loads(said)["canaries"] if said.startswith("{") else {}
    return int(found.get("next", {}).get("number", 0))


def measure(load: dict) -> dict:
    """Fill a store, and start a leader from each checkpoint and from none."""
    pairs = load["pairs"]
    with tempfile.TemporaryDirectory() as folder:
        fill(folder, CASES)
        checkpoints = asyncio.run(fill_epoch(folder, pairs))
        found: dict[str, object] = {}
        for name in ("newest", "behind", "none"):
            checkpoint = checkpoints.get(name)
            only(folder, checkpoint)
            again = pairs - (checkpoint.next_number if checkpoint else 0)
            found[name] = {"folded_again": again, **started(folder, pairs)}
            print(name, json.dumps(found[name]), flush=True)
    return found


def main() -> int:
    """Run the case; exit 1 over budget if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="large_epoch")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args()
    case = tomllib.loads((HERE / "cases" / f"{arguments.case}.toml").read_text())
    shown = {
        "case": arguments.case,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": os.getloadavg(),
        **case["load"],
        **measure(case["load"]),
    }
    return year.ended(arguments, case, shown)


if __name__ == "__main__":
    sys.exit(main())
