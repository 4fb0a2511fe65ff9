"""The relay's own spans: off by default, few, bounded, and never about themselves."""

import asyncio
import random
import socket
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
from fakes.upstream import FakeUpstream

from collector.admin.self_tracing import SelfTracing, traces_endpoint
from collector.config.relay import TelemetryConfig
from collector.metrics.instruments import Registry
from collector.metrics.relay import RelayMetrics
from collector.otlp.export_result import ExportResult, refusal
from collector.otlp.messages import REQUESTS
from collector.otlp.signals import OtlpRequest
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Address, ConfigError


def request(body=b"\x0a\x00"):
    return OtlpRequest(
        signal="logs", encoding="protobuf", body=body, received_at_ns=1_000
    )


async def accept(_request, _timeout_seconds):
    return ExportResult()


@asynccontextmanager
async def tracing(url, share=1.0, environ=None):
    registry = Registry()
    made = SelfTracing(
        TelemetryConfig(traces_url=url, sample_share=share),
        listening=[],
        instance="0123456789abcdef",
        metrics=RelayMetrics(registry),
        clock=SystemClock(),
        rng=random.Random(1),
        environ=environ or {},
    )

    def count(outcome):
        return registry.value("snaptrace_collector_own_spans", outcome)

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(made.run(lambda: None, stop))
        try:
            yield made, count
        finally:
            stop.set()
            await running


async def test_the_operator_names_the_service():
    """All collectors of a company would be one service in its backend."""
    environ = {
        "OTEL_SERVICE_NAME": "relay-eu",
        "OTEL_RESOURCE_ATTRIBUTES": "team=search,service.instance.id=mine",
    }
    async with FakeUpstream() as backend:
        async with tracing(backend.http, environ=environ) as (made, _count):
            await made.traced(accept)(request(), None)
            await made.send()
        body = backend.calls[0][1]
    message = REQUESTS["traces"].FromString(body).resource_spans[0]
    named = {a.key: a.value.string_value for a in message.resource.attributes}
    assert (named["service.name"], named["team"]) == ("relay-eu", "search")
    # By this id the process recognises its own spans and never traces them.
    assert named["service.instance.id"] == "0123456789abcdef"


async def test_a_request_becomes_a_span_on_the_wire():
    """Nobody could see what the relay itself does."""
    async with FakeUpstream() as backend:
        async with tracing(backend.http) as (made, count):
            assert (await made.traced(accept)(request(), None)).code == 0
            await made.send()
            assert count("sent") == 1
        (signal, body, headers) = backend.calls[0]
    assert signal == "traces"
    assert headers["x-snaptrace-hop"] == "0123456789abcdef"
    message = REQUESTS["traces"].FromString(body).resource_spans[0]
    named = {a.key: a.value.string_value for a in message.resource.attributes}
    assert named["service.name"] == "snaptrace-collector"
    (span,) = message.scope_spans[0].spans
    assert span.name == "opentelemetry.proto.collector.logs.v1.LogsService/Export"
    assert (span.start_time_unix_nano, span.kind, span.status.code) == (1_000, 2, 0)
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert (len(span.trace_id), len(span.span_id)) == (16, 8)
    fields = {a.key: a.value for a in span.attributes}
    assert fields["rpc.response.status_code"].string_value == "OK"
    assert fields["snaptrace.body_bytes"].int_value == 2


async def test_what_is_waiting_is_sent_at_the_end():
    """The last seconds before a stop would be missing."""
    async with FakeUpstream() as backend:
        async with tracing(backend.http) as (made, _):
            await made.traced(accept)(request(), None)
        assert len(backend.accepted) == 1


async def test_answers_and_failures_pass_through():
    """Looking at a request would change what its client is told."""

    async def start_drain(_request, _timeout_seconds):
        raise asyncio.CancelledError

    async def refuse(_request, _timeout_seconds):
        return refusal(14, "later", 1)

    async with FakeUpstream() as backend:
        async with tracing(backend.http) as (made, _):
            assert await made.traced(refuse)(request(), 3) == refusal(14, "later", 1)
            with pytest.raises(asyncio.CancelledError):
                await made.traced(start_drain)(request(), None)
        body = backend.accepted[0][1]
    message = REQUESTS["traces"].FromString(body)
    spans = message.resource_spans[0].scope_spans[0].spans
    assert [span.status.code for span in spans] == [2, 0]


async def test_the_share_decides_and_own_spans_are_never_traced():
    """Telemetry about telemetry would grow without end."""
    async with FakeUpstream() as backend:
        async with tracing(backend.http, share=0.25) as (made, count):
            traced = made.traced(accept)
            for _ in range(400):
                await traced(request(), None)
            await made.send()
            assert 60 < count("sent") < 140
        async with tracing(backend.http) as (made, count):
            await made.traced(accept)(request(b"..0123456789abcdef.."), None)
            await made.send()
            assert count("sent") == 0


async def test_a_backend_that_is_away_costs_a_bounded_number_of_spans():
    """The relay would grow while its own backend is down."""
    async with tracing("http://127.0.0.1:1") as (made, count):
        traced = made.traced(accept)
        for _ in range(600):
            await traced(request(), None)
        assert count("dropped") == 88
        await made.send()
        assert count("failed") == 512


@pytest.mark.parametrize(
    ("url", "listening"),
    [
        ("http://localhost:4318", "127.0.0.1:4318"),
        ("http://127.0.0.1:4318/v1/traces", "0.0.0.0:4318"),
        ("https://[::1]:4317", "[::]:4317"),
        (f"http://{socket.gethostname()}:4317", f"{socket.gethostname()}:4317"),
        ("http://localhost", "127.0.0.1:80"),
    ],
)
def test_an_own_address_is_refused(url, listening):
    """The relay would feed on its own spans."""
    with pytest.raises(ConfigError, match=r"collector\.telemetry\.traces_url"):
        traces_endpoint(url, [Address(listening)])


@pytest.mark.parametrize("url", ["localhost:1", "grpc://a:1", "http://u:p@a:1"])
def test_what_is_no_url_is_refused_and_not_repeated(url):
    """A secret would be in the log, or spans would go nowhere."""
    with pytest.raises(ConfigError) as refused:
        traces_endpoint(url, [])
    assert "u:p" not in str(refused.value)


def test_another_port_or_machine_is_allowed():
    """Nobody could have the relay's spans at all."""
    own = [Address("127.0.0.1:4318")]
    end = "/v1/traces"
    assert (
        traces_endpoint("http://localhost:4320", own) == f"http://localhost:4320{end}"
    )
    assert traces_endpoint(f"http://192.0.2.1:4318{end}", own).endswith(f":4318{end}")


def test_the_sdk_is_not_loaded_where_it_is_off():
    """A relay at rest would pay for what it does not use."""
    code = (
        "import sys, collector.app, collector.receiver.native; "
        "sys.exit('opentelemetry.sdk' in sys.modules or 'aiohttp' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
