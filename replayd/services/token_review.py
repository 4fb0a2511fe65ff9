"""Decides on a timer what token counts prove, and has canaries draw accordingly."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from replayd.evaluation.canary import CanaryEvaluation
from replayd.evidence.token_witness import TokenEvidence
from replayd.services.gauges import show_tokens
from replayd.telemetry.metrics import EngineMetrics
from replayd.witness.row import Row
from replayd.witness.standing import Decisions
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait

log = logging.getLogger(__name__)

# An epoch is led anew for the same row no more often than this: near a threshold every
# case may change its decision.
CALM_SECONDS = 600.0


class TokenReview:
    """Reviews the token evidence at the configured interval."""

    name = "token review"

    def __init__(
        self,
        tokens: TokenEvidence,
        shadows: Mapping[str, CanaryEvaluation],
        metrics: EngineMetrics,
        clock: Clock,
        *,
        poll_seconds: float,
        leading: Callable[[], bool],
    ) -> None:
        self._leading = leading
        self._tokens, self._shadows, self._metrics = tokens, shadows, metrics
        self._clock, self._poll_seconds = clock, poll_seconds
        self._applied = Decisions()
        self._calm_until_ns: dict[Row, int] = {}

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Review until `stop`."""
        ready()
        while not stop.is_set():
            await self.review()
            await wait(stop, self._poll_seconds)

    async def review(self) -> None:
        """Decide once; show it, and lead anew what draws by older decisions."""
        if not self._leading():
            show_tokens(self._metrics, ())
            return
        await self._tokens.review()
        show_tokens(self._metrics, self._tokens.standings.values())
        if not self._may_apply():
            return
        for shadow in self._shadows.values():
            if shadow.draws_by_older_decisions:
                log.info("other calls may gate now", extra={"canary": shadow.name})
                shadow.reconsider()

    def _may_apply(self) -> bool:
        """Whether a row changed that was calm; then all changes are applied."""
        now_ns, decided = self._clock.now_ns(), self._tokens.decided
        changed = (decided.verified ^ self._applied.verified) | (
            decided.lowered ^ self._applied.lowered
        )
        if all(now_ns < self._calm_until_ns.get(row, 0) for row in changed):
            return False
        until_ns = now_ns + int(CALM_SECONDS * 1e9)
        self._calm_until_ns |= dict.fromkeys(changed, until_ns)
        self._applied = decided
        return True
