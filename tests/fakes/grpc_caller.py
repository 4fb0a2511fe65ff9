"""gRPC calls played into the receiver frame by frame, before a handler of a test."""

import asyncio

from fakes.http2_client import Client
from fakes.served_receiver import HeldHandler

from collector.config.relay import AuthConfig, HeadersConfig, LimitsConfig
from collector.metrics.relay import RelayMetrics
from collector.net import h2_frames
from collector.net.listener import ListenerState
from collector.otlp.signals import SIGNALS
from collector.receiver.grpc_export import GrpcExportService
from collector.receiver.grpc_services import GrpcServices
from collector.receiver.policy import BearerTokens, HeaderFilter, ReceiverPolicy
from snaptrace.runtime.config import ByteSize, Duration

TRACES = SIGNALS["traces"].grpc_method


def framed(message, *, packed=False):
    return bytes((packed,)) + len(message).to_bytes(4, "big") + message


class Caller(HeldHandler, Client):
    """A client whose requests are gRPC calls; the test is the handler."""

    def __init__(
        self,
        *,
        message=2**20,
        allow=("x-*",),
        tokens=None,
        streams=100,
        greets=True,
    ):
        HeldHandler.__init__(self)
        auth = AuthConfig(bearer_token_file=str(tokens)) if tokens else AuthConfig()
        limits = LimitsConfig(message=ByteSize(message), read=Duration(20))
        reception = self.reception = ReceiverPolicy(
            handle=self.handle,
            admission=self.admission,
            limits=limits,
            headers=HeaderFilter(
                HeadersConfig(allow=allow), drop_authorization=bool(tokens)
            ),
            tokens=BearerTokens(auth),
            metrics=RelayMetrics(self.registry),
            clock=self,
            instance="self",
            serving=lambda: self.is_serving,
        )
        services = GrpcServices(reception.serving)
        self.reasons = []
        shared = ListenerState(
            now_seconds=self.monotonic_seconds,
            refused=self.reasons.append,
            read_seconds=20.0,
            most_connections=1000,
            most_streams=streams,
            all_streams=1000,
        )
        self.now_seconds = 1000.0
        Client.__init__(
            self, GrpcExportService(reception, services), shared, greets=greets
        )

    def now_ns(self):
        return int(self.now_seconds * 10**9)

    def monotonic_seconds(self):
        return self.now_seconds

    def calls(self, stream, body=None, *more, path=TRACES, is_last=True, block=b""):
        """Begin a call; `more` are header fields and `block` ready-made ones."""
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ]
        fields += more
        ends = h2_frames.END_STREAM if is_last else 0
        flags = h2_frames.END_HEADERS | (ends if body is None else 0)
        head = self.encoder.encode(fields) + block
        self.sends(h2_frames.block_frames(flags, stream, head))
        if body is not None:
            self.says(h2_frames.DATA, ends, stream, body)

    async def status(self, stream):
        """Return the grpc-status of a finished call, its message, and its body."""
        fields, body, is_over = {}, b"", False
        async with asyncio.timeout(10):  # a large body is decompressed in a thread
            while not is_over:
                for kind, flags, number, payload in await self.hears():
                    if number == stream and kind == h2_frames.HEADERS:
                        fields |= dict(self.decoder.decode(payload))
                        is_over = bool(flags & h2_frames.END_STREAM)
                    elif number == stream and kind == h2_frames.DATA:
                        body += payload
        return int(fields["grpc-status"]), fields.get("grpc-message", ""), body
