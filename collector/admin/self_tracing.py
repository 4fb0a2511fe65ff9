"""Self-tracing of the relay with the OpenTelemetry SDK; off unless a URL is set.

One SERVER span for a small share of the requests. They leave over OTLP/HTTP, on a way
of their own, and never describe themselves: an own address is refused at the start, the
hop header makes this process refuse what comes back, and a request that carries spans
of this process (through another collector's fan-out) is never traced.

The SDK is imported here, and this file only where a URL is set.
"""

import asyncio
import os
import random
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor
from opentelemetry.sdk.trace import TracerProvider as Tracers
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from collector.config.relay import TelemetryConfig
from collector.exporter.http import HttpUpstream
from collector.metrics.relay import RelayMetrics
from collector.otlp.export_result import CODE_NAMES, ExportResult, is_retryable
from collector.otlp.messages import REQUESTS
from collector.otlp.signals import SIGNALS, OtlpRequest
from collector.receiver.contract import Handle
from collector.receiver.policy import HOP_HEADER
from snaptrace import VERSION
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.config import Address, ConfigError
from snaptrace.runtime.events import wait
from snaptrace.runtime.own_resource import own_resource

_KEY: Final = "collector.telemetry.traces_url"
_RESOURCE: Final = {"service.name": "snaptrace-collector", "service.version": VERSION}
_WAITING_SPANS: Final = 512
_SEND_EVERY_SECONDS: Final = 5.0
_TIMEOUT_SECONDS: Final = 5.0
_WILDCARDS: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def traces_endpoint(url: str, listening: Sequence[Address]) -> str:
    """Return the full URL for spans.

    Raises:
        ConfigError: not an HTTP URL, with credentials, or one of our own listeners.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(_KEY, "is no URL; write http:// or https:// host:port")
    if parts.username or parts.password:
        raise ConfigError(_KEY, "holds credentials")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for address in listening:
        if port == address.port and _is_own(parts.hostname, address.host):
            raise ConfigError(_KEY, f"is this collector's own listener {address}")
    path = SIGNALS["traces"].http_path
    base = url.rstrip("/")
    return base if base.endswith(path) else base + path


def _is_own(host: str, listening: str) -> bool:
    """Return whether `host` reaches a listener on `listening` of this machine."""
    if host == listening:
        return True
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except OSError:
        return False  # does not resolve now; the hop header still guards
    for family, kind, protocol, _, where in found:
        if where[0] != listening and listening not in (*_WILDCARDS, ""):
            continue
        try:
            # An address that can be bound is one of ours.
            with socket.socket(family, kind, protocol) as probe:
                probe.bind((where[0], 0))
        except OSError:
            continue
        return True
    return False


class SelfTracing(SpanProcessor):
    """Part of the relay that creates, buffers (bounded) and exports spans."""

    name = "self_tracing"

    def __init__(
        self,
        config: TelemetryConfig,
        *,
        listening: Sequence[Address],
        instance: str,
        metrics: RelayMetrics,
        clock: Clock,
        rng: random.Random,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Raises ConfigError where the URL cannot be used; `instance` is in our hop."""
        url = traces_endpoint(config.traces_url, listening)
        self._share, self._rng, self._clock = config.sample_share, rng, clock
        self._instance, self._own_mark = instance, instance.encode()
        self._upstream = HttpUpstream({"traces": url}, clock=clock, tls=None)
        self._waiting: deque[ReadableSpan] = deque()
        self._counts = {
            outcome: metrics.own_spans.labels(outcome)
            for outcome in ("sent", "failed", "dropped")
        }
        resource: dict[str, AttributeValue] = {
            **own_resource(_RESOURCE, environ),
            # Nobody else's to say: by its id a process knows its own spans.
            "service.instance.id": instance,
            "snaptrace.sample_share": config.sample_share,
        }
        tracers = Tracers(
            sampler=ALWAYS_ON,  # the share is drawn before a span is made
            resource=Resource(resource),
            span_limits=SpanLimits(max_span_attributes=16),
            shutdown_on_exit=False,
        )
        tracers.add_span_processor(self)
        self._tracer = tracers.get_tracer("snaptrace.collector")

    def traced(self, handle: Handle) -> Handle:
        """Wrap `handle` with a span for a fraction of the requests."""

        async def sometimes(
            request: OtlpRequest, timeout_seconds: float | None
        ) -> ExportResult:
            if self._rng.random() >= self._share or self._own_mark in request.body:
                return await handle(request, timeout_seconds)
            return await self._spanned(handle, request, timeout_seconds)

        return sometimes

    async def _spanned(
        self, handle: Handle, request: OtlpRequest, timeout_seconds: float | None
    ) -> ExportResult:
        attributes: dict[str, AttributeValue] = {
            "snaptrace.signal": request.signal,
            "snaptrace.encoding": request.encoding,
            "snaptrace.body_bytes": len(request.body),
        }
        method = SIGNALS[request.signal].grpc_method
        span = self._tracer.start_span(
            method.removeprefix("/"),
            kind=SpanKind.SERVER,
            attributes=attributes,
            start_time=request.received_at_ns,
        )
        code = 1  # the client left
        try:
            answer = await handle(request, timeout_seconds)
            code = answer.code
            # Whose fault it is decides: what may be sent again is no client's mistake.
            if code and is_retryable(answer):
                span.set_status(StatusCode.ERROR)
        finally:
            named = CODE_NAMES[code] if 0 <= code < len(CODE_NAMES) else "unknown"
            span.set_attribute("rpc.response.status_code", named.upper())
            span.end(self._clock.now_ns())
        return answer

    def on_end(self, span: ReadableSpan) -> None:
        """Buffer an ended span for export; above the bound it is only counted."""
        if len(self._waiting) < _WAITING_SPANS:
            self._waiting.append(span)
        else:
            self._counts["dropped"].inc()

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Export buffered spans every few seconds and once at shutdown."""
        ready()
        try:
            while not stop.is_set():
                await wait(stop, _SEND_EVERY_SECONDS)
                await self.send()
            await self.send()  # what was stopped before the loop began
        finally:
            await self._upstream.close()

    async def send(self) -> None:
        """Export buffered spans; failures are counted, not retried."""
        if not self._waiting:
            return
        spans = list(self._waiting)
        self._waiting.clear()
        request = OtlpRequest(
            signal="traces",
            encoding="protobuf",
            body=_encoded(spans),
            received_at_ns=self._clock.now_ns(),
            headers={HOP_HEADER: self._instance},
        )
        answer = await self._upstream.send(request, _TIMEOUT_SECONDS)
        self._counts["failed" if answer.code else "sent"].inc(len(spans))


def _encoded(spans: Sequence[ReadableSpan]) -> bytes:
    """Return one export request; the spans are of one process and one scope."""
    message: Any = REQUESTS["traces"]()
    resource = message.resource_spans.add()
    _fill(resource.resource.attributes, spans[0].resource.attributes)
    scope = resource.scope_spans.add()
    scope.scope.name = "snaptrace.collector"
    for span in spans:
        context = span.get_span_context()
        assert context is not None  # every span of the SDK has one
        made = scope.spans.add(
            trace_id=context.trace_id.to_bytes(16, "big"),
            span_id=context.span_id.to_bytes(8, "big"),
            name=span.name,
            kind=span.kind.value + 1,  # the wire keeps 0 for "not said"
            start_time_unix_nano=span.start_time or 0,
            end_time_unix_nano=span.end_time or 0,
        )
        made.status.code = span.status.status_code.value
        _fill(made.attributes, span.attributes or {})
    encoded: bytes = message.SerializeToString()
    return encoded


def _fill(fields: Any, attributes: Any) -> None:  # noqa: ANN401 - generated classes
    for name, value in attributes.items():
        field = fields.add(key=name)
        if isinstance(value, float):
            field.value.double_value = value
        elif isinstance(value, int):
            field.value.int_value = value
        else:
            field.value.string_value = str(value)
