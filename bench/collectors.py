"""A fleet of many collectors: what a day of it puts into a store, and what that costs.

python bench/collectors.py [collectors] [--keep] [--enforce]

No processes: arithmetic on measured pieces. A collector's window is a real segment,
written and read by the real code; list requests are counted at an S3-compatible server
while an hour's names appear in it and the real watch follows; the merged sample of a
window is drawn from the ranks themselves. Prices are those that large object stores ask
and stand in the case's file.
"""

import argparse
import asyncio
import json
import platform
import random
import sys
import time
import tomllib
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests")]

from fakes.counting_s3 import CountingS3  # noqa: E402
from fakes.dict_store import dict_store  # noqa: E402
from search import snapshot  # noqa: E402

from replayd.cases.intake import Intake  # noqa: E402
from snaptrace.runtime.config import StoreConfig  # noqa: E402
from snaptrace.snapshot import codec, object_names, segment  # noqa: E402
from snaptrace.snapshot.segment import (  # noqa: E402
    RANK_SPAN,
    ReservoirState,
    SegmentHeader,
)
from snaptrace.store.segment_watcher import (  # noqa: E402
    HOUR_NS,
    PAGE,
    SegmentWatch,
)
from snaptrace.store.store import Store  # noqa: E402

START_NS = 500_000 * HOUR_NS
DAY_SECONDS, HOUR_SECONDS = 86_400, 3_600
MEASURED_SEGMENTS = 400
FOLLOWED_STEPS = 20  # in which an hour's names appear


def window_segment(calls: int, number: int, rng: random.Random) -> tuple[str, bytes]:
    """Return one collector's window as it is uploaded."""
    at_ns = START_NS + number
    header = SegmentHeader(
        collector=f"c{number:06d}",
        sequence=0,
        window_start_ns=START_NS,
        window_length_ns=600 * 10**9,
        sealed_at_ns=at_ns,
        reservoirs=(
            ReservoirState(
                kind="uniform",
                service="shop",
                modality="text",
                stratum="",
                size=calls,
                threshold=RANK_SPAN // 4,
            ),
        ),
    )
    made = [snapshot(number * calls + n, at_ns, rng) for n in range(calls)]
    packed = [codec.pack_snapshot(call) for call in made]
    name = object_names.segment(at_ns, f"c{number:06d}", 0)
    return name, segment.write_packed(header, packed, level=3)


async def intake_cost(calls: int) -> dict[str, float]:
    """Return bytes of a segment and the leader's processor time to take one in."""
    store, rng = dict_store(), random.Random(1)
    sizes = []
    for number in range(MEASURED_SEGMENTS):
        name, data = window_segment(calls, number, rng)
        sizes.append(len(data))
        await store.create(name, data)
    intake = Intake(store, START_NS, 24 * HOUR_NS)
    began = time.process_time()
    await intake.poll(START_NS + 60 * 10**9)
    spent = time.process_time() - began
    return {
        "bytes": round(sum(sizes) / len(sizes)),
        "intake_cpu_us": round(1e6 * spent / MEASURED_SEGMENTS),
    }


