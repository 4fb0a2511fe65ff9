"""Makes sensitivity certificates from stored answers, and shows the newest ones."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from replayd.cases.intake import since
from replayd.cases.schedule import slices_of
from replayd.config import ReplaydConfig
from replayd.drills.certificate import store_certificate
from replayd.drills.known import KnownSensitivity, known_sensitivity
from replayd.drills.offline import drill_offline, give_way
from replayd.drills.stored_pairs import StoredPairs, stored_pairs
from replayd.errors import ReplaydError
from replayd.model import PairResult
from replayd.scoring.pool import ScoringPool
from replayd.scoring.worker import Job
from replayd.telemetry.drill_metrics import DrillMetrics
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 60.0  # for a certificate of somebody else, or for enough answers
TRY_EVERY_SECONDS = 600.0  # to read stored answers; not all can be scored
AT_ONCE = 8  # jobs; verdicts' pairs wait for no more than these


class OfflineDrills:
    """Part that drills stored answers once there are enough, and then on a timer.

    The leader drills; every replica shows what the store has.
    """

    name = "drills"

    def __init__(
        self,
        config: ReplaydConfig,
        store: Store,
        key: FleetKey,
        clock: Clock,
        *,
        judging: ScoringPool,
        metrics: DrillMetrics,
        leading: Callable[[], bool],
        replayable: Callable[[], int],
    ) -> None:
        """Prepare; `replayable` counts the recent calls that could be replayed."""
        self._config, self._store, self._key = config, store, key
        self._clock, self._judge = clock, JudgeBeside(judging)
        self._metrics, self._leading = metrics, leading
        self._replayable, self._tried_at_ns = replayable, 0
        self.known = KnownSensitivity()

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Look and drill until `stop`."""
        ready()
        while not stop.is_set():
            try:
                await _unless(stop, self.look())
                self._metrics.failed.set(0)
            except (SnapshotError, ReplaydError) as error:
                self._metrics.failed.set(1)
                log.warning("drill broke off", extra={"why": str(error)})
            await wait(stop, LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Read the newest certificates; make one if it is due.

        Raises:
            SnapshotError: the store cannot be read; safe to repeat.
        """
        self.known = await known_sensitivity(self._store)
        if self._is_due() and (stored := await self._enough()) is not None:
            made = await drill_offline(
                stored,
                self._config,
                self._judge,
                made_at_ns=self._clock.now_ns(),
                pause=give_way,
            )
            await store_certificate(self._store, made)
            log.info("drilled stored answers", extra={"pairs": len(stored.pairs)})
            self.known = await known_sensitivity(self._store)
        self._metrics.show(self.known)

    def _is_due(self) -> bool:
        wanted, now_ns = self._config.drills.from_pairs, self._clock.now_ns()
        if not wanted or not self._leading() or self._replayable() < wanted:
            return False
        if now_ns - self._tried_at_ns < TRY_EVERY_SECONDS * 1e9:
            return False
        age_ns = now_ns - max(
            (m.made_at_ns for m in self.known.newest if m.kind == "offline"), default=0
        )
        return age_ns >= self._config.drills.every * 1e9

    async def _enough(self) -> StoredPairs | None:
        config = self._config
        self._tried_at_ns = self._clock.now_ns()
        stored = await stored_pairs(
            self._store,
            self._key,
            self._clock,
            most=config.drills.pairs,
            since_ns=since(self._clock.now_ns(), config.schedule.lookback),
            slices=slices_of(config.slices),
        )
        return stored if len(stored.pairs) >= config.drills.from_pairs else None


class JudgeBeside:
    """Scores a drill's pairs beside the loop; nothing of the answers is kept."""

    def __init__(self, judging: ScoringPool) -> None:
        self._judging = judging

    async def __call__(self, jobs: Sequence[Job]) -> list[PairResult]:
        """Score the jobs, a few at a time."""
        found: list[PairResult] = []
        for first in range(0, len(jobs), AT_ONCE):
            judged = await asyncio.gather(
                *(
                    self._judging.judge(job.planned, job.recorded, job.answers)
                    for job in jobs[first : first + AT_ONCE]
                )
            )
            found += [each.result for each in judged]
        return found


async def _unless(stop: asyncio.Event, work: Coroutine[object, object, None]) -> None:
    """Do the work, or break it off when told to stop: it is made again."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait((working,))
    if not working.cancelled():
        working.result()
