"""Metrics of drills: rows of the newest sensitivity certificates."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from replayd.drills.certificate import Sensitivity, rate_label
from replayd.drills.known import KnownSensitivity

PREFIX = "snaptrace_replayd_drill_"
_OF_ROW = ("modality", "slice", "fault", "rate")


class DrillMetrics:
    """Gauges that are laid out afresh with every certificate."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(PREFIX + name, text, labels, registry=registry)

        self.detected = gauge(
            "detected",
            "1 if a fault in this share of the answers is caught, 0 if it is not.",
            *_OF_ROW,
        )
        self.once_detected = gauge(
            "once_detected", "1 if any kept certificate says it was caught.", *_OF_ROW
        )
        self.pairs = gauge(
            "pairs", "Pairs until the alarm: median over orders of pairs.", *_OF_ROW
        )
        self.twin_raised = gauge(
            "twin_raised_share",
            "Share of the orders in which a harmless change raised an alarm.",
            "modality",
            "slice",
            "fault",
        )
        self.independent = gauge(
            "medium_independent_share",
            "Share of cases that are answered as well without their medium.",
            "modality",
            "slice",
        )
        self.made_at = gauge(
            "certificate_timestamp_seconds",
            "Unix time of the newest certificate of a kind.",
            "kind",
        )
        self.share_calls = Counter(
            PREFIX + "share_calls",
            "Calls to the control by the continuous drill, by modality.",
            ["modality"],
            registry=registry,
        )
        self.failed = gauge("failed", "1 if the last drill broke off.")

    def show(self, known: KnownSensitivity) -> None:
        """Replace all rows."""
        rows = (self.detected, self.once_detected, self.pairs, self.twin_raised)
        for metric in (*rows, self.independent, self.made_at):
            metric.clear()
        for made in known.newest:
            for each in made.dependence:
                labels = (each.modality, each.slice)
                self.independent.labels(*labels).set(each.share)
            self.made_at.labels(made.kind).set(made.made_at_ns / 1e9)
        for row in known.rows:
            if row.standing != "not_applicable":
                self._show(row, known)

    def _show(self, row: Sensitivity, known: KnownSensitivity) -> None:
        if row.harmless:
            here = (row.modality, row.slice, row.fault)
            self.twin_raised.labels(*here).set(row.caught_share)
            return
        labels = (row.modality, row.slice, row.fault, rate_label(row.rate))
        self.detected.labels(*labels).set(row.standing == "caught")
        self.once_detected.labels(*labels).set(row.place in known.once)
        if row.after is not None:
            self.pairs.labels(*labels).set(row.after)
