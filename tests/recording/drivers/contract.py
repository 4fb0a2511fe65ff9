"""What a driver says: one instrumentation on one client or framework.

Also imported in the library's own environment: standard library only, and imports of
others inside of functions.
"""

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Flush = Callable[[], object]


class Driver(NamedTuple):
    """One row: what is installed, switched on and called."""

    client: str  # a module of `clients`
    packages: tuple[str, ...]  # the recorded library last
    # Switches the instrumentation on; takes the stand-in's address, returns what
    # exports all that waits.
    switch_on: Callable[[str], Flush]
    environment: Mapping[str, str] = MappingProxyType({})
    built: tuple[str, ...] = ()  # packages that are published without wheels


class NodeDriver(NamedTuple):
    """One row of an instrumentation for Node."""

    client: str  # a module of `node/clients`
    packages: tuple[str, ...]  # the recorded library last
    switch: str  # a name in `node/switches.mjs`
    environment: Mapping[str, str] = MappingProxyType({})


def sdk(url: str) -> tuple[Any, Any, Flush]:
    """Set up OpenTelemetry's SDK; return its tracer and logger providers, and flush."""
    from opentelemetry import _logs, trace
    from opentelemetry.exporter.otlp.proto.http import _log_exporter, trace_exporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    spans, logs = TracerProvider(), LoggerProvider()
    to_spans = trace_exporter.OTLPSpanExporter(f"{url}/v1/traces")
    spans.add_span_processor(BatchSpanProcessor(to_spans))
    to_logs = _log_exporter.OTLPLogExporter(f"{url}/v1/logs")
    logs.add_log_record_processor(BatchLogRecordProcessor(to_logs))
    trace.set_tracer_provider(spans)
    _logs.set_logger_provider(logs)
    _old_events(logs)

    def flush() -> None:
        spans.force_flush(5000)
        logs.force_flush(5000)

    return spans, logs, flush


def _old_events(logs: Any) -> None:
    """Send what libraries of 2024 and 2025 report by an interface that is gone."""
    try:
        from opentelemetry import _events
        from opentelemetry.sdk._events import EventLoggerProvider
    except ImportError:
        return
    _events.set_event_logger_provider(EventLoggerProvider(logger_provider=logs))


def flush_all() -> None:
    """Export what waits in the global tracer provider."""
    from opentelemetry import trace

    provider: Any = trace.get_tracer_provider()
    if hasattr(provider, "force_flush"):
        provider.force_flush(5000)


def exporting(url: str) -> Any:
    """Return a span processor that exports to the stand-in."""
    from opentelemetry.exporter.otlp.proto.http import trace_exporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = trace_exporter.OTLPSpanExporter(f"{url}/v1/traces")
    return BatchSpanProcessor(exporter)


def instrumentor(module: str, *more: str, logs: bool = True) -> Callable[[str], Flush]:
    """Return what switches on the instrumentor of a module, on OpenTelemetry's SDK."""

    def switch_on(url: str) -> Flush:
        spans, loggers, flush = sdk(url)
        given = {"logger_provider": loggers} if logs else {}
        for name in (module, *more):
            found(name)().instrument(tracer_provider=spans, **given)
        return flush

    return switch_on


def found(name: str) -> Any:
    """Return the instrumentor of a module."""
    from opentelemetry.instrumentation.instrumentor import BaseInstrumentor

    module = importlib.import_module(name)
    return next(
        one
        for one in vars(module).values()
        if isinstance(one, type)
        and issubclass(one, BaseInstrumentor)
        and one is not BaseInstrumentor
    )