async def list_calls(objects: int) -> int:
    """Count list requests while an hour's objects appear and are followed."""
    names = [object_names.segment(START_NS, f"c{n:07d}", 0) for n in range(objects)]
    random.Random(2).shuffle(names)
    async with CountingS3() as server:
        store = Store.open(StoreConfig(url="s3://b/p", options=server.options))
        watch, seen, put = SegmentWatch(store, START_NS), 0, 0
        for poll in range(HOUR_SECONDS // 10):
            step = poll * FOLLOWED_STEPS // (HOUR_SECONDS // 10)
            if (wanted := objects * step // FOLLOWED_STEPS) > put:
                server.put(names[put:wanted])
                put = wanted
            seen += len(await watch.new(START_NS + poll * 10 * 10**9))
        calls = server.requests["list"]
        server.put(names[put:])
        seen += len(await watch.new(START_NS + 3 * HOUR_NS))
        assert seen == objects
        return calls


def every_poll(objects: int) -> int:
    """Return the list requests of an hour that is listed anew at every poll."""
    polls = HOUR_SECONDS // 10
    return sum(objects * poll // polls // PAGE + 1 for poll in range(polls))


def merged(collectors: int, calls: float, size: int, seed: int) -> dict[str, float]:
    """Draw one window's thresholds; return how much of it is one fair sample."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(calls, collectors)
    # The highest rank that a full reservoir rejected: an order statistic of uniforms.
    full = counts[counts > size]
    thresholds = rng.beta(full - size, size + 1) if len(full) else np.zeros(1)
    highest = float(thresholds.max())
    return {
        "kept": int(np.minimum(counts, size).sum()),
        "fair": round(float(counts.sum()) * (1 - highest)),
        "threshold": round(highest, 4),
    }


async def shape(load: dict, name: str, prices: dict) -> dict[str, object]:
    """Return a day of one shape of the fleet."""
    chosen = load["shapes"][name]
    pods, per_second = load["pods"], load["calls_per_pod_second"]
    collectors = max(1, pods // chosen["pods_per_collector"])
    calls = per_second * chosen["window_seconds"] * pods / collectors
    sample = merged(collectors, calls, chosen["size"], load["seed"])
    kept = max(1, round(sample["kept"] / collectors))
    piece = await intake_cost(kept)
    windows = DAY_SECONDS // chosen["window_seconds"]
    objects = collectors * windows
    hourly = objects // 24
    lists = await list_calls(hourly)
    gib_day = objects * piece["bytes"] / 2**30
    day = {
        "put": objects * prices["put_per_1000"] / 1000,
        "get": objects * prices["get_per_1000"] / 1000,
        "list": 24 * lists * prices["list_per_1000"] / 1000,
        "storage_of_30_days": 30 * gib_day * prices["gib_month"] / 30,
    }
    return {
        "collectors": collectors,
        "objects_a_day": objects,
        "gib_a_day": round(gib_day, 2),
        "list_calls_an_hour": lists,
        "list_calls_at_every_poll": every_poll(hourly),
        "calls_of_one_fair_sample_a_window": sample["fair"],
        "intake_cpu_seconds_an_hour": round(hourly * piece["intake_cpu_us"] / 1e6, 1),
        "money_a_day": {name: round(value, 2) for name, value in day.items()},
        **piece,
    }


async def measure(case: dict) -> dict[str, object]:
    """Return every size of the fleet in every shape."""
    found: dict[str, object] = {}
    for pods in case["load"]["fleets"]:
        load = {**case["load"], "pods": pods}
        found[str(pods)] = {
            name: await shape(load, name, case["prices"]) for name in load["shapes"]
        }
        print(pods, json.dumps(found[str(pods)]), flush=True)
    return found


def main() -> int:
    """Run the case; exit 1 over budget if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="collectors")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args()
    case = tomllib.loads((HERE / "cases" / f"{arguments.case}.toml").read_text())
    found = asyncio.run(measure(case))
    shown = {
        "case": arguments.case,
        "goal": case["goal"],
        "machine": platform.machine(),
        "load": case["load"],
        "prices": case["prices"],
        "fleets": found,
    }
    if arguments.keep:
        path = HERE / "results" / f"{arguments.case}.json"
        path.write_text(json.dumps(shown, indent=1) + "\n")
    most = case["budget"][0]["at_most"]
    over = [
        (pods, name)
        for pods, shapes in found.items()
        for name, each in shapes.items()
        if each["list_calls_an_hour"] > most
    ]
    if over:
        print(f"over budget: {over}", file=sys.stderr)
    return int(bool(over) and arguments.enforce)


if __name__ == "__main__":
    sys.exit(main())
