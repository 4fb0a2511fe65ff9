"""One receiver, served on loopback in front of a handler that a test chooses."""

import asyncio
from contextlib import asynccontextmanager
from io import BytesIO

import aiohttp
import grpc
import grpc.aio

from collector.config.relay import AuthConfig, HeadersConfig, LimitsConfig, TlsConfig
from collector.metrics.instruments import Registry
from collector.metrics.relay import RelayMetrics
from collector.otlp.export_result import ExportResult
from collector.otlp.signals import SIGNALS
from collector.receiver import open_receiver
from collector.receiver.admission import Admission
from collector.receiver.policy import BearerTokens, HeaderFilter, ReceiverPolicy
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Address, ByteSize

BODY = b"\x0a\x03abc"


class HeldHandler:
    """Answers exports as a test says, once it is let."""

    def __init__(self):
        self.requests, self.timeouts, self.cancelled = [], [], 0
        self.answer, self.hold, self.is_serving = ExportResult(), None, True
        self.admission, self.registry = Admission(4 * 2**20), Registry()

    async def handle(self, request, timeout_seconds):
        self.requests.append(request)
        self.timeouts.append(timeout_seconds)
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        return self.answer

    def refused(self, reason):
        return self.registry.value("snaptrace_collector_refused", reason)


class Served(HeldHandler):
    """One receiver in front of a handler that a test chooses."""

    def __init__(self):
        super().__init__()
        self.addresses = {}


@asynccontextmanager
async def serving(engine, *, limits=None, tokens=None, tls=None, headers=None):
    served = Served()
    auth = AuthConfig(bearer_token_file=str(tokens)) if tokens else AuthConfig()
    reception = ReceiverPolicy(
        handle=served.handle,
        admission=served.admission,
        limits=limits or LimitsConfig(message=ByteSize(2**20)),
        headers=HeaderFilter(
            headers or HeadersConfig(), drop_authorization=bool(tokens)
        ),
        tokens=BearerTokens(auth),
        metrics=RelayMetrics(served.registry),
        clock=SystemClock(),
        instance="self",
        serving=lambda: served.is_serving,
    )
    listen = [
        ("grpc", Address("127.0.0.1:0"), tls or TlsConfig()),
        ("http", Address("127.0.0.1:0"), tls or TlsConfig()),
    ]
    receiver = open_receiver(
        engine, reception, listen, 2.0, served.addresses.__setitem__
    )
    ready, stop = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(receiver.run(ready.set, stop))
        await ready.wait()
        served.stop = stop
        try:
            yield served
        finally:
            stop.set()


@asynccontextmanager
async def grpc_client(served):
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        # A probe that gRPC's own server has not read when it closes after its last
        # answer is a reset, and may cost the client that answer.
        ("grpc.http2.bdp_probe", 0),
    ]
    async with grpc.aio.insecure_channel(served.addresses["grpc"], options) as channel:
        yield lambda signal, body, **call: channel.unary_unary(
            SIGNALS[signal].grpc_method
        )(body, timeout=call.pop("timeout", 10), **call)


@asynccontextmanager
async def grpc_channel(served):
    async with grpc.aio.insecure_channel(served.addresses["grpc"]) as channel:
        yield channel


@asynccontextmanager
async def http_client(served):
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        @asynccontextmanager
        async def post(signal, body, media_type="application/x-protobuf", **headers):
            url = f"http://{served.addresses['http']}{SIGNALS[signal].http_path}"
            given = {"Content-Type": media_type}
            given |= {k.replace("_", "-"): v for k, v in headers.items()}
            async with session.post(url, data=BytesIO(body), headers=given) as response:
                yield response

        yield post
