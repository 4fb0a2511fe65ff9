"""Commit and fold alone, without workers: as fast as they go, and at a rate.

Parts of `bench/workers.py`.
"""

import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import year  # noqa: E402

from replayd.config import ReplaydConfig  # noqa: E402
from replayd.evaluation.committer import Committer  # noqa: E402
from replayd.evidence.epoch_fold import Fold  # noqa: E402
from replayd.evidence.scoreboard import Scoreboard  # noqa: E402
from replayd.evidence.settings import of_epoch, settings_of  # noqa: E402
from replayd.ledger.ledger import Ledger  # noqa: E402
from replayd.model import Epoch, JudgedPair  # noqa: E402
from snaptrace.runtime.clock import SystemClock  # noqa: E402
from snaptrace.runtime.config import load as load_config  # noqa: E402

MOST_WAITING = 2048  # of them judged and not committed
BLOCK = 256  # pairs that are planned and put at once
TICK_SECONDS = 0.02


async def _committing(folder: str) -> tuple[Fold, Committer]:
    """Return what commits and folds a new epoch in a store of its own."""
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
    return fold, Committer(ledger, fold, in_flight=1024, keep_answers=False)


class Making:
    """Plans and results, one block after the other, and what making them costs."""

    def __init__(self) -> None:
        self.number, self.cpu_seconds = 0, 0.0
        self._rng, self._now_ns = random.Random(1), time.time_ns()

    def put(self, committer: Committer) -> None:
        """Have a block judged."""
        began = time.process_time()
        numbers = range(self.number, self.number + BLOCK)
        plans = [year.planned(n, self._now_ns) for n in numbers]
        judged = [JudgedPair(year.result(p, self._now_ns, self._rng)) for p in plans]
        self.cpu_seconds += time.process_time() - began
        committer.expect(plans)
        for one in judged:
            committer.put(one)
        self.number += BLOCK


async def folded(folder: str, pairs: int) -> dict:
    """Fold that many pairs, as fast as they are taken."""
    fold, committer = await _committing(folder)
    making, tenths, closing = Making(), [], asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(committer.run(closing))
        for part in range(1, 11):
            began, made = time.process_time(), making.cpu_seconds
            first = making.number
            while making.number < part * pairs / 10:
                making.put(committer)
                await asyncio.sleep(0)
                while committer.waiting > MOST_WAITING:
                    await _changed(committer)
            while fold.next_number < making.number:
                await _changed(committer)
            spent = time.process_time() - began - (making.cpu_seconds - made)
            tenths.append(round(spent / (making.number - first) * 1e6, 1))
        closing.set()
        committer.wake()
    return {
        "pairs": making.number,
        "cpu_us_per_pair_by_tenth": tenths,
        "pairs_per_cpu_second": round(1e6 * len(tenths) / sum(tenths)),
        "slowest_tenth_pairs_per_cpu_second": round(1e6 / max(tenths)),
    }


async def _changed(committer: Committer) -> None:
    committer.changed.clear()
    await committer.changed.wait()


async def sustained(folder: str, per_second: float, seconds: float) -> dict:
    """Fold pairs that come at a rate; say by tenths how far it is behind."""
    fold, committer = await _committing(folder)
    making, tenths, closing = Making(), [], asyncio.Event()
    began_at, now = time.monotonic(), time.monotonic
    async with asyncio.TaskGroup() as group:
        group.create_task(committer.run(closing))
        for part in range(1, 11):
            ends_at = began_at + part * seconds / 10
            began, made = time.process_time(), making.cpu_seconds
            first = fold.next_number
            while now() < ends_at:
                is_due = making.number < (now() - began_at) * per_second
                if is_due and committer.waiting < MOST_WAITING:
                    making.put(committer)
                    await asyncio.sleep(0)
                elif is_due:  # no sender goes on while so many wait for the store
                    await _changed(committer)
                else:
                    await asyncio.sleep(TICK_SECONDS)
            spent = time.process_time() - began - (making.cpu_seconds - made)
            pairs = fold.next_number - first
            behind = (now() - began_at) * per_second - fold.next_number
            tenths.append(
                {
                    "pairs_per_second": round(pairs / seconds * 10),
                    "cpu_us_per_pair": round(spent / max(pairs, 1) * 1e6, 1),
                    "behind_seconds": round(behind / per_second, 2),
                    "waiting": committer.waiting,
                }
            )
            print("sustained", part, json.dumps(tenths[-1]), flush=True)
        closing.set()
        committer.wake()
    return {
        "pairs": fold.next_number,
        "seconds": round(now() - began_at, 1),
        "most_behind_seconds": max(each["behind_seconds"] for each in tenths),
        "most_cpu_us_per_pair": max(each["cpu_us_per_pair"] for each in tenths),
        "load_average": os.getloadavg(),
        "tenths": tenths,
    }
