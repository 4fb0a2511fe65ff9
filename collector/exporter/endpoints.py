"""Upstream endpoint per signal, from `collector.upstream` or OTEL_* variables.

Source of the variables: OpenTelemetry specification, "OpenTelemetry Protocol
Exporter". A base endpoint gets the signal's path appended; one that is set for a
signal is used as it is.
"""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from collector.config.relay import UpstreamConfig, UpstreamTlsConfig
from collector.otlp.signals import SIGNALS, Encoding
from snaptrace.runtime.config import ConfigError

_KEY = "collector.upstream.url"
_SCHEMES = {"grpc": False, "grpcs": True, "http": False, "https": True}
_PREFIX = "OTEL_EXPORTER_OTLP_"


class UpstreamEndpoint(Struct, frozen=True, kw_only=True):
    """Connection settings of one upstream."""

    protocol: Literal["grpc", "http", "none"]
    target: str = ""  # host:port for gRPC, the full URL for HTTP
    tls: UpstreamTlsConfig | None = None  # None: plaintext
    compression: Literal["none", "gzip"] = "none"
    encoding: Encoding | Literal[""] = ""  # empty: as received
    headers: tuple[tuple[str, str], ...] = ()
    timeout_seconds: float = 10.0


def endpoints(
    config: UpstreamConfig, environ: Mapping[str, str]
) -> dict[str, UpstreamEndpoint]:
    """Return the endpoint of each signal.

    Raises:
        ConfigError: the URL or a variable makes no sense.
    """
    if config.url == "env":
        return {name: _from_environment(name, config, environ) for name in SIGNALS}
    if config.url == "none":
        return dict.fromkeys(SIGNALS, UpstreamEndpoint(protocol="none"))
    parts = urlsplit(config.url)
    if parts.scheme not in _SCHEMES or not parts.netloc:
        allowed = "grpc://, grpcs://, http:// or https:// host:port, env, or none"
        raise ConfigError(_KEY, f"is {_shown(config.url)!r}; write {allowed}")
    if parts.username or parts.password:
        raise ConfigError(_KEY, "holds credentials; use collector.upstream.headers")
    over_grpc = parts.scheme in ("grpc", "grpcs")
    target = parts.netloc if parts.port else f"{parts.netloc}:4317"
    base = config.url.rstrip("/")
    return {
        name: UpstreamEndpoint(
            protocol="grpc" if over_grpc else "http",
            target=target if over_grpc else base + signal.http_path,
            tls=config.tls if _SCHEMES[parts.scheme] else None,
            compression=config.compression,
            encoding="" if over_grpc else config.encoding,
            headers=tuple((k.lower(), v) for k, v in config.headers.items()),
            timeout_seconds=float(config.timeout),
        )
        for name, signal in SIGNALS.items()
    }


def _from_environment(
    signal: str, config: UpstreamConfig, environ: Mapping[str, str]
) -> UpstreamEndpoint:
    def read(name: str, default: str = "") -> str:
        own = environ.get(f"{_PREFIX}{signal.upper()}_{name}", "")
        return (own or environ.get(f"{_PREFIX}{name}", "") or default).strip()

    protocol = read("PROTOCOL", "grpc")
    if protocol not in ("grpc", "http/protobuf", "http/json"):
        allowed = "grpc, http/protobuf or http/json"
        raise ConfigError(f"{_PREFIX}PROTOCOL", f"is {protocol!r}; write {allowed}")
    over_grpc = protocol == "grpc"
    default = "http://localhost:4317" if over_grpc else "http://localhost:4318"
    url = read("ENDPOINT", default)
    parts = urlsplit(url if "://" in url else f"//{url}")
    if parts.scheme not in ("http", "https", "grpc", "grpcs", ""):
        raise ConfigError(f"{_PREFIX}ENDPOINT", f"is {_shown(url)!r}; write http(s)://")
    secure = parts.scheme in ("https", "grpcs")
    if not parts.scheme:
        secure = read("INSECURE", "false").lower() != "true"
    is_own = bool(environ.get(f"{_PREFIX}{signal.upper()}_ENDPOINT"))
    target = parts.netloc
    if not over_grpc:
        target = url if is_own else url.rstrip("/") + SIGNALS[signal].http_path
    elif parts.port is None:
        target = f"{parts.netloc}:4317"
    tls = UpstreamTlsConfig(
        ca_file=read("CERTIFICATE") or config.tls.ca_file,
        cert_file=read("CLIENT_CERTIFICATE") or config.tls.cert_file,
        key_file=read("CLIENT_KEY") or config.tls.key_file,
    )
    timeout = read("TIMEOUT", "10000")  # milliseconds, says the specification
    if not timeout.isdecimal():
        raise ConfigError(f"{_PREFIX}TIMEOUT", f"is {timeout!r}; write milliseconds")
    return UpstreamEndpoint(
        protocol="grpc" if over_grpc else "http",
        target=target,
        tls=tls if secure else None,
        compression="gzip" if read("COMPRESSION") == "gzip" else "none",
        encoding="json" if protocol == "http/json" else "",
        headers=tuple(_headers(read("HEADERS"))),
        timeout_seconds=int(timeout) / 1000,
    )


def _headers(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return [
        (unquote(name).strip().lower(), unquote(value).strip())
        for name, _, value in pairs
    ]


def _shown(url: str) -> str:
    """Return a URL without what may be a secret in it."""
    return url.rpartition("@")[2].partition("?")[0][:200]
