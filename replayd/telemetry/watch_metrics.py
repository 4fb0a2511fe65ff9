"""Metrics of the watch on production."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Gauge

from replayd.watch.state import WatchState
from replayd.watch.watching import ModalityWatch

PREFIX = "snaptrace_replayd_"


class WatchMetrics:
    """Gauges of every watched modality; laid out afresh with each look."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(PREFIX + name, text, labels, registry=registry)

        self.changed = gauge(
            "production_changed",
            "1 while the production model answers otherwise than it did before.",
            "modality",
        )
        self.difference = gauge(
            "production_change_difference",
            "Mean score now minus before, since the likeliest start of the change.",
            "modality",
        )
        self.since = gauge(
            "production_changed_since_timestamp_seconds",
            "Unix time at which the change began: likeliest, and earliest and latest.",
            "modality",
            "bound",
        )
        self.log_e = gauge(
            "production_change_log_e",
            "Log evidence that the production model changed.",
            "modality",
        )
        self.threshold = gauge(
            "production_change_log_e_threshold",
            "Log evidence at which a change is detected.",
        )
        self.pairs = gauge(
            "watch_pairs",
            "Pairs of answers, today and earlier, since the watch last began anew.",
            "modality",
        )
        self.anchors = gauge(
            "watch_anchors", "Recorded calls that are asked again.", "modality"
        )
        self.refused = gauge(
            "watch_refused_share",
            "Share of the newest 50 answers that were refusals.",
            "modality",
        )
        self.latency = gauge(
            "watch_latency_seconds",
            "Mean latency of the newest 50 answers.",
            "modality",
        )

    def show(self, watches: Iterable[ModalityWatch]) -> None:
        """Replace all values."""
        for metric in vars(self).values():
            if metric is not self.threshold:
                metric.clear()
        for watch in watches:
            state, here = watch.state, (watch.state.modality,)
            self.threshold.set(watch.threshold)
            self.changed.labels(*here).set(state.changed is not None)
            self.pairs.labels(*here).set(state.pairs)
            self.anchors.labels(*here).set(len(state.anchors))
            if state.pairs:
                self.log_e.labels(*here).set(watch.log_evidence)
            self._show_change(state)
            self._show_recent(state)

    def _show_change(self, state: WatchState) -> None:
        changed = state.changed
        if changed is None:
            return
        self.difference.labels(state.modality).set(changed.difference)
        for bound, at_ns in (
            ("likeliest", changed.since_ns),
            ("earliest", changed.since_low_ns),
            ("latest", changed.since_high_ns),
        ):
            self.since.labels(state.modality, bound).set(at_ns / 1e9)

    def _show_recent(self, state: WatchState) -> None:
        if not state.recent:
            return
        count = len(state.recent)
        refused = sum(answer.outcome == "refused" for answer in state.recent)
        latency_ms = sum(answer.latency_ms for answer in state.recent)
        self.refused.labels(state.modality).set(refused / count)
        self.latency.labels(state.modality).set(latency_ms / count / 1000)
