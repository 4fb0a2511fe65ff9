"""Leader election: leads every canary while this replica holds the lease.

A canary whose leadership ends, through the store, another leader or a defect, begins
again after a pause; the others do not notice.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from replayd.errors import LostLeadError, ReplaydError
from replayd.evaluation.canary import CanaryEvaluation
from replayd.ledger.lease import Lease
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.backoff import Backoff
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import (
    SnapshotError,
    StoreRefusedError,
    StoreUnavailableError,
)

log = logging.getLogger(__name__)

RETRIES = Backoff(1.0, 60.0)
CALM_SECONDS = 30.0  # of leading and committing, after which a failure is over


class LeaderElection:
    """Leads or stands by; `now` holds the current state."""

    name = "leading"

    def __init__(
        self,
        lease: Lease,
        shadows: Mapping[str, CanaryEvaluation],
        metrics: EngineMetrics,
        *,
        renew_seconds: float,
        began: Callable[[], None] = lambda: None,
        keeps_lease: Callable[[], bool] = lambda: False,
    ) -> None:
        """Stand by; `began` is called whenever leading begins.

        The lease is released at the end, unless `keeps_lease` says that the same
        replica goes on.
        """
        self._lease, self._shadows, self._metrics = lease, shadows, metrics
        self._renew_seconds = renew_seconds
        self._began, self._keeps_lease = began, keeps_lease
        self.now = False
        self._failures: dict[str, _Failure] = {}  # by canary

    def failing(self) -> str:
        """Return the reason per canary that cannot be led; "" if all can."""
        now = {name: f.why for name, f in self._failures.items() if f.lasts()}
        for name in self._shadows:
            self._metrics.lead_failing.labels(name).set(name in now)
        return "; ".join(f"{name} cannot be led: {why}" for name, why in now.items())

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Hold the lease and lead all canaries, or stand by, until `stop`."""
        ready()
        while not stop.is_set():
            if not await self._held():
                await wait(stop, self._renew_seconds)
                continue
            lost = asyncio.Event()
            self._began()
            self.now = True
            async with asyncio.TaskGroup() as group:
                group.create_task(self._renew(lost, stop))
                for shadow in self._shadows.values():
                    group.create_task(self._keep(shadow, lost))
            self.now = False
            self._failures.clear()
            for shadow in self._shadows.values():
                shadow.step_down()
        if not self._keeps_lease() and await self._held():
            await self._lease.release()

    async def _renew(self, lost: asyncio.Event, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await wait(stop, self._renew_seconds)
            self.failing()  # its gauge falls by itself
            if not await self._held():
                log.warning("lease lost")
                break
        lost.set()

    async def _held(self) -> bool:
        try:
            return await self._lease.hold()
        except (StoreUnavailableError, StoreRefusedError):
            return False  # the first was said by the store, once an episode

    async def _keep(self, shadow: CanaryEvaluation, lost: asyncio.Event) -> None:
        """Lead one canary; begin again after whatever ends it but `lost`."""
        failures = 0
        while not lost.is_set():
            try:
                await shadow.run(lost)
            except* LostLeadError as group:
                self._metrics.lost_leads.inc()
                _say("another leader was first", shadow.name, group)
            except* (StoreUnavailableError, StoreRefusedError) as group:
                self._failed(shadow, "store")
                _say("cannot lead", shadow.name, group)
            except* (ReplaydError, SnapshotError) as group:
                self._metrics.damaged.labels("epoch").inc()
                self._failed(shadow, "damaged")
                _say("cannot lead", shadow.name, group)
            except* Exception:  # A defect stays with its canary.
                self._failed(shadow, "defect")
                log.exception("evaluation failed", extra={"canary": shadow.name})
            if not lost.is_set():
                shadow.step_down()
                failures += 1
                await wait(lost, RETRIES.seconds(failures))

    def _failed(self, shadow: CanaryEvaluation, why: str) -> None:
        self._metrics.lead_failures.labels(shadow.name, why).inc()
        self._failures[shadow.name] = _Failure(shadow, why)


class _Failure:
    """A leadership that broke off; over once the next one committed something."""

    def __init__(self, shadow: CanaryEvaluation, why: str) -> None:
        self._shadow, self.why = shadow, why
        self._committed = _committed(shadow)
        self._at = asyncio.get_running_loop().time()

    def lasts(self) -> bool:
        """Whether nothing since then showed that the canary can be led."""
        if (lead := self._shadow.lead) is None or not lead.caught_up.is_set():
            return True
        goes_on = _committed(self._shadow) > self._committed
        calm = CALM_SECONDS if goes_on else 2 * RETRIES.longest_seconds
        return asyncio.get_running_loop().time() - self._at < calm


def _committed(shadow: CanaryEvaluation) -> int:
    return -1 if shadow.lead is None else shadow.lead.fold.next_number


def _say(what: str, canary: str, group: BaseExceptionGroup[BaseException]) -> None:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            _say(what, canary, error)
        else:
            log.warning(what, extra={"canary": canary, "why": str(error)})
