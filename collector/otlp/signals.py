"""OTLP signals: one row each, one code path for all. OTLP 1.9."""

from typing import Literal

from msgspec import Struct

Encoding = Literal["protobuf", "json"]


class Signal(Struct, frozen=True, kw_only=True):
    """Wire names of one OTLP signal."""

    name: str  # traces, metrics, logs, profiles
    http_path: str
    grpc_service: str  # full name of the collector service

    @property
    def grpc_method(self) -> str:
        """Full gRPC method name, as `/package.Service/Export`."""
        return f"/{self.grpc_service}/Export"


_PROTO = "opentelemetry.proto.collector"

SIGNALS: dict[str, Signal] = {
    signal.name: signal
    for signal in (
        Signal(
            name="traces",
            http_path="/v1/traces",
            grpc_service=f"{_PROTO}.trace.v1.TraceService",
        ),
        Signal(
            name="metrics",
            http_path="/v1/metrics",
            grpc_service=f"{_PROTO}.metrics.v1.MetricsService",
        ),
        Signal(
            name="logs",
            http_path="/v1/logs",
            grpc_service=f"{_PROTO}.logs.v1.LogsService",
        ),
        Signal(
            name="profiles",
            http_path="/v1development/profiles",
            grpc_service=f"{_PROTO}.profiles.v1development.ProfilesService",
        ),
    )
}


class OtlpRequest(Struct, frozen=True, kw_only=True):
    """One export request as received; `body` is decompressed, otherwise unchanged."""

    signal: str  # a key of SIGNALS
    encoding: Encoding
    body: bytes  # decompressed
    received_at_ns: int  # Unix time
    headers: dict[str, str] = {}  # lower-case names; those the allow list lets pass
