"""The process that redacts and judges: pairs in, results out, over standard streams.

Started by `replayd.judging`; ends when its input does, whatever ended the parent.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from replayd.gc_tuning import search_seldom
from replayd.model import JudgedPair, PairAnswers, PairResult, Planned
from replayd.scoring import INVARIANTS, SCORERS
from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.prose import meaning
from replayd.scoring.own.scorer import OwnScorer, own_scorers
from replayd.scoring.own.settings import OwnScorers
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
    """Pairs that were waiting together.

    `redaction` and `own` come with a process's first batch. Without the former answers
    are judged as they are given, and none may be stored.
    """

    jobs: tuple[Job, ...]
    redaction: RedactionSettings | None = None
    own: OwnScorers | None = None


class Stored(Struct, frozen=True):
    """A pair's answers as they may be stored; None: not at all."""

    answers: PairAnswers | None = None
    unchanged: bool = False  # as they were given, so that they need not travel back


class Judged(Struct, frozen=True):
    """Results of a batch's pairs and what of their answers is stored, in that order."""

    results: tuple[PairResult, ...]
    stored: tuple[Stored, ...] = ()
    prose_model: bool = False  # whether the process has one


_batches = codec.Decoder(Batch)


async def judged(jobs: Sequence[Job]) -> list[PairResult]:
    """Judge pairs, in whichever process this is called."""
    benches = [
        PairScoring(_planned(job), case, job.answers, job.committed_at_ns)
        for job, case in zip(jobs, _cases(jobs), strict=True)
    ]
    return await _scored(benches)


async def redacted_and_judged(
    jobs: Sequence[Job], redactor: AnswerRedactor, own: tuple[OwnScorer, ...] = ()
) -> list[JudgedPair]:
    """Redact the answers of pairs, then judge what may be stored of them.

    Answers that cannot be redacted are judged as they are, and not stored.
    """
    clean: list[PairAnswers | None] = []
    benches = []
    for job, case in zip(jobs, _cases(jobs), strict=True):
        are_vectors = case.snapshot.operation == "embeddings"
        answers = redactor.redacted(job.answers, are_vectors=are_vectors)
        redactor.compare(case.snapshot.redaction.version)
        clean.append(answers)
        known = answers or job.answers
        benches.append(PairScoring(_planned(job), case, known, job.committed_at_ns))
    results = await _scored(benches, own)
    return [JudgedPair(*each) for each in zip(results, clean, strict=True)]


def _planned(job: Job) -> Planned:
    """Return the number with the traits beside what the application said of the call.

    Where both have one name, the application knows better.
    """
    case, traits = job.planned.case, job.recorded.traits
    if not traits:
        return job.planned
    attributes = {**traits, **case.attributes}
    return replace(job.planned, case=replace(case, attributes=attributes))


def _cases(jobs: Sequence[Job]) -> list[ScoringCase]:
    """Return the case of each job; pairs of one recording share what is read of it."""
    known: dict[str, tuple[Recorded, ScoringCase]] = {}
    cases = []
    for job in jobs:
        name = job.planned.case.snapshot_id
        if name not in known or known[name][0] != job.recorded:
            known[name] = job.recorded, job.recorded.scoring_case()
        cases.append(known[name][1])
    return cases


async def _scored(
    benches: Sequence[PairScoring], own: tuple[OwnScorer, ...] = ()
) -> list[PairResult]:
    read_ahead(benches)
    return [await bench.judged(SCORERS, INVARIANTS, own) for bench in benches]


def serve(given: BinaryIO, taken: BinaryIO) -> None:
    """Judge what comes until there is no more."""
    redactor: AnswerRedactor | None = None
    own: tuple[OwnScorer, ...] = ()
    with asyncio.Runner() as runner:
        while size := int.from_bytes(given.read(SIZE_BYTES), "big"):
            batch = _batches.decode(given.read(size))
            if batch.redaction is not None:
                redactor = AnswerRedactor(batch.redaction)
            if batch.own is not None:
                own = own_scorers(batch.own)
            data = codec.encode(runner.run(_batch_judged(batch.jobs, redactor, own)))
            taken.write(len(data).to_bytes(SIZE_BYTES, "big") + data)
            taken.flush()
    for scorer in own:
        scorer.close()
    if redactor is not None:
        redactor.close()


async def _batch_judged(
    jobs: Sequence[Job], redactor: AnswerRedactor | None, own: tuple[OwnScorer, ...]
) -> Judged:
    if redactor is None:
        results = tuple(await judged(jobs))
        return Judged(results, prose_model=meaning.is_loaded())
    found = await redacted_and_judged(jobs, redactor, own)
    stored = (_stored(job, each) for job, each in zip(jobs, found, strict=True))
    results = tuple(each.result for each in found)
    return Judged(results, tuple(stored), meaning.is_loaded())


def _stored(job: Job, found: JudgedPair) -> Stored:
    """Leave out answers that the parent has already."""
    if found.answers is job.answers:
        return Stored(unchanged=True)
    return Stored(found.answers)


def main(argv: list[str]) -> int:
    """Serve on the standard streams; `argv` is the log level, then a prose model."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us in order
    os.nice(GIVES_WAY)
    set_up_logging(*argv[:1])
    meaning.load(*argv[1:])
    taken = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print spoils nothing
    search_seldom()
    serve(sys.stdin.buffer, taken)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
