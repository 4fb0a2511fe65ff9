"""One number at a worker: its case loaded, both arms asked once, the answers scored."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from replayd.arms.arm import Arm
from replayd.arms.endpoint import Attempt
from replayd.budget.limits import Prices
from replayd.cases.loader import CaseLoader
from replayd.config import ReplaydConfig
from replayd.evaluation.epochs import control_of
from replayd.evaluation.pair_sending import (
    PairSending,
    Place,
    Ready,
    Unsent,
    call_of,
)
from replayd.evaluation.tally import Tally
from replayd.model import PairAnswers
from replayd.scoring.pool import ScoringPool
from replayd.scoring.redaction import bare
from replayd.workers.agreement import settings_digest
from replayd.workers.messages import Job, Reply
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot.errors import StoreUnavailableError

log = logging.getLogger(__name__)

KEPT_SENDINGS = 64  # of canaries and the models they were declared to be


class PairAsking:
    """Works off jobs; `arms` are this worker's, with endpoints of its own."""

    def __init__(
        self,
        config: ReplaydConfig,
        arms: Mapping[str, Arm],
        content: CaseLoader,
        *,
        judging: ScoringPool,
        key: FleetKey,
        on_fault: Callable[[str], None] = lambda _where: None,
    ) -> None:
        self._config, self._arms, self._content = config, arms, content
        self._judging, self._on_fault = judging, on_fault
        self._prices = Prices(config.prices)
        self._digests = {
            name: settings_digest(config, name, key)
            for name, arm in config.arms.items()
            if arm.role == "canary"
        }
        self._sendings: dict[tuple[str, str], PairSending] = {}
        self._stopping = False
        # Somebody reads what models said: the store, a judge model, or a trace.
        self._keeps = bool(
            config.keep_answers or config.judge.url or config.telemetry.url
        )

    def settings(self, job: Job) -> str:
        """Return the digest of this worker's settings for a job's canary."""
        return self._digests.get(job.canary, "")

    def stop(self) -> None:
        """Begin nothing more; what is being asked is finished."""
        self._stopping = True

    async def reply(self, job: Job, empty: Reply, is_ours: Callable[[], bool]) -> Reply:
        """Return what became of a job; `empty` says that nothing was sent."""
        sending = self._sending(job)
        try:
            loaded = await self._content.load(job.planned.case)
            ready = sending.built(loaded)
        except StoreUnavailableError:
            return replace(empty, reason="store")
        except Exception:  # noqa: BLE001 - logged and counted there
            return self._failed(empty, "sending")
        if isinstance(ready, Unsent):
            return replace(empty, end="unsent", reason=ready.reason)
        await sending.take_slots()
        if self._stopping or not is_ours():
            sending.give_back_slots()
            return replace(empty, reason="stopping" if self._stopping else "late")
        return await self._asked(job, sending, ready, empty)

    async def _asked(
        self, job: Job, sending: PairSending, ready: Ready, empty: Reply
    ) -> Reply:
        planned, now = job.planned, asyncio.get_running_loop().time
        began, where = now(), "sending"
        try:
            call = call_of(planned, fresh=job.fresh)
            deadline = began + job.deadline_seconds
            found = await sending.send(planned, ready, deadline, call)
            seconds = now() - began
            tally = Tally(planned, sending, self._prices.cost)
            tally.add(found)
            tally.altered = ready.altered
            answers = tally.answers(ready.subjects)
            where = "scoring"
            judged = await self._judging.judge(planned, ready.recorded, answers)
        except Exception:  # noqa: BLE001
            return self._failed(empty, where)
        return replace(
            empty,
            end="answered",
            answers=self._told(answers, judged.answers),
            result=judged.result,
            withheld=judged.answers is None,
            retry_after_seconds=_retry_after(found),
            quota=_quota(found.get("control")),
            seconds=seconds,
        )

    def _told(self, asked: PairAnswers, redacted: PairAnswers | None) -> PairAnswers:
        """Return what leaves this process: redacted, or nothing that a model said."""
        if redacted is not None and self._keeps:
            return redacted
        return bare(redacted or asked)

    def _failed(self, empty: Reply, where: str) -> Reply:
        told = {"where": where, "number": empty.number}
        log.exception("a pair failed", extra=told)  # noqa: LOG004 - in a handler
        self._on_fault(where)
        return replace(empty, end="failed", reason=where)

    def _sending(self, job: Job) -> PairSending:
        known = self._sendings.get((job.canary, job.model))
        if known is not None:
            return known
        arm = self._arms[job.canary]
        canary = Arm(arm.name, replace(arm.config, model=job.model), arm.endpoint)
        control = control_of(self._config)
        made = PairSending(canary, None if control is None else self._arms[control])
        while len(self._sendings) >= KEPT_SENDINGS:
            del self._sendings[next(iter(self._sendings))]
        self._sendings[job.canary, job.model] = made
        return made


def _quota(attempt: Attempt | None) -> dict[str, str]:
    if attempt is None:
        return {}
    quota = attempt.quota.items()
    return {name: v for name, v in quota if v.isascii() and v.isdigit()}


def _retry_after(found: Mapping[Place, Attempt]) -> float:
    return max((each.retry_after_seconds for each in found.values()), default=0.0)
