"""Measures indexing and searching a store; one JSON per run.

python bench/search.py [search] [--snapshots N] [--folder DIR] [--keep] [--enforce]

Snapshots are made up: chats of some 300 characters, 32 routes, 3 services, a system
prompt, one refusal in a thousand. Times are processor time of a process that does
nothing else; a page is searched from nothing, with every header read, by a new process.
"""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import platform
import random
import resource
import sys
import tempfile
import time
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.language import parse
from snaptrace.query.search import Search, build_indexes
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import codec, object_names, segment
from snaptrace.snapshot.ids import snapshot_id
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Request,
    Snapshot,
    Usage,
)
from snaptrace.snapshot.segment import (
    RANK_SPAN,
    ReservoirState,
    SegmentHeader,
)
from snaptrace.store import hour_index
from snaptrace.store.segment_watcher import HOUR_NS
from snaptrace.store.store import Store

HERE = Path(__file__).parent
NOW = 1_800_000_000 * 10**9 // HOUR_NS * HOUR_NS
SEGMENTS_PER_HOUR = 100
WINDOW_NS = 600 * 10**9
SERVICES, MODALITIES = ("shop", "cart", "help"), ("text", "image")
WORDS = [
    "apple",
    "river",
    "stone",
    "cloud",
    "ember",
    "frost",
    "grove",
    "haven",
    "ivory",
    "joker",
    "knife",
    "lemon",
    "money",
    "north",
    "ocean",
    "piano",
    "queen",
    "robin",
    "sugar",
    "tiger",
]
# The last snapshot's number stands in one text alone; `nowhere` in none.
FILTERS = (
    "",
    "service=cart modality=image",
    "outcome=refused route=07",
    "model=none",
    "input_tokens>200",
    "probability<0.1",
    "uniform=yes outcome=refused",
    "text~'apple river'",
    "text~nowhere",
    "text~'order {last}'",
    "id=ffffff*",
    "tool=book",
    "since=1h",
)


def snapshot(number: int, at_ns: int, rng: random.Random) -> Snapshot:
    """Return one made-up call."""
    text = " ".join(rng.choices(WORDS, k=25)) + f" order {number}"
    digest = hashlib.blake2b(str(number).encode(), digest_size=38).digest()
    trace, span = digest[:16], digest[16:24]
    refused = number % 1000 == 7
    route = f"{number % 32:02d}"
    messages = [
        {"role": "system", "content": "You are a helpful shop assistant. " * 4},
        {"role": "user", "content": text},
    ]
    return Snapshot(
        snapshot_id=snapshot_id(trace, span),
        trace_id=trace.hex(),
        span_id=span.hex(),
        service=rng.choice(SERVICES),
        operation="chat",
        modality=rng.choice(MODALITIES),
        request=Request(
            api="openai_chat",
            path="/chat/completions",
            model="assistant-7",
            body={"model": "assistant-7", "messages": messages, "temperature": 0.2},
        ),
        answer=Answer(
            text=" ".join(rng.choices(WORDS, k=20)),
            outcome="refused" if refused else "answered",
            usage=Usage(input_tokens=100 + number % 50, output_tokens=30),
        ),
        fidelity=Fidelity(level="as_observed"),
        ended_at_ns=at_ns,
        arrived_at_ns=at_ns,
        rank=int.from_bytes(digest[24:31], "big"),
        span_rank=int.from_bytes(digest[31:38], "big"),
        window_start_ns=at_ns - at_ns % WINDOW_NS,
        route=route,
        strata=(*(("refused",) if refused else ()), f"route:{route}"),
        turn=1 + number % 5,
    )


