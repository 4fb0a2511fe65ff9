"""Exports judged pairs to an OTLP collector; off unless a URL is set.

The queue is bounded and holds ids and numbers only; pairs that do not fit are dropped
and counted. Export is never retried and never blocks. A pair that is judged again
after a crash keeps its ids.
"""

import asyncio
import logging
import os
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import aiohttp

from replayd.arms.arm import Arm
from replayd.config import TelemetryConfig
from replayd.model import ArmAnswer, Epoch, PairAnswers, PairResult, Planned
from replayd.telemetry import otlp_encoding
from replayd.telemetry.metrics import EngineMetrics
from replayd.telemetry.otlp_encoding import ExportedArm, ExportedPair
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.config import ConfigError
from snaptrace.runtime.events import wait
from snaptrace.runtime.own_resource import own_resource
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import Snapshot

log = logging.getLogger(__name__)

WAITING_PAIRS = 2048  # a few hundred bytes each
SENT_AT_ONCE = 256
SEND_EVERY_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0
_PATHS = {"spans": "/v1/traces", "evaluations": "/v1/logs"}
# OpenTelemetry's provider name by API; also used for compatible servers.
_PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "gemini": "gcp.gemini"}


def check_url(config: TelemetryConfig) -> None:
    """Reject a URL that cannot be exported to.

    Raises:
        ConfigError: says what to write.
    """
    parts = urlsplit(config.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        why = f"write http:// or https:// host:port of OTLP/HTTP (is {config.url!r})"
        raise ConfigError("replayd.telemetry.url", why)
    if parts.username or parts.password:
        why = "holds credentials; put them into replayd.telemetry.headers"
        raise ConfigError("replayd.telemetry.url", why)


class OtlpExporter:
    """Part that exports judged pairs as spans and evaluation events."""

    name = "telling"

    def __init__(
        self,
        config: TelemetryConfig,
        arms: Mapping[str, Arm],
        metrics: EngineMetrics,
        clock: Clock,
        rng: random.Random,
        *,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._config, self._arms, self._clock = config, arms, clock
        self._own = own_resource(otlp_encoding.RESOURCE, environ)
        self._told, self._rng = metrics.told, rng
        self._waiting: deque[ExportedPair] = deque()

    def pair(
        self,
        epoch: Epoch,
        planned: Planned,
        snapshot: Snapshot,
        answers: PairAnswers,
        result: PairResult,
    ) -> None:
        """Queue one judged pair; if the queue is full, it is counted and dropped."""
        if self._rng.random() >= self._config.share:
            return
        if len(self._waiting) >= WAITING_PAIRS:
            self._told.labels("pairs", "dropped").inc()
            return
        asked = (
            ("canary", epoch.canary, answers.canary),
            ("control", epoch.control, answers.control),
            ("second_control", epoch.control, answers.second_control),
        )
        self._waiting.append(
            ExportedPair(
                epoch=epoch.epoch,
                canary=epoch.canary,
                revision=epoch.revision,
                number=planned.number,
                lane=planned.lane,
                modality=result.modality,
                snapshot_id=snapshot.snapshot_id,
                trace_id=snapshot.trace_id,
                span_id=snapshot.span_id,
                at_ns=self._clock.now_ns(),
                excluded=result.excluded,
                streams=result.streams,
                arms=tuple(
                    self._arm(place, name, answer)
                    for place, name, answer in asked
                    if answer is not None
                ),
            )
        )

    def _arm(self, place: str, name: str, answer: ArmAnswer) -> ExportedArm:
        config = self._arms[name].config
        server = urlsplit(config.url)
        api = APIS.get(config.api)
        return ExportedArm(
            place=place,
            name=name,
            provider=_PROVIDERS.get(config.api.partition("_")[0], config.api),
            operation=api.operation if api is not None else "chat",
            model=config.model,
            address=server.hostname or "",
            port=server.port or (443 if server.scheme == "https" else 80),
            outcome=answer.outcome,
            served_model=answer.served_model,
            response_id=answer.answer.response_id,
            finish_reason=answer.answer.finish_reason,
            input_tokens=answer.usage.input_tokens,
            output_tokens=answer.usage.output_tokens,
            latency_ms=answer.latency_ms,
            attempts=answer.attempts,
        )

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Export queued pairs every few seconds and once at shutdown."""
        ready()
        async with aiohttp.ClientSession(
            headers={"content-type": "application/x-protobuf", **self._config.headers},
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        ) as session:
            while not stop.is_set():
                await wait(stop, SEND_EVERY_SECONDS)
                while self._waiting and not stop.is_set():
                    await self._send(session)
            await self._send(session)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        count = min(len(self._waiting), SENT_AT_ONCE)
        pairs = [self._waiting.popleft() for _ in range(count)]
        if pairs and self._config.spans:
            body = otlp_encoding.spans(pairs, self._own)
            await self._post(session, "spans", body, pairs)
        if pairs and self._config.evaluations:
            body = otlp_encoding.evaluations(
                pairs, self._own, under_spans=self._config.spans
            )
            await self._post(session, "evaluations", body, pairs)

    async def _post(
        self,
        session: aiohttp.ClientSession,
        what: str,
        body: bytes,
        pairs: Sequence[ExportedPair],
    ) -> None:
        outcome = "failed"
        try:
            # Never followed elsewhere: the headers may hold a credential.
            async with session.post(
                self._config.url.rstrip("/") + _PATHS[what],
                data=body,
                allow_redirects=False,
            ) as answer:
                outcome = "sent" if answer.status == 200 else "failed"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.debug("export failed", extra={"why": str(error)})
        self._told.labels(what, outcome).inc(len(pairs))
