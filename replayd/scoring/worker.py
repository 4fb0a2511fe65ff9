"""The process that judges: pairs in, results out, over its standard streams.

Started by `replayd.judging`; ends when its input does, whatever ended the parent.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import BinaryIO

import msgspec
from msgspec import Struct

from replayd.gc_tuning import search_seldom
from replayd.model import PairAnswers, PairResult, Planned
from replayd.scoring import INVARIANTS, SCORERS
from replayd.scoring.pair import PairScoring, read_ahead
from replayd.scoring.recorded import Recorded
from snaptrace.runtime.telemetry import set_up_logging
from snaptrace.snapshot import codec

SIZE_BYTES = 4  # before every message, big-endian
GIVES_WAY = 5  # niceness: on a single core the calls in flight come first


class Job(Struct, frozen=True):
    """One pair to be judged."""

    planned: Planned
    recorded: Recorded
    answers: PairAnswers
    committed_at_ns: int


class Batch(Struct, frozen=True):
    """Pairs that were waiting together."""

    jobs: tuple[Job, ...]


class Judged(Struct, frozen=True):
    """Their results, in the same order."""

    results: tuple[PairResult, ...]


_batches = codec.Decoder(Batch)


async def judged(jobs: Sequence[Job]) -> list[PairResult]:
    """Judge pairs, in whichever process this is called."""
    benches = [
        PairScoring(
            job.planned, job.recorded.scoring_case(), job.answers, job.committed_at_ns
        )
        for job in jobs
    ]
    read_ahead(benches)
    return [await bench.judged(SCORERS, INVARIANTS) for bench in benches]


def serve(given: BinaryIO, taken: BinaryIO) -> None:
    """Judge what comes until there is no more."""
    with asyncio.Runner() as runner:
        while size := given.read(SIZE_BYTES):
            batch = _batches.decode(given.read(int.from_bytes(size, "big")))
            found = Judged(tuple(runner.run(judged(batch.jobs))))
            data = msgspec.msgpack.encode(found)
            taken.write(len(data).to_bytes(SIZE_BYTES, "big") + data)
            taken.flush()


def main(argv: list[str]) -> int:
    """Serve on the standard streams; `argv` is the log level."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us in order
    os.nice(GIVES_WAY)
    set_up_logging(*argv)
    taken = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print spoils nothing
    search_seldom()
    serve(sys.stdin.buffer, taken)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
