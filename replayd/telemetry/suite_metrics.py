"""Metrics of suites: the share of live traffic that their pins stand for."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from snaptrace.suite.coverage import Coverage

PREFIX = "snaptrace_replayd_suite_"
MOST_UNCOVERED = 10  # kinds of traffic without a pin, heaviest first, of a suite


class SuiteMetrics:
    """Gauges of every suite in the store; laid out afresh with each look."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(PREFIX + name, text, labels, registry=registry)

        self.covered = gauge(
            "covered_share",
            "Share of recent calls whose service, route, modality and stratum have a "
            "pin, estimated with the sample's weights.",
            "suite",
        )
        self.error = gauge(
            "covered_share_standard_error",
            "One standard error of the covered share.",
            "suite",
        )
        self.limit = gauge(
            "covered_share_limit", "Share that is to be covered, as configured."
        )
        self.pins = gauge(
            "pins",
            "Pins of a suite, by whether their kind was seen recently.",
            "suite",
            "seen",
        )
        self.uncovered = gauge(
            "uncovered_share",
            "Share of recent calls of the heaviest kinds without a pin.",
            "suite",
            "service",
            "route",
            "modality",
            "stratum",
        )

    def show(self, suites: Mapping[str, Coverage]) -> None:
        """Replace all values."""
        for metric in (self.covered, self.error, self.pins, self.uncovered):
            metric.clear()
        for name, found in suites.items():
            if found.covered is not None:
                self.covered.labels(name).set(found.covered.value)
                self.error.labels(name).set(found.covered.standard_error)
            seen = sum(pin.seen_days is not None for pin in found.pins)
            self.pins.labels(name, "yes").set(seen)
            self.pins.labels(name, "no").set(len(found.pins) - seen)
            for each in found.uncovered[:MOST_UNCOVERED]:
                self.uncovered.labels(name, *each.cell).set(each.share)
