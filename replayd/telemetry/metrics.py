"""Prometheus metrics of replayd: a public API, listed in docs/specs/metrics.md.

Two halves. The engine moves counters and gauges as it works (`EngineMetrics`). The
verdicts are laid out afresh on a timer (`VerdictCollector.publish`) and a scrape only
reads them; they are shown by the leader alone, once its fold has caught up. Labels
come from bounded sets and never from content.
"""

import platform
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from replayd.telemetry.drill_metrics import DrillMetrics
from replayd.telemetry.suite_metrics import SuiteMetrics
from replayd.telemetry.verdict_samples import samples_of
from replayd.telemetry.verdict_series import SERIES, Series
from replayd.telemetry.watch_metrics import WatchMetrics
from replayd.telemetry.worker_metrics import WorkerMetrics
from replayd.verdicts.views import Verdicts
from snaptrace import VERSION
from snaptrace.runtime.exposition.duration_histogram import DurationHistogram
from snaptrace.runtime.telemetry import BUILD_INFO_HELP
from snaptrace.store.maintenance import Kept

PREFIX = "snaptrace_replayd_"
_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)


class EngineMetrics:
    """Counters and gauges of the engine; one instance per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(PREFIX + name, text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(PREFIX + name, text, labels, registry=registry)

        self.build_info = gauge("build_info", BUILD_INFO_HELP, "version", "python")
        self.build_info.labels(VERSION, platform.python_version()).set(1)
        self.links_info = gauge(
            "links_info",
            "1; where people find the inspection page and the runbook.",
            "page",
            "runbook",
        )
        self.calls = counter(
            "calls",
            "Calls to an arm that came to an end, by how.",
            "arm",
            "modality",
            "outcome",
        )
        self.retries = counter("retries", "Pairs sent again, by why.", "canary", "why")
        self.call_seconds = DurationHistogram(
            PREFIX + "call_seconds",
            "How long an arm took to answer.",
            ("arm",),
            bounds=_CALL_SECONDS,
            registry=registry,
        )
        self.tokens = counter(
            "tokens", "Tokens as counted by the arm.", "arm", "direction"
        )
        self.money = counter("money", "Money spent, operator's currency.", "arm")
        self.worker_numbers = gauge(
            "worker_numbers",
            "Numbers out at NATS: pending for a worker, or busy with one.",
            "pool",
            "state",
        )
        self.worker_replies = counter(
            "worker_replies", "Replies of workers, by what became of a number.", "end"
        )
        self.inflight = gauge("inflight", "Pairs sent and not committed.", "canary")
        self.budget_used = gauge(
            "budget_used_share", "Part of a budget's window used, 0 to 1.", "budget"
        )
        self.paused = gauge(
            "dispatch_paused", "1 while nothing is sent, by why.", "canary", "why"
        )
        self.endpoint_up = gauge(
            "endpoint_up", "1 while an arm answers and is not backed off from.", "arm"
        )
        self.arm_state = gauge(
            "arm_state",
            "1 for what an arm's endpoint is: up, unreachable, misconfigured, or "
            "rate_limited.",
            "arm",
            "state",
        )
        self.arm_availability = gauge(
            "arm_availability",
            "Share of the last hour in which an arm answered any request.",
            "arm",
        )
        self.arm_availability_limit = gauge(
            "arm_availability_limit",
            "Share of time in which an arm is to answer, as configured.",
            "arm",
        )
        self.pairs_held = gauge(
            "pairs_held", "Pairs that wait until an arm is back.", "canary"
        )
        self.control_rate = gauge(
            "control_calls_per_minute_limit", "Cap on calls to the control now."
        )
        self.committed = counter("results_committed", "Results written.", "canary")
        self.damaged = counter(
            "damaged_objects",
            "Objects of the store that could not be read, by kind.",
            "kind",
        )
        self.fresh_cases = gauge(
            "fresh_cases", "Cases that may still be drawn.", "canary", "modality"
        )
        self.not_applicable = gauge(
            "cases_not_applicable",
            "Cases seen since the start of traffic that the canary does not stand for.",
            "canary",
        )
        self.decisions = gauge(
            "decisions",
            "Adjudication decisions read, by kind (known, foreign to the epoch, "
            "unreadable).",
            "canary",
            "kind",
        )
        self.labels = gauge(
            "labels",
            "People's decisions in the store about the present epoch, by turn (first, "
            "second).",
            "canary",
            "modality",
            "turn",
        )
        self.newest_label = gauge(
            "labels_newest_timestamp_seconds",
            "When a person last decided a pair of the present epoch; its start where "
            "nobody has.",
            "canary",
            "modality",
        )
        self.told = counter(
            "own_telemetry",
            "Pairs exported over OTLP, or not exported, by kind of telemetry.",
            "what",
            "outcome",
        )
        self.reloads = counter(
            "config_reloads", "Configuration reloads, by result.", "result"
        )
        self.traffic_calls = gauge(
            "traffic_calls",
            "Model calls of the last six hours' whole windows: estimated from the "
            "store, undoing samplers upstream, seen by collectors, or expected there.",
            "service",
            "modality",
            "how",
        )
        self.traffic_error = gauge(
            "traffic_calls_standard_error",
            "One standard error of the estimated calls.",
            "service",
            "modality",
        )
        self.traffic_disagreement = gauge(
            "traffic_disagreement",
            "Calls seen beyond those that the store stands for, in standard errors.",
            "service",
            "modality",
        )
        self.witness_cases = gauge(
            "witness_cases",
            "Distinct cases whose recorded input tokens were compared with the "
            "control's, by what they prove (standing) and by result: equal, near, "
            "different, or named (missing, as the snapshot said might be).",
            "scope",
            "version",
            "operation",
            "api",
            "medium",
            "standing",
            "result",
        )
        self.witness_rows = gauge(
            "witness_rows",
            "Kinds of calls by what token counts prove of them: verified, differs, "
            "open, or standing_doubt.",
            "standing",
        )
        self.prose_model = gauge(
            "prose_model",
            "Whether prose is judged with a local model (1) or by rules alone (0).",
        )
        self.judging_lost = counter(
            "judging_processes_lost",
            "Judging processes that ended by themselves; their pairs were judged here.",
        )
        self.answers_withheld = counter(
            "answers_withheld",
            "Pairs whose answers could not be redacted: judged, but not stored.",
        )
        self.pair_faults = counter(
            "pair_faults",
            "Pairs that ran into a defect of ours and were left out, by where.",
            "canary",
            "where",
        )
        self.lead_failures = counter(
            "leadership_failures",
            "Times the leadership of a canary broke off, by why.",
            "canary",
            "why",
        )
        self.lead_failing = gauge(
            "leadership_failing",
            "1 while a canary cannot be led; not ready then.",
            "canary",
        )
        self.judge_pairs = counter(
            "judge_pairs",
            "Pairs put to the judge model, by rubric and what it said: better, worse, "
            "tie, order, unsupported, addressed, or why nothing.",
            "rubric",
            "verdict",
        )
        self.judge_calls = counter("judge_calls", "Requests to the judge model.")
        self.judge_money = counter(
            "judge_money", "Money spent on judging, operator's currency."
        )
        self.judge_anchors = gauge(
            "judge_anchors",
            "Labelled cases of the last round: answered, and judged as labelled.",
            "kind",
        )
        self.lost_leads = counter("lost_leads", "Times another leader was first.")
        self.retiring = gauge(
            "retiring_model_days",
            "Days until a model that live traffic uses is shut down, as announced.",
            "service",
            "model",
        )
        self.retirement_notice = gauge(
            "retirement_notice_days", "Days before a shutdown at which its alert fires."
        )
        self.drills, self.watch = DrillMetrics(registry), WatchMetrics(registry)
        self.suites = SuiteMetrics(registry)

    def forget_gauges(self) -> None:
        """Remove gauges of arms and canaries that may no longer exist."""
        for metric in vars(self).values():
            if isinstance(metric, Gauge) and metric._labelnames:  # noqa: SLF001
                metric.clear()


class MaintenanceMetrics:
    """Metrics of store maintenance; updated by the leader only."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.removed = Counter(
            PREFIX + "store_removed",
            "Objects deleted by retention: segments, media, answers.",
            ("what",),
            registry=registry,
        )
        self.freed = Counter(
            PREFIX + "store_freed_bytes",
            "Bytes of segments and media deleted by retention.",
            registry=registry,
        )
        self.closed = Counter(
            PREFIX + "store_closed_hours",
            "Hours whose segments were listed in a catalogue.",
            registry=registry,
        )
        self.erasures = Counter(
            PREFIX + "store_erasures_finished",
            "Erasures gone through once more, after what was on its way had arrived.",
            registry=registry,
        )
        self.failed = Counter(
            PREFIX + "store_keeping_failed",
            "Rounds of looking after the store that broke off.",
            registry=registry,
        )
        self.kept_at = Gauge(
            PREFIX + "store_kept_timestamp_seconds",
            "Unix time of the last store maintenance; 0: none yet.",
            registry=registry,
        )

    def saw(self, kept: Kept, now_ns: int) -> None:
        """Count one round."""
        for what in ("segments", "media", "answers"):
            self.removed.labels(what).inc(getattr(kept.removed, what))
        self.freed.inc(kept.removed.freed_bytes)
        self.closed.inc(kept.catalogues)
        self.erasures.inc(kept.erasures)
        self.kept_at.set(now_ns / 1e9)


