"""Every setting of the sidecar, with its unit, its bound and its reason."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from collector.config.sampling import (
    RecogniseConfig,
    ReservoirConfig,
    SealConfig,
)
from snaptrace.redact.config import RedactConfig
from snaptrace.runtime.config import Address, ByteSize, Duration


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the configuration; unknown keys are refused."""


class TlsConfig(Section, frozen=True):
    """Server side of TLS; files are read again when they change."""

    cert_file: str = ""  # PEM chain; empty: no TLS
    # PEM private key of `cert_file`.
    key_file: str = ""
    client_ca_file: str = ""  # set: clients must show a certificate signed by it

    def __post_init__(self) -> None:
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together")
        if self.client_ca_file and not self.cert_file:
            raise ValueError("client_ca_file needs cert_file and key_file")


class GrpcConfig(Section, frozen=True):
    """The OTLP/gRPC listener."""

    # Address for OTLP/gRPC, as `0.0.0.0:4317` for all interfaces.
    listen: Address = Address("127.0.0.1:4317")
    tls: TlsConfig = TlsConfig()


class HttpConfig(Section, frozen=True):
    """The OTLP/HTTP listener."""

    # Address for OTLP/HTTP.
    listen: Address = Address("127.0.0.1:4318")
    tls: TlsConfig = TlsConfig()


class UpstreamTlsConfig(Section, frozen=True):
    """Client side of TLS towards the upstream; files are read again when they change.

    Used with grpcs:// and https://.
    """

    ca_file: str = ""  # empty: the system's authorities
    cert_file: str = ""  # with key_file: mutual TLS
    # PEM private key of `cert_file`.
    key_file: str = ""

    def __post_init__(self) -> None:
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together")


class JoinConfig(Section, frozen=True):
    """Batching of small requests that wait for a busy upstream; off by default."""

    enabled: bool = False  # true: small requests may reach the upstream concatenated
    busy_calls: Annotated[int, Meta(ge=1, le=1024)] = 1  # in flight, then others wait
    member: ByteSize = ByteSize(32 * 1024)  # a larger body never waits
    total: ByteSize = ByteSize(512 * 1024)  # well under gRPC's usual 4 MiB limit
    wait: Duration = Duration(0.005)  # the longest wait for company
    pause: Duration = Duration(30)  # after a member was refused or partly rejected


class UpstreamConfig(Section, frozen=True):
    """The backend that receives all telemetry."""

    # grpc://, grpcs://, http:// or https:// host:port; `env`: OTEL_EXPORTER_OTLP_*;
    # `none`: terminal, every readable request is accepted.
    url: str = "none"
    timeout: Duration = Duration(
        10
    )  # then UNAVAILABLE; a client's deadline may be less
    # Of requests to the upstream.
    compression: Literal["none", "gzip"] = "none"
    encoding: Literal["", "protobuf", "json"] = ""  # of HTTP bodies; empty: as received
    headers: dict[str, str] = {}  # added to every request; never logged
    tls: UpstreamTlsConfig = UpstreamTlsConfig()
    join: JoinConfig = JoinConfig()


class HeadersConfig(Section, frozen=True):
    """Which of a client's headers reach the upstream. Lower case; `x-*` is a prefix."""

    # Request headers that are forwarded; `*` at the end matches any rest.
    allow: tuple[str, ...] = (
        "authorization",
        "api-key",
        "x-api-key",
        "x-scope-orgid",
        "x-tenant-id",
        "x-honeycomb-*",
        "baggage",
        "traceparent",
        "tracestate",
    )
    deny: tuple[str, ...] = ()  # wins over `allow`


class AuthConfig(Section, frozen=True):
    """Who may send."""

    # One bearer token a line, so that tokens can be rotated; empty: no check. A token
    # that was checked here is ours and does not travel on.
    bearer_token_file: str = ""


class LimitsConfig(Section, frozen=True):
    """Limits of memory and connections."""

    message: ByteSize = ByteSize(64 * 2**20)  # as sent, and decompressed
    in_flight: ByteSize = ByteSize(64 * 2**20)  # memory for bodies on their way
    connections: Annotated[int, Meta(ge=1, le=65_536)] = 1024  # per listener
    streams: Annotated[int, Meta(ge=1, le=65_536)] = 256  # HTTP/2, per connection
    read: Duration = Duration(20)  # a body that takes longer to arrive is given up


class MetricsConfig(Section, frozen=True):
    """Prometheus metrics, health and readiness."""

    # Address for metrics and probes.
    listen: Address = Address("0.0.0.0:9464")


class TapConfig(Section, frozen=True):
    """Limits of the sampling process."""

    # Requests waiting for the child; docs/adr/0018-memory-under-load.md.
    queue_bytes: ByteSize = ByteSize(8 * 2**20)
    # Model calls decoded per second; 0: no limit.
    decode_budget: Annotated[float, Meta(ge=0)] = 200


class TelemetryConfig(Section, frozen=True):
    """The sidecar's own spans, sent with the OpenTelemetry SDK."""

    # http:// or https:// base URL of an OTLP/HTTP backend; empty: off. Must not be
    # this collector: its own telemetry would describe itself without end.
    traces_url: str = ""
    # Share of requests that the collector traces, 0 to 1.
    sample_share: Annotated[float, Meta(ge=0, le=1)] = 0.001


class CollectorConfig(Section, frozen=True):
    """The section `collector`."""

    id: str = ""  # names this collector's segments; empty: the host's name
    grpc: GrpcConfig = GrpcConfig()
    http: HttpConfig = HttpConfig()
    upstream: UpstreamConfig = UpstreamConfig()
    metrics: MetricsConfig = MetricsConfig()
    headers: HeadersConfig = HeadersConfig()
    auth: AuthConfig = AuthConfig()
    limits: LimitsConfig = LimitsConfig()
    tap: TapConfig = TapConfig()
    reservoir: ReservoirConfig = ReservoirConfig()
    privacy: RedactConfig = RedactConfig()
    seal: SealConfig = SealConfig()
    recognise: RecogniseConfig = RecogniseConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    attributes: tuple[str, ...] = ()  # span attributes kept on a snapshot, for slices
    journal_dir: str = ""  # the open window lives here; empty: a temporary folder
    drain: Duration = Duration(25)  # SIGTERM to exit; below Kubernetes' usual 30 s
    # Least severe level that is logged.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # Which implementation speaks gRPC, on both sides; `grpcio` is the reference,
    # `native` the fast one. docs/adr/0029-servers-of-our-own.md.
    engine: Literal["native", "grpcio"] = "native"
