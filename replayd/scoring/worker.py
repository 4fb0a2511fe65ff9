"""The process that redacts and judges: pairs in, results out, over standard streams.

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
from replayd.model import Judged, PairAnswers, PairResult, Planned
from replayd.scoring import INVARIANTS, SCORERS
from replayd.scoring.contract import ScoringCase
from replayd.scoring.pair import PairScoring, read_ahead
from replayd.scoring.recorded import Recorded
from replayd.scoring.redaction import AnswerRedactor, RedactionSettings
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


class Found(Struct, frozen=True):
    """Scores of one pair."""

    judged: Judged  # without answers where they are as they were
    unchanged: bool


class Results(Struct, frozen=True):
    """Scores of a batch's pairs, in the same order."""

    found: tuple[Found, ...]


_batches = codec.Decoder(Batch)


async def judged(jobs: Sequence[Job]) -> list[PairResult]:
    """Judge pairs, in whichever process this is called."""
    benches = [
        PairScoring(job.planned, _case(job), job.answers, job.committed_at_ns)
        for job in jobs
    ]
    return await _scored(benches)


async def redacted_and_judged(
    jobs: Sequence[Job], redactor: AnswerRedactor
) -> list[Judged]:
    """Redact the answers of pairs, then judge what may be stored of them.

    Answers that cannot be redacted are judged as they are, and not stored.
    """
    clean: list[PairAnswers | None] = []
    benches = []
    for job in jobs:
        case, answers = _case(job), redactor.redacted(job.answers)
        redactor.compare(case.snapshot.redaction.version)
        clean.append(answers)
        known = answers or job.answers
        benches.append(PairScoring(job.planned, case, known, job.committed_at_ns))
    results = await _scored(benches)
    return [Judged(*each) for each in zip(results, clean, strict=True)]


def _case(job: Job) -> ScoringCase:
    return job.recorded.scoring_case()


async def _scored(benches: Sequence[PairScoring]) -> list[PairResult]:
    read_ahead(benches)
    return [await bench.judged(SCORERS, INVARIANTS) for bench in benches]


def serve(given: BinaryIO, taken: BinaryIO) -> None:
    """Judge what comes until there is no more; settings come first."""
    settings = msgspec.msgpack.decode(_message(given), type=RedactionSettings)
    redactor = AnswerRedactor(settings)
    with asyncio.Runner() as runner:
        while data := _message(given):
            jobs = _batches.decode(data).jobs
            found = runner.run(redacted_and_judged(jobs, redactor))
            told = (_told(job, each) for job, each in zip(jobs, found, strict=True))
            data = codec.encode(Results(tuple(told)))
            taken.write(len(data).to_bytes(SIZE_BYTES, "big") + data)
            taken.flush()
    redactor.close()


def _message(given: BinaryIO) -> bytes:
    return given.read(int.from_bytes(given.read(SIZE_BYTES), "big"))


def _told(job: Job, found: Judged) -> Found:
    """Leave out answers that the parent has already."""
    if found.answers is job.answers:
        return Found(Judged(found.result), unchanged=True)
    return Found(found, unchanged=False)


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