class VerdictCollector(Collector):
    """Exports the last published verdicts; a scrape costs only their rendering."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._families: tuple[Metric, ...] = _families(None)
        registry.register(self)

    def publish(self, verdicts: Verdicts) -> None:
        """Prepare `verdicts` for the next scrapes."""
        self._families = _families(verdicts)

    def collect(self) -> Iterable[Metric]:
        """Return the families last prepared."""
        return self._families


def _families(verdicts: Verdicts | None) -> tuple[Metric, ...]:
    leading = verdicts is not None and verdicts.leading
    lead = GaugeMetricFamily(PREFIX + "leading", LEADING_HELP)
    lead.add_metric((), float(leading))
    if verdicts is None or not leading:
        return (lead,)
    families = {series.name: _family(series) for series in SERIES}
    for sample in samples_of(verdicts):
        family = families[sample.series]
        if sample.pair and isinstance(family, CounterMetricFamily):
            shown = Exemplar({"pair": sample.pair}, 1.0, sample.pair_at)
            family.add_metric(sample.labels, sample.value, exemplar=shown)
        else:
            family.add_metric(sample.labels, sample.value)
    return (lead, *families.values())


LEADING_HELP = (
    "1 once this replica leads and its fold has caught up; others show no verdicts."
)


def _family(series: Series) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if series.kind == "counter" else GaugeMetricFamily
    return kind(PREFIX + series.name, series.help, labels=series.labels)


def listing() -> str:
    """Return one line per family: name, type, labels, help. The golden file."""
    registry = CollectorRegistry()
    engine = EngineMetrics(registry)
    moved = [
        engine,
        MaintenanceMetrics(registry),
        engine.drills,
        engine.watch,
        engine.suites,
        WorkerMetrics(registry),
    ]
    families = [*registry.collect(), *(_family(series) for series in SERIES)]
    labels = {PREFIX + series.name: series.labels for series in SERIES}
    labels |= {
        collector._name: collector._labelnames  # noqa: SLF001 - has no public name
        for metrics in moved
        for collector in vars(metrics).values()
        if isinstance(collector, Counter | Gauge)
    }
    labels[engine.call_seconds.name] = engine.call_seconds.label_names
    rows: dict[str, tuple[str, tuple[str, ...], str]] = {
        PREFIX + "leading": ("gauge", (), LEADING_HELP)
    }
    for family in families:
        end = "_total" if family.type == "counter" else ""
        shown = labels[family.name]
        rows[family.name + end] = (family.type, shown, family.documentation)
    return "".join(
        f"{name} {kind} {{{','.join(shown)}}} {text}\n"
        for name, (kind, shown, text) in sorted(rows.items())
    )


def documentation() -> str:
    """Return the listing as the Markdown table of docs/specs/metrics.md."""
    rows = ["| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    for line in listing().splitlines():
        name, kind, rest = line.split(" ", 2)
        names, text = rest.split("} ", 1)
        shown = ", ".join(f"`{n}`" for n in names.strip("{").split(",") if n)
        rows.append(f"| `{name}` | {kind} | {shown} | {text} |")
    return "\n".join(rows) + "\n"
