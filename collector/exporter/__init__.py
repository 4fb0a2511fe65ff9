"""Upstream exporters and the relay that uses them. `contract.py` has the interface."""

import importlib
from collections.abc import Mapping
from typing import Final

from collector.config.relay import JoinConfig
from collector.exporter.batching import BatchingUpstream
from collector.exporter.contract import Upstream
from collector.exporter.discard import DiscardUpstream
from collector.exporter.endpoints import UpstreamEndpoint
from collector.exporter.tls_reload import ReloadingUpstream
from collector.metrics.relay import RelayMetrics
from snaptrace.runtime.clock import Clock

_GRPC_BY_ENGINE: Final = {
    "native": ("collector.exporter.grpc", "GrpcUpstream"),
    "grpcio": ("collector.exporter.grpcio", "GrpcioUpstream"),
}


def open_upstreams(
    endpoints: Mapping[str, UpstreamEndpoint],
    join: JoinConfig,
    metrics: RelayMetrics,
    clock: Clock,
    engine: str = "native",
) -> dict[str, Upstream]:
    """Create one upstream per distinct endpoint; signals may share one.

    With the engine `grpcio` gRPC goes out over the reference library, too.
    """
    opened: dict[tuple[object, ...], Upstream] = {}
    by_signal: dict[str, Upstream] = {}
    for signal, endpoint in endpoints.items():
        # Over HTTP every signal has a URL of its own, and all can share a pool.
        target = endpoint.target if endpoint.protocol == "grpc" else ""
        key = (
            endpoint.protocol,
            target,
            endpoint.tls,
            endpoint.compression,
            endpoint.headers,
        )
        if key not in opened:
            upstream = _open_watched(endpoint, endpoints, clock, engine)
            if join.enabled and endpoint.protocol != "none":
                upstream = BatchingUpstream(upstream, join, metrics, clock)
            opened[key] = upstream
        by_signal[signal] = opened[key]
    return by_signal


def _open_watched(
    endpoint: UpstreamEndpoint,
    endpoints: Mapping[str, UpstreamEndpoint],
    clock: Clock,
    engine: str,
) -> Upstream:
    tls = endpoint.tls
    if tls is None or not (tls.ca_file or tls.cert_file):
        return _open(endpoint, endpoints, clock, engine)
    return ReloadingUpstream(
        lambda: _open(endpoint, endpoints, clock, engine), tls, clock
    )


def _open(
    endpoint: UpstreamEndpoint,
    endpoints: Mapping[str, UpstreamEndpoint],
    clock: Clock,
    engine: str,
) -> Upstream:
    # Imported by name, so that a client library that is not used costs no memory.
    headers = dict(endpoint.headers)
    if endpoint.protocol == "none":
        return DiscardUpstream()
    if endpoint.protocol == "grpc":
        module, name = _GRPC_BY_ENGINE[engine]
        grpc_upstream: Upstream = getattr(importlib.import_module(module), name)(
            endpoint.target,
            tls=endpoint.tls,
            compression=endpoint.compression,
            headers=headers,
        )
        return grpc_upstream
    over_http = importlib.import_module("collector.exporter.http")
    http_upstream: Upstream = over_http.HttpUpstream(
        {name: e.target for name, e in endpoints.items() if e.protocol == "http"},
        clock=clock,
        tls=endpoint.tls,
        compression=endpoint.compression,
        headers=headers,
    )
    return http_upstream
