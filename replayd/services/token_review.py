"""Decides on a timer what token counts prove, and has canaries draw accordingly."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from replayd.evaluation.canary import CanaryEvaluation
from replayd.evidence.token_witness import TokenEvidence
from replayd.services.gauges import show_tokens
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait

log = logging.getLogger(__name__)

# An epoch is led anew for a changed decision no more often than this: near a threshold
# every case may change it.
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
        self._calm_until_ns = 0

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
        now_ns = self._clock.now_ns()
        outdated = [s for s in self._shadows.values() if s.draws_by_older_decisions]
        if not outdated or now_ns < self._calm_until_ns:
            return
        self._calm_until_ns = now_ns + int(CALM_SECONDS * 1e9)
        for shadow in outdated:
            log.info("other calls may gate now", extra={"canary": shadow.name})
            shadow.reconsider()
