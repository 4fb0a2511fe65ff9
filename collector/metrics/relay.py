"""Metrics of the relay. Labels are bounded sets: signals, codes, reasons.

Children of a labelled metric are looked up once, here, not once a request.
"""

from collector.metrics.instruments import Counter, Gauge, Histogram, Registry
from collector.otlp.export_result import CODE_NAMES
from collector.otlp.signals import SIGNALS

PROTOCOLS = ("grpc", "http")
_LATENCY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 10)


class RelayMetrics:
    """Counters and gauges of receiving, forwarding and tapping."""

    def __init__(self, registry: Registry) -> None:
        prefix = "snaptrace_collector_"
        self.requests = Counter(
            f"{prefix}requests",
            "Export requests answered, by the status returned to the client.",
            ["signal", "protocol", "code"],
            registry=registry,
        )
        self.received_bytes = Counter(
            f"{prefix}received_bytes",
            "Bytes of request bodies, decompressed.",
            ["signal"],
            registry=registry,
        )
        self.forwarded_bytes = Counter(
            f"{prefix}forwarded_bytes",
            "Bytes of request bodies that the upstream accepted.",
            ["signal"],
            registry=registry,
        )
        self.refused = Counter(
            f"{prefix}refused",
            "Requests that never reached the upstream, by reason.",
            ["reason"],
            registry=registry,
        )
        self.upstream_seconds = Histogram(
            f"{prefix}upstream_seconds",
            "Time from a whole request to its answer, by signal.",
            ["signal"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self.in_flight_bytes = Gauge(
            f"{prefix}in_flight_bytes",
            "Memory reserved for bodies on their way through.",
            registry=registry,
        )
        self.joined = Counter(
            f"{prefix}joined_requests",
            "Requests that travelled together with others.",
            ["signal"],
            registry=registry,
        )
        self.joined_calls = Counter(
            f"{prefix}joined_calls",
            "Upstream calls that carried more than one request.",
            ["signal"],
            registry=registry,
        )
        self.join_splits = Counter(
            f"{prefix}join_splits",
            "Joined calls that were refused for good and sent again one by one.",
            ["signal"],
            registry=registry,
        )
        self.tap_offered = Counter(
            f"{prefix}tap_requests",
            "Requests looked at by the tap.",
            ["outcome"],  # no_marker, handed_over, dropped
            registry=registry,
        )
        self.tap_dropped = Counter(
            f"{prefix}tap_dropped_requests",
            "Requests with a marker that were not handed over, by reason.",
            ["reason"],
            registry=registry,
        )
        self.tap_queue_bytes = Gauge(
            f"{prefix}tap_queue_bytes",
            "Bytes waiting to be read by the sampling process.",
            registry=registry,
        )
        self.tap_restarts = Counter(
            f"{prefix}tap_restarts",
            "Times the sampling process was started again.",
            registry=registry,
        )
        self.tap_up = Gauge(
            f"{prefix}tap_up",
            "1 while the sampling process runs and answers.",
            registry=registry,
        )
        self.store_writable = Gauge(
            f"{prefix}store_writable",
            "1 while the sampling process can write to its store.",
            registry=registry,
        )
        self.own_spans = Counter(
            f"{prefix}own_spans",
            "Spans about this relay itself, by what became of them.",
            ["outcome"],  # sent, failed, dropped
            registry=registry,
        )
        self._requests = {
            (signal, protocol, code): self.requests.labels(signal, protocol, name)
            for signal in SIGNALS
            for protocol in PROTOCOLS
            for code, name in enumerate(CODE_NAMES)
            if name in ("ok", "unavailable")
        }
        self._received = {s: self.received_bytes.labels(s) for s in SIGNALS}
        self._forwarded = {s: self.forwarded_bytes.labels(s) for s in SIGNALS}
        self._seconds = {s: self.upstream_seconds.labels(s) for s in SIGNALS}

    def count_answer(
        self, signal: str, protocol: str, code: int, body_bytes: int, seconds: float
    ) -> None:
        """Count one forwarded and answered request."""
        child = self._requests.get((signal, protocol, code))
        if child is None:
            name = CODE_NAMES[code] if 0 <= code < len(CODE_NAMES) else "unknown"
            child = self.requests.labels(signal, protocol, name)
            self._requests[signal, protocol, code] = child
        child.inc()
        self._received[signal].inc(body_bytes)
        if code == 0:
            self._forwarded[signal].inc(body_bytes)
        self._seconds[signal].observe(seconds)

    def count_refusal(self, signal: str, protocol: str, code: int, reason: str) -> None:
        """Count one request answered without forwarding."""
        self.requests.labels(signal, protocol, CODE_NAMES[code]).inc()
        self.refused.labels(reason).inc()
