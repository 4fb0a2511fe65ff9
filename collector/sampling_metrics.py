"""Metrics of the sampling process; the relay shows them on its own page.

Counters that other rooms keep as plain data are read when somebody scrapes. Labels
are bounded: modalities, reasons, and at most 64 instrumentation scopes.
"""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from collector.gate import Gate
from collector.recognise import Recogniser
from collector.seal import Sealer
from snaptrace.snapshots.model import Snapshot

PREFIX = "snaptrace_collector_"


class SamplingMetrics:
    """Counters of what was seen, kept, lost and stored."""

    def __init__(
        self,
        registry: CollectorRegistry,
        recogniser: Recogniser,
        sealer: Sealer,
        gate: Gate,
        references: Mapping[str, int],
    ) -> None:
        self._recogniser, self._sealer = recogniser, sealer
        self._gate, self._references = gate, references
        self.calls = Counter(
            f"{PREFIX}calls",
            "Model calls recognised, by modality.",
            ["modality"],
            registry=registry,
        )
        self.failed = Counter(
            f"{PREFIX}calls_failed",
            "Model calls lost to a defect of ours, by stage.",
            ["stage"],
            registry=registry,
        )
        self.busy_seconds = Counter(
            f"{PREFIX}sampling_cpu_seconds",
            "Processor time spent on tapped requests.",
            registry=registry,
        )
        registry.register(self)

    def saw(self, snapshot: Snapshot) -> None:
        """Count a call that was recognised."""
        self.calls.labels(snapshot.modality).inc()

    def collect(self) -> Iterator[Metric]:
        """Yield what the recogniser and the sealer have counted."""
        yield from self._funnel()
        yield from self._decisions()
        yield self._turned_away()
        yield self._resolved()
        yield self._join()
        for name, text, value in (
            (
                "join_held_bytes",
                "Parts of calls that wait.",
                self._recogniser.join.held_bytes,
            ),
            (
                "spool_bytes",
                "Segments that wait for the store.",
                self._sealer.spool_bytes,
            ),
            (
                "journal_bytes",
                "Calls of open windows on disk.",
                self._sealer.journal_bytes,
            ),
        ):
            yield GaugeMetricFamily(PREFIX + name, text, value=float(value))

    def _funnel(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            f"{PREFIX}funnel",
            "Calls per instrumentation: seen, recognised, with_content, replayable; "
            "a reason says why a stage was not reached.",
            labels=["scope", "version", "stage", "reason"],
        )
        for key, count in self._recogniser.funnel.items():
            family.add_metric([key.scope, key.version, key.stage, key.reason], count)
        yield family

    def _decisions(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            f"{PREFIX}sampled_calls",
            "What became of recognised calls; kept ones may be evicted later.",
            labels=["modality", "reason"],
        )
        events = CounterMetricFamily(
            f"{PREFIX}storage_events",
            "What became of segments, spool and journal.",
            labels=["what", "outcome"],
        )
        for key, count in sorted(self._sealer.counts.items()):
            if key[0] == "call":
                calls.add_metric(list(key[1:]), count)
            else:
                events.add_metric(list(key), count)
        yield calls
        yield events

    def _turned_away(self) -> Metric:
        family = CounterMetricFamily(
            f"{PREFIX}spans_turned_away",
            "Spans not decoded: their trace ranks below the decode budget's bar.",
        )
        family.add_metric([], self._gate.turned_away)
        return family

    def _resolved(self) -> Metric:
        family = CounterMetricFamily(
            f"{PREFIX}references",
            "Media behind URLs: fetched, or left as references for this reason.",
            labels=["outcome"],
        )
        for outcome, count in sorted(self._references.items()):
            family.add_metric([outcome], count)
        return family

    def _join(self) -> Metric:
        counts = self._recogniser.join.counts
        family = CounterMetricFamily(
            f"{PREFIX}join",
            "Calls given by the join window, and what it had to close, merge or drop.",
            labels=["outcome"],
        )
        family.add_metric(["closed"], counts.closed)
        family.add_metric(["closed_early"], counts.closed_early)
        family.add_metric(["late"], counts.late)
        family.add_metric(["dropped"], counts.dropped)
        return family
