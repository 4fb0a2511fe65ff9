"""Exporters that people really use, through the collector, over every protocol."""

import asyncio
import logging

import pytest
from fakes.upstream import FakeUpstream
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import (
    OTLPLogExporter as GrpcLogs,
)
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (
    OTLPMetricExporter as GrpcMetrics,
)
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcSpans,
)
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import (
    OTLPLogExporter as HttpLogs,
)
from opentelemetry.exporter.otlp.proto.http.metric_exporter import (
    OTLPMetricExporter as HttpMetrics,
)
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpSpans,
)
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from system.forwarding import RunningCollector

from collector.otlp.messages import REQUESTS

pytestmark = [pytest.mark.system, pytest.mark.timeout(110)]


def emit(spans, metrics, logs):
    """Send one span, one counter and one log record through real exporters."""
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with tracers.get_tracer("t").start_as_current_span("a span"):
        pass
    tracers.shutdown()
    meters = MeterProvider([PeriodicExportingMetricReader(metrics)])
    meters.get_meter("t").create_counter("a_counter").add(1)
    meters.shutdown()
    loggers = LoggerProvider()
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    record = logging.LogRecord("t", logging.INFO, "f", 1, "a record", (), None)
    LoggingHandler(logger_provider=loggers).emit(record)
    loggers.shutdown()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("upstream_protocol", ["grpc", "http"])
@pytest.mark.parametrize("protocol", ["grpc", "grpc gzip", "http", "http gzip"])
async def test_the_python_sdk_delivers_all_signals(
    tmp_path, protocol, upstream_protocol
):
    """An exporter that people use would not get through."""
    async with FakeUpstream() as upstream:
        urls = {"grpc": f"grpc://{upstream.grpc}", "http": upstream.http}
        url = f"collector.upstream.url={urls[upstream_protocol]}"
        async with RunningCollector(tmp_path, url) as running:
            if protocol.startswith("grpc"):
                common = {"endpoint": running.grpc, "insecure": True, "timeout": 10}
                if "gzip" in protocol:
                    from grpc import Compression as GrpcCompression  # noqa: PLC0415

                    common["compression"] = GrpcCompression.Gzip
                exporters = [k(**common) for k in (GrpcSpans, GrpcMetrics, GrpcLogs)]
            else:
                coding = Compression.Gzip if "gzip" in protocol else None
                exporters = [
                    kind(
                        endpoint=f"http://{running.http}/v1/{name}",
                        compression=coding,
                        timeout=10,
                    )
                    for kind, name in (
                        (HttpSpans, "traces"),
                        (HttpMetrics, "metrics"),
                        (HttpLogs, "logs"),
                    )
                ]
            await asyncio.to_thread(emit, *exporters)
        got = {
            signal: REQUESTS[signal].FromString(b) for signal, b in upstream.accepted
        }
        span = got["traces"].resource_spans[0].scope_spans[0].spans[0]
        metric = got["metrics"].resource_metrics[0].scope_metrics[0].metrics[0]
        log = got["logs"].resource_logs[0].scope_logs[0].log_records[0]
        assert (span.name, metric.name) == ("a span", "a_counter")
        assert log.body.string_value == "a record"


async def test_two_collectors_in_a_row_deliver(tmp_path):
    """A sidecar before a gateway would be taken for a loop."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    async with FakeUpstream() as upstream:
        gateway = RunningCollector(second, f"collector.upstream.url={upstream.http}")
        async with gateway:
            url = f"collector.upstream.url=grpc://{gateway.grpc}"
            async with RunningCollector(first, url) as sidecar:
                exporter = GrpcSpans(endpoint=sidecar.grpc, insecure=True)
                tracers = TracerProvider()
                tracers.add_span_processor(SimpleSpanProcessor(exporter))
                span = tracers.get_tracer("t").start_span("through both")
                await asyncio.to_thread(span.end)
                await asyncio.to_thread(tracers.shutdown)
        assert [signal for signal, _ in upstream.accepted] == ["traces"]
