"""The only file that wires the relay: what is made, handed to whom, and in which order.

Order from source to sink: receivers, forwarding, tap, telemetry. Sinks start first,
sources stop first; the last one to go is the page that says how it went.
"""

import asyncio
import logging
import os
import random
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from collector.admin.server import AdminServer
from collector.config.relay import CollectorConfig
from collector.exporter import open_upstreams
from collector.exporter.batching import BatchingUpstream
from collector.exporter.contract import Upstream
from collector.exporter.endpoints import endpoints
from collector.exporter.relay import Relay
from collector.metrics.instruments import Registry
from collector.metrics.process import ProcessFamilies
from collector.metrics.relay import RelayMetrics
from collector.otlp.export_result import UNAVAILABLE, ExportResult, refusal
from collector.otlp.signals import OtlpRequest
from collector.receiver import open_receiver
from collector.receiver.admission import Admission
from collector.receiver.contract import Handle
from collector.receiver.policy import BearerTokens, HeaderFilter, ReceiverPolicy
from collector.recognise.prefilter import has_marker
from collector.tap.queue import Tap
from collector.tap.supervisor import Supervisor
from snaptrace.runtime.clock import Clock, SystemClock
from snaptrace.runtime.lifecycle import Part, run_parts
from snaptrace.runtime.malloc_trim import MallocTrimmer, trim

if TYPE_CHECKING:
    from collector.admin.self_tracing import SelfTracing

log = logging.getLogger(__name__)


class _Forwarding:
    """The upstreams as a part: a place for joined calls, and their end."""

    name = "forward"

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._upstreams = list({id(u): u for u in upstreams.values()}.values())

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Keep the upstreams open until `stop`."""
        async with asyncio.TaskGroup() as tasks:
            for upstream in self._upstreams:
                if isinstance(upstream, BatchingUpstream):
                    upstream.start(tasks)
            ready()
            await stop.wait()
            for upstream in self._upstreams:
                await upstream.close()


class _Ports:
    """Collects the addresses that were bound, and writes them once all are known."""

    def __init__(self, file: str | None) -> None:
        self._file = Path(file) if file else None
        self.addresses: dict[str, str] = {}

    def note(self, name: str, address: str) -> None:
        self.addresses[name] = address

    def write(self) -> None:
        log.info("ready", extra=self.addresses)
        if self._file is None:
            return
        # Whoever waits for the file must never see half of it.
        unfinished = self._file.with_suffix(".unfinished")
        unfinished.write_bytes(msgspec.json.encode(self.addresses))
        unfinished.replace(self._file)


async def run(
    config: CollectorConfig,
    tree: Mapping[str, Any],
    stop: asyncio.Event,
    *,
    strict: bool = False,
    ports_file: str | None = None,
    worker_command: tuple[str, ...] | None = None,
) -> None:
    """Run the relay and its sampling process until `stop`, then drain.

    `tree` is the merged configuration; the sampling process reads it anew.

    Raises:
        ConfigError: the upstream, or where own spans go, makes no sense.
        OSError: an address cannot be bound, or the token file cannot be read.
        ExceptionGroup: a part failed; the others were stopped first.
    """
    clock = SystemClock()
    registry = Registry()
    registry.register(ProcessFamilies())
    metrics = RelayMetrics(registry)
    ways_out = endpoints(config.upstream, os.environ)
    upstreams = open_upstreams(
        ways_out, config.upstream.join, metrics, clock, config.engine
    )
    tap = Tap(int(config.tap.queue_bytes), metrics, has_marker)
    tokens = BearerTokens(config.auth)
    instance = secrets.token_hex(8)
    ports = _Ports(ports_file)
    is_ready = False
    admission = Admission(int(config.limits.in_flight))
    metrics.in_flight_bytes.set_function(lambda: admission.reserved_bytes)

    def why_not_ready() -> str:
        return "stopping" if stop.is_set() else "" if is_ready else "starting"

    def on_ready() -> None:
        nonlocal is_ready
        is_ready = True
        ports.write()

    relay = Relay(upstreams, ways_out, tap.offer, instance)
    handle = _never_failing(relay.handle)
    self_tracing = _self_tracing(config, instance, metrics, clock)
    if self_tracing:
        # Inside, so that a span shows what was answered; outside, as it may fail too.
        handle = _never_failing(self_tracing.traced(handle))
    reception = ReceiverPolicy(
        handle=handle,
        admission=admission,
        limits=config.limits,
        headers=HeaderFilter(config.headers, drop_authorization=tokens.required),
        tokens=tokens,
        metrics=metrics,
        clock=clock,
        instance=instance,
        serving=lambda: not why_not_ready(),
    )
    drain_seconds = float(config.drain)
    listen = [
        ("grpc", config.grpc.listen, config.grpc.tls),
        ("http", config.http.listen, config.http.tls),
    ]
    settings = {} if worker_command is None else {"command": worker_command}
    supervisor = Supervisor(
        tap,
        metrics,
        clock,
        tree,
        stopping=stop,
        drain_seconds=drain_seconds,
        strict=strict,
        **settings,
    )
    registry.register(supervisor)
    parts: list[Part] = [
        open_receiver(config.engine, reception, listen, drain_seconds / 2, ports.note),
        _Forwarding(upstreams),
        supervisor,
        AdminServer(
            config.metrics.listen,
            registry,
            why_not_ready,
            supervisor.refresh,
            ports.note,
        ),
    ]
    parts.append(
        MallocTrimmer(lambda: admission.reserved_bytes, admission.take_peak_bytes, trim)
    )
    if self_tracing:
        parts.append(self_tracing)
    await run_parts(parts, stop, drain_seconds=drain_seconds, on_ready=on_ready)


def _self_tracing(
    config: CollectorConfig, instance: str, metrics: RelayMetrics, clock: Clock
) -> "SelfTracing | None":
    if not config.telemetry.traces_url:
        return None
    # The SDK and a second HTTP client, which a relay at rest should not pay for.
    from collector.admin.self_tracing import SelfTracing  # noqa: PLC0415

    return SelfTracing(
        config.telemetry,
        listening=[config.grpc.listen, config.http.listen, config.metrics.listen],
        instance=instance,
        metrics=metrics,
        clock=clock,
        rng=random.Random(),  # noqa: S311 - picks requests to describe
    )


def _never_failing(handle: Handle) -> Handle:
    """Turn a defect of ours into an answer that clients retry."""

    async def guarded(
        request: OtlpRequest, timeout_seconds: float | None
    ) -> ExportResult:
        try:
            return await handle(request, timeout_seconds)
        except Exception as error:  # noqa: BLE001 - INTERNAL would lose the batch
            # The type alone: a message could quote what was sent.
            why = type(error).__name__
            log.error("forwarding failed", extra={"why": why})  # noqa: TRY400
            return refusal(UNAVAILABLE, "the collector failed; try again")

    return guarded
