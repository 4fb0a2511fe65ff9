"""Judging beside the loop, in a process of its own that takes pairs in batches.

Reading an answer for facts is work for the processor, several times what sending it
costs; in the loop it would hold up every connection. Where there is no such process,
or it ended, a pair is judged here, one at a time: slower, with the same result.
"""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct

from replayd.model import JudgedPair, PairAnswers, Planned
from replayd.scoring.extract.prose import meaning
from replayd.scoring.own.scorer import OwnScorer, own_scorers
from replayd.scoring.own.settings import OwnScorers
from replayd.scoring.recorded import Recorded
from replayd.scoring.redaction import AnswerRedactor, RedactionSettings
from replayd.scoring.worker import (
    SIZE_BYTES,
    Batch,
    Job,
    Judged,
    redacted_and_judged,
)
from snaptrace.runtime.child_environment import child_environment
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot import codec

log = logging.getLogger(__name__)

LARGEST_BATCH = 64  # pairs
CHILD = (sys.executable, "-m", "replayd.scoring.worker")
_judged = codec.Decoder(Judged)
MOST_LOST = 3  # processes that ended by themselves; then none is started any more


class _PendingBatch(Struct, frozen=True):
    job: Job
    result: asyncio.Future[JudgedPair | None]  # None: judge it here


class ScoringPool:
    """A part that keeps the process, and `judge` for whoever has a pair.

    `on_lost` is called for every process that ended by itself. `prose_model` is a
    model's folder and its prefix; `on_prose_model` is told whether it is in use.
    """

    name = "judging"

    def __init__(
        self,
        clock: Clock,
        redaction: RedactionSettings,
        *,
        in_process: bool,
        log_level: str = "INFO",
        command: Sequence[str] = CHILD,
        own: OwnScorers = OwnScorers(),  # noqa: B008 - frozen
        prose_model: Sequence[str] = (),
        on_prose_model: Callable[[bool], None] = lambda _: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock, self._on_lost = clock, on_lost
        self._redaction = redaction
        self._redactor: AnswerRedactor | None = None  # made if pairs are judged here
        self._own_settings = own
        self._own: tuple[OwnScorer, ...] = ()  # likewise
        self._wanted = in_process
        self._command = (*command, log_level, *prose_model)
        self._prose_model = prose_model  # loaded once if pairs are judged here
        self._on_prose_model = on_prose_model
        self._taking = False  # somebody empties the queue
        self._waiting: deque[_PendingBatch] = deque()  # no more than pairs in flight
        self._some = asyncio.Event()
        self._here = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def judge(
        self, planned: Planned, recorded: Recorded, answers: PairAnswers
    ) -> JudgedPair:
        """Return the pair's result, and its answers as they may be stored."""
        job = Job(planned, recorded, answers, self._clock.now_ns())
        if self._taking:
            future: asyncio.Future[JudgedPair | None]
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(_PendingBatch(job, future))
            self._some.set()
            if (found := await future) is not None:
                return found
        async with self._here:
            await asyncio.sleep(0)  # the loop turns between two judgements
            if self._redactor is None:
                self._on_prose_model(meaning.load(*self._prose_model))
                self._redactor = AnswerRedactor(self._redaction)
                self._own = own_scorers(self._own_settings)
            return (await redacted_and_judged([job], self._redactor, self._own))[0]

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Keep a process until `stop`; it is started for the first pair."""
        ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._wake_at(stop))
            try:
                self._taking = self._wanted
                await self._keep_going(stop)
            finally:
                self._taking = False
                self._give_back(self._waiting)
            await stop.wait()
        for scorer in self._own:
            scorer.close()
        if self._redactor is not None:
            self._redactor.close()

    async def _keep_going(self, stop: asyncio.Event) -> None:
        lost = 0
        while self._taking and lost < MOST_LOST:
            await self._some.wait()
            if stop.is_set() or await self._keep(stop) or stop.is_set():
                return
            lost += 1
            log.error("scoring process exited", extra={"times": lost})
            self._on_lost()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._some.set()
        self._end_process()  # which may be deep in an answer

    def _end_process(self) -> None:
        """End it at once: it holds nothing that is not here too."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _keep(self, stop: asyncio.Event) -> bool:
        """Run one process until `stop`; false if it ended before."""
        process = self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=child_environment(os.environ),
        )
        try:
            assert process.stdin is not None
            is_new = True
            while not stop.is_set():
                self._some.clear()
                if not self._waiting:
                    await self._some.wait()
                elif not await self._handed_over(process, is_new=is_new):
                    return False
                else:
                    is_new = False
            return True
        finally:
            self._end_process()
            await process.wait()

    async def _handed_over(
        self,
        process: asyncio.subprocess.Process,
        *,
        is_new: bool,
    ) -> bool:
        given, taken = process.stdin, process.stdout
        assert given is not None
        assert taken is not None
        size = min(len(self._waiting), LARGEST_BATCH)
        batch = [self._waiting.popleft() for _ in range(size)]
        try:
            jobs = tuple(one.job for one in batch)
            settings = (self._redaction, self._own_settings) if is_new else (None, None)
            data = codec.encode(Batch(jobs, *settings))
            given.write(len(data).to_bytes(SIZE_BYTES, "big"))
            given.write(data)
            await given.drain()
            size = int.from_bytes(await taken.readexactly(SIZE_BYTES), "big")
            data = await taken.readexactly(size)
            judged = _judged.decode(data)
            self._on_prose_model(judged.prose_model)
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        else:
            found = zip(batch, judged.results, judged.stored, strict=True)
            for one, result, stored in found:
                answers = one.job.answers if stored.unchanged else stored.answers
                if not one.result.done():  # else nobody waits for it any more
                    one.result.set_result(JudgedPair(result, answers))
            return True
        finally:
            self._give_back(batch)

    def _give_back(self, waiting: deque[_PendingBatch] | list[_PendingBatch]) -> None:
        """Have every pair without a result judged by whoever brought it."""
        for one in waiting:
            if not one.result.done():
                one.result.set_result(None)
        waiting.clear()
