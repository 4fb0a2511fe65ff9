"""Prometheus metrics of a worker: part of the same public API as replayd's."""

import platform

from prometheus_client import CollectorRegistry, Counter, Gauge

from snaptrace import VERSION
from snaptrace.runtime.telemetry import BUILD_INFO_HELP

WORKER_PREFIX = "snaptrace_worker_"


class WorkerMetrics:
    """Counters and gauges of one worker; one instance per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(WORKER_PREFIX + name, text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(WORKER_PREFIX + name, text, labels, registry=registry)

        self.build_info = gauge("build_info", BUILD_INFO_HELP, "version", "python")
        self.build_info.labels(VERSION, platform.python_version()).set(1)
        self.connected = gauge("connected", "1 while a NATS server answers.")
        self.in_flight = gauge("inflight", "Numbers taken and not acknowledged.")
        self.replies = counter(
            "replies", "Numbers that came to an end here, by how.", "end"
        )
        self.faults = counter(
            "faults", "Defects of ours that one pair ran into.", "where"
        )
        self.judging_lost = counter(
            "judging_lost", "Scoring processes that ended by themselves."
        )
