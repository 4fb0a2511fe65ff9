"""Measures the inspection page over 100,000 pairs; one JSON per run.

python bench/page.py [page] [--pairs N] [--keep] [--enforce]

Results are made up and committed as a leader commits them, on a local folder. Filters
are asked through the page's own handlers over HTTP on the loopback; a time is the
median of five, the slowest filter counts. The image is 4 MB of noise in PNG; it is
timed from the request of its pair to its last byte, page and medium together.
"""

import argparse
import asyncio
import json
import platform
import random
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from aiohttp.test_utils import TestClient, TestServer
from fakes.judged_epoch import AT_NS, KEY, image_pair, store_epoch
from fakes.leaping_loop import LoopClock
from fakes.pair_results import live_of, result_of
from PIL import Image

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.http.page import PageServer, PageSettings
from replayd.ledger.ledger import Ledger
from replayd.model import ArmOutcome, Epoch
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import Verdicts
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Address
from snaptrace.store.audit import Audit
from snaptrace.store.store import Store

HERE = Path(__file__).parent
RUNS = range(5)
RUN = 64  # results of one object
FILTERS = (
    "order=newest",
    "change=worse",
    "modality=image&change=worse&stream=quality",
    "slice=chart&change=different",
    "slice=tenant%3Dt7",
    "task=table&order=best",
    "scorer=key_facts&change=worse",
    "outcome=timeout",
    "text=t3+shop",
    "text=00000000000000000000000000018",
    "since=1700050000&until=1700060000",
    "change=worse&page=400",
)


async def fill(store: Store, epoch: Epoch, first: int, pairs: int, seed: int) -> None:
    """Commit made-up results behind the first ones."""
    rng = random.Random(seed)
    ledger = Ledger(store, epoch.epoch, LoopClock(), "leader-1")
    outcomes = ("answered",) * 97 + ("timeout", "refused", "truncated")
    for start in range(first, pairs, RUN):
        run = [
            result_of(
                number,
                rng.choices((1.0, 0.5, 0.0), (90, 6, 4))[0],
                rng.choices((1.0, 0.5), (95, 5))[0],
                modality=rng.choice(("text", "image", "audio", "document")),
                service=rng.choice(("shop", "cart", "help")),
                route=f"{number % 32:02d}",
                task=rng.choice(("table", "prose", "list", "code", "yes_no")),
                slices=("chart",) if number % 10 == 0 else (),
                attributes={"tenant": f"t{number % 50}"},
                canary=ArmOutcome(outcome=rng.choice(outcomes)),
            )
            for number in range(start, min(start + RUN, pairs))
        ]
        await ledger.commit(run, [])


def picture() -> bytes:
    """Return about 4 MB of PNG that does not compress."""
    noise = np.random.default_rng(1).integers(0, 256, (1180, 1180, 3), np.uint8)
    path = Path(tempfile.mkdtemp()) / "noise.png"
    Image.fromarray(noise).save(path)
    return path.read_bytes()


async def measured(pairs: int, seed: int) -> dict[str, float]:
    """Return every figure of one run."""
    blob = picture()
    call, canary, control, _ = image_pair(0, "North: 42")
    call = call.__class__(
        **{
            **{f: getattr(call, f) for f in call.__struct_fields__},
            "media": tuple(
                m.__class__(
                    **{
                        **{f: getattr(m, f) for f in m.__struct_fields__},
                        "digest": KEY.media_digest(blob),
                        "size_bytes": len(blob),
                    }
                )
                for m in call.media
            ),
        }
    )
    folder = tempfile.mkdtemp()
    store, epoch = await store_epoch(
        [(call, canary, control, blob)], url=f"file://{folder}"
    )
    await fill(store, epoch, 1, pairs, seed)
    view = VerdictComputation(Scoreboard(epoch, BoardSettings())).view(
        AT_NS, live_of("text", "image", "audio", "document")
    )
    server = PageServer(
        PageSettings(listen=Address("127.0.0.1:0")),
        lambda: Verdicts(canaries={"canary": view}),
        store,
        KEY,
        audit=Audit("", lambda _line: None),
        clock=SystemClock(),
    )
    async with TestClient(TestServer(server.app())) as client:
        return await _asked(client, len(blob))


async def _asked(client: TestClient, size: int) -> dict[str, float]:
    async def page(path: str) -> bytes:
        answer = await client.get(path)
        assert answer.status == 200, path
        return await answer.read()

    async def pair_and_image() -> None:
        await page("/canary/pair/e1/0?change=worse")
        assert len(await page("/canary/pair/e1/0/media/0")) == size

    first = await _seconds(lambda: page("/canary/pairs"))
    slowest = 0.0
    for query in FILTERS:
        times = [await _seconds(partial(page, f"/canary/pairs?{query}")) for _ in RUNS]
        slowest = max(slowest, statistics.median(times))
    image = [await _seconds(pair_and_image) for _ in RUNS]
    weight = 0
    for path in ("/canary/pairs?change=worse", "/canary/pair/e1/0", "/"):
        weight = max(weight, len(await page(path)))
    shared = len(await page("/page.css")) + len(await page("/page.js"))
    return {
        "first_look_seconds": round(first, 2),
        "slowest_filter_ms": round(1e3 * slowest, 1),
        "image_4mb_seconds": round(statistics.median(image), 3),
        "heaviest_page_bytes": weight + shared,
    }


async def _seconds(ask: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await ask()
    return time.perf_counter() - start


def main(argv: list[str]) -> int:
    """Run the case; 1 where a budget is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("case", nargs="?", default="page")
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args(argv)
    case = tomllib.loads((HERE / "cases" / f"{arguments.case}.toml").read_text())
    pairs = arguments.pairs or case["load"]["pairs"]
    found = asyncio.run(measured(pairs, case["load"]["seed"]))
    result = {
        "case": arguments.case,
        "machine": f"{platform.machine()} {platform.python_version()}",
        "pairs": pairs,
        **found,
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    if arguments.keep:
        file = HERE / "results" / f"{arguments.case}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
    missed = [b for b in case["budget"] if found[b["metric"]] > b["at_most"]]
    return int(bool(missed) and arguments.enforce)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