async def fill(store: Store, snapshots: int, segments: int, seed: int) -> None:
    """Write the snapshots, and the catalogues of their hours."""
    rng, size = random.Random(seed), snapshots // segments
    hours = -(-segments // SEGMENTS_PER_HOUR)
    for number in range(segments):
        hour, place = divmod(number, SEGMENTS_PER_HOUR)
        at_ns = NOW - (1 + hours - hour) * HOUR_NS + place * 30 * 10**9
        calls = [snapshot(number * size + n, at_ns, rng) for n in range(size)]
        header = SegmentHeader(
            collector=f"c{number % 20}",
            sequence=number,
            window_start_ns=at_ns - at_ns % WINDOW_NS,
            window_length_ns=WINDOW_NS,
            sealed_at_ns=at_ns,
            reservoirs=tuple(
                ReservoirState(
                    kind="quota" if stratum else "uniform",
                    service=service,
                    modality=modality,
                    stratum=stratum,
                    size=64,
                    threshold=RANK_SPAN // 4,
                )
                for service in SERVICES
                for modality in MODALITIES
                for stratum in ("", "refused")
            ),
        )
        packed = [codec.pack_snapshot(call) for call in calls]
        name = object_names.segment(at_ns, f"c{number % 20}", number)
        await store.create(name, segment.write_packed(header, packed, level=3))
    await hour_index.close_hours(store, NOW + HOUR_NS)


def opened(folder: str) -> Store:
    """Open the bench's store."""
    return Store.open(StoreConfig(url=f"file://{folder}"))


def _high_water_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build(folder: str) -> tuple[float, float]:
    """Index every hour; return processor seconds and MiB."""
    start = time.process_time()
    asyncio.run(build_indexes(opened(folder)))
    return time.process_time() - start, _high_water_mib()


def page(arguments: tuple[str, str, int]) -> dict[str, float]:
    """Search one page from nothing; return processor seconds and MiB."""
    folder, text, size = arguments

    async def search() -> int:
        found = Search(opened(folder), FleetKey(b"k" * 32))
        await found.refresh()
        count = 0
        async for _ in found.hits(parse(text, NOW)):
            count += 1
            if count == size:
                break
        return count

    start = time.process_time()
    hits = asyncio.run(search())
    seconds = time.process_time() - start
    return {"hits": hits, "seconds": round(seconds, 3), "mib": _high_water_mib()}


def measure(folder: str, load: dict[str, int]) -> dict[str, object]:
    """Fill, index and search a store; each in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    asyncio.run(fill(opened(folder), load["snapshots"], load["segments"], load["seed"]))
    with spawn.Pool(1, maxtasksperchild=1) as pool:
        seconds, mib = pool.apply(build, (folder,))
        texts = [text.format(last=load["snapshots"] - 1) for text in FILTERS]
        tasks = [(folder, text, load["page"]) for text in texts]
        pages = dict(zip(FILTERS, pool.map(page, tasks, chunksize=1), strict=True))
    return {
        "build_per_second": round(load["snapshots"] / seconds),
        "slowest_page_seconds": max(found["seconds"] for found in pages.values()),
        "high_water_mib": round(max(mib, *(p["mib"] for p in pages.values()))),
        "pages": pages,
    }


def main() -> int:
    """Run the case; exit 1 over budget if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="search")
    parser.add_argument("--snapshots", type=int)
    parser.add_argument("--folder", help="an empty one; a temporary one if not given")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args()
    case = tomllib.loads((HERE / "cases" / f"{arguments.case}.toml").read_text())
    load = case["load"]
    if arguments.snapshots:
        share = arguments.snapshots / load["snapshots"]
        load["segments"] = max(1, round(load["segments"] * share))
        load["snapshots"] = arguments.snapshots
    with tempfile.TemporaryDirectory() as made:
        found = measure(arguments.folder or made, load)
    result = {"case": arguments.case, "machine": platform.machine(), **load, **found}
    print(json.dumps(result, indent=1))
    if arguments.keep:
        path = HERE / "results" / f"{arguments.case}.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
    over = [
        budget["metric"]
        for budget in case["budget"]
        if found[budget["metric"]] < budget.get("at_least", float("-inf"))
        or found[budget["metric"]] > budget.get("at_most", float("inf"))
    ]
    if over:
        print(f"over budget: {', '.join(over)}", file=sys.stderr)
    return int(bool(over) and arguments.enforce)


if __name__ == "__main__":
    sys.exit(main())
