"""The promise of `collector/exporter/contract.py`, asked of every way out."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
from fakes.upstream import BREAK, HANG, FakeUpstream
from fakes.waiting import until

from collector.config.relay import JoinConfig, UpstreamConfig
from collector.exporter import open_upstreams
from collector.exporter.endpoints import endpoints
from collector.metrics.instruments import Registry
from collector.metrics.relay import RelayMetrics
from collector.otlp.export_result import (
    UNAVAILABLE,
    ExportResult,
    is_retryable,
    refusal,
)
from collector.otlp.signals import SIGNALS, OtlpRequest
from snaptrace.runtime.clock import SystemClock


def request(signal="traces", body=b"\x0a\x01x", **more):
    return OtlpRequest(
        signal=signal, encoding="protobuf", body=body, received_at_ns=0, **more
    )


@asynccontextmanager
async def way_out(url, kind, **config):
    ways = endpoints(UpstreamConfig(url=url, **config), {})
    metrics = RelayMetrics(Registry())
    join = "joining" in kind
    engine = "grpcio" if "grpcio" in kind else "native"
    opened = open_upstreams(
        ways, JoinConfig(enabled=join), metrics, SystemClock(), engine
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            if join:
                opened["traces"].start(tasks)
            yield opened["traces"]
    finally:
        await opened["traces"].close()
        await opened["traces"].close()


@pytest.fixture(
    params=["grpc", "http", "grpc, joining", "http, joining", "grpcio"],
)
def kind(request):
    return request.param


@asynccontextmanager
async def connected(kind, behave=None, **config):
    async with FakeUpstream() as fake:
        if behave is not None:
            fake.behave = behave
        url = f"grpc://{fake.grpc}" if kind.startswith("grpc") else fake.http
        async with way_out(url, kind, **config) as upstream:
            yield upstream, fake


def always(answer):
    return lambda _signal, _body, _headers: answer


@pytest.mark.parametrize("signal", SIGNALS)
async def test_bytes_and_answer_pass_through(kind, signal):
    """Telemetry or the upstream's partial success would be changed on the way."""
    partial = b"\x0a\x06\x08\x00\x12\x02hm"
    async with connected(kind, always(ExportResult(body=partial))) as (upstream, fake):
        body = bytes(range(256)) * 4000
        answer = await upstream.send(request(signal, body), 10)
        assert (answer.code, answer.body) == (0, partial)
        assert fake.accepted == [(signal, body)]


@pytest.mark.parametrize("code", range(1, 17))
async def test_a_refusal_keeps_its_kind_text_and_delay(kind, code):
    """What may be sent again would be lost, or what may not would come again."""
    refused = refusal(code, "because", 9)
    async with connected(kind, always(refused)) as (upstream, _):
        answer = await upstream.send(request(), 10)
        assert answer.message == "because"
        assert is_retryable(answer) == is_retryable(refused)
        if kind.startswith("grpc"):
            assert (answer.code, answer.details) == (code, refused.details)
        else:
            assert answer.retry_after == "9"
            assert answer.body == refused.details


async def test_too_slow_is_unavailable(kind):
    """A client would be told INTERNAL or nothing, and drop its batch."""
    async with connected(kind, always(HANG)) as (upstream, fake):
        answer = await upstream.send(request(), 0.2)
        assert answer.code == UNAVAILABLE
        await until(lambda: not fake.waiting)


async def test_unreachable_is_unavailable(kind):
    """An upstream that restarts would cost what arrives meanwhile."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    scheme = "grpc" if kind.startswith("grpc") else "http"
    url = f"{scheme}://127.0.0.1:{port}"
    async with way_out(url, kind) as upstream:
        answer = await upstream.send(request(), 5)
        assert answer.code == UNAVAILABLE
        assert str(port) not in answer.message


async def test_a_connection_that_breaks_is_unavailable(kind):
    """A reset in the middle of an answer would be passed on as a failure for good."""

    async def break_off(reader, writer):
        await reader.read(100)
        writer.transport.abort()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        scheme = "grpc" if kind.startswith("grpc") else "http"
        async with way_out(f"{scheme}://127.0.0.1:{port}", kind) as upstream:
            answer = await upstream.send(request(), 5)
            assert answer.code == UNAVAILABLE


async def test_an_http_upstream_that_hangs_up_is_unavailable():
    """A half answer would be read as a whole one."""
    async with connected("http", always(BREAK)) as (upstream, _):
        answer = await upstream.send(request(), 5)
        assert answer.code == UNAVAILABLE


async def test_leaving_cancels_the_call(kind):
    """The upstream would work for clients that have gone."""
    async with connected(kind, always(HANG)) as (upstream, fake):
        sending = asyncio.ensure_future(upstream.send(request(), 30))
        await until(lambda: fake.waiting)
        sending.cancel()
        await until(lambda: not fake.waiting)
        assert fake.accepted == []


async def test_headers_travel(kind):
    """A backend would not know the tenant, or not let us in."""
    config = {"headers": {"X-Key": "k"}}
    async with connected(kind, **config) as (upstream, fake):
        await upstream.send(request(headers={"x-tenant-id": "t"}), 10)
        headers = fake.calls[0][2]
        assert (headers["x-tenant-id"], headers["x-key"]) == ("t", "k")


async def test_a_header_beyond_ascii_travels_as_its_bytes():
    """A backend would know the tenant by another name than the client gave it."""
    async with connected("http") as (upstream, fake):
        as_received = "Zürich".encode().decode("latin-1")
        await upstream.send(request(headers={"x-tenant-id": as_received}), 10)
        await upstream.send(request(headers={"x-tenant-id": "Z\xfcrich"}), 10)
        heard = [headers["x-tenant-id"] for _, _, headers in fake.calls]
        assert heard == ["Zürich", "Zürich"]


async def test_compression_is_undone_by_the_upstream(kind):
    """A backend would get bytes that it cannot read."""
    async with connected(kind, compression="gzip") as (upstream, fake):
        await upstream.send(request(body=b"\x0a\x02xx" * 1000), 10)
        assert fake.accepted == [("traces", b"\x0a\x02xx" * 1000)]
