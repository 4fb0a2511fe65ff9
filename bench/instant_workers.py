"""Workers that answer at once, many in one process: for what they cost the leader.

python bench/instant_workers.py COUNT SECTION.KEY=VALUE...
"""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import uvloop
from msgspec.structs import replace

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import year  # noqa: E402
from prometheus_client import CollectorRegistry  # noqa: E402

from replayd.config import ReplaydConfig  # noqa: E402
from replayd.model import ArmAnswer, PairAnswers  # noqa: E402
from replayd.telemetry.worker_metrics import WorkerMetrics  # noqa: E402
from replayd.workers.messages import Job, Reply  # noqa: E402
from replayd.workers.worker import Worker  # noqa: E402
from snaptrace.runtime.config import StoreConfig, load  # noqa: E402
from snaptrace.snapshot.model import Usage  # noqa: E402
from snaptrace.store.store import Store  # noqa: E402

USAGE = Usage(input_tokens=11, output_tokens=7)


class Instant:
    """Answers and scores without asking anybody."""

    def settings(self, job: Job) -> str:
        """Agree with whatever the leader has."""
        return job.settings

    def stop(self) -> None:
        """End nothing: nothing lasts."""

    async def reply(self, job: Job, empty: Reply, is_ours: Callable[[], bool]) -> Reply:
        """Return a pair that is answered and scored."""
        assert is_ours()
        arm = ArmAnswer(outcome="answered", latency_ms=300.0, usage=USAGE)
        answers = PairAnswers(
            number=job.planned.number,
            snapshot_id=job.planned.case.snapshot_id,
            canary=arm,
            control=arm,
        )
        result = year.result(job.planned, job.planned.case.recorded_at_ns, RNG)
        return replace(empty, end="answered", answers=answers, result=result)


RNG = random.Random(1)


async def main(count: int, sets: list[str]) -> None:
    """Run so many workers for ever."""
    document = load(None, os.environ, sets)
    config = document.section("replayd", ReplaydConfig)
    store = Store.open(document.section("store", StoreConfig))
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            metrics = WorkerMetrics(CollectorRegistry())
            worker = Worker(config, Instant(), store, metrics, f"w{number}")
            group.create_task(worker.run(lambda: None, stop))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as made:
        made.run(main(int(sys.argv[1]), sys.argv[2:]))
