"""Updates the engine's metrics from canaries, arms and budgets."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from replayd.adjudication.decisions import Decisions
from replayd.adjudication.opinions import Opinion
from replayd.arms.arm import Arm
from replayd.arms.availability import STATES
from replayd.budget.accounting import SpendingAccount
from replayd.evaluation.canary import CanaryEvaluation
from replayd.judge_model.model import Judgement
from replayd.model import ArmOutcome, Epoch, PairResult
from replayd.telemetry.metrics import EngineMetrics
from replayd.witness.standing import WORDS, Standing
from replayd.witness.tally import OTHER
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.traffic_estimate import Traffic

NANOSECONDS = 1e9
WITNESS_ROWS = 32  # whose token counts are shown apart
WAITING = ("fresh_cases", "budget", "outage_canary", "outage_control")


def count_results(
    metrics: EngineMetrics, canary: str, control: str, results: Sequence[PairResult]
) -> None:
    """Count committed results; called once for each."""
    metrics.committed.labels(canary).inc(len(results))
    for arm, pick in ((canary, _canary), (control, _control)):
        told = [(r.modality, found) for r in results if (found := pick(r)) is not None]
        if told:
            _count_calls(metrics, arm, told)


def _canary(result: PairResult) -> ArmOutcome | None:
    return result.canary


def _control(result: PairResult) -> ArmOutcome | None:
    return result.control


def _count_calls(
    metrics: EngineMetrics, arm: str, told: Sequence[tuple[str, ArmOutcome]]
) -> None:
    outcomes = Counter((modality, found.outcome) for modality, found in told)
    for (modality, outcome), calls in outcomes.items():
        metrics.calls.labels(arm, modality, outcome).inc(calls)
    seconds = metrics.call_seconds.labels(arm)
    for _, found in told:
        seconds.observe(found.latency_ms / 1000)
    given = sum(found.input_tokens for _, found in told)
    answered = sum(found.output_tokens for _, found in told)
    metrics.tokens.labels(arm, "input").inc(given)
    metrics.tokens.labels(arm, "output").inc(answered)
    metrics.money.labels(arm).inc(sum(found.money for _, found in told))


def count_judgement(metrics: EngineMetrics, found: Judgement) -> None:
    """Count one pair sent to the judge model."""
    metrics.judge_pairs.labels(found.rubric, found.reason).inc()
    metrics.judge_calls.inc(found.cost.requests)
    metrics.judge_money.inc(found.cost.money)


def show_judge(metrics: EngineMetrics, right: int, answered: int) -> None:
    """Set the gauges of the last round of labelled cases."""
    metrics.judge_anchors.labels("answered").set(answered)
    metrics.judge_anchors.labels("right").set(right)


def count_decisions(metrics: EngineMetrics, canary: str, decisions: Decisions) -> None:
    """Set how many decision lines of a judge were usable."""
    for kind, lines in (
        ("known", len(decisions.differences)),
        ("foreign", decisions.foreign),
        ("unreadable", decisions.unreadable),
    ):
        metrics.decisions.labels(canary, kind).set(lines)


def show_labels(
    metrics: EngineMetrics, canary: str, epoch: Epoch, opinions: Iterable[Opinion]
) -> None:
    """Set how many decisions people stored about an epoch, and how fresh they are."""
    newest = dict.fromkeys(epoch.modalities, epoch.started_at_ns)
    counts = {(m, turn): 0 for m in newest for turn in (0, 1)}
    for opinion in opinions:
        at = opinion.modality, opinion.turn
        counts[at] = counts.get(at, 0) + 1
        before = newest.get(opinion.modality, 0)
        newest[opinion.modality] = max(before, opinion.at_ns)
    for (modality, turn), many in counts.items():
        word = "second" if turn else "first"
        metrics.labels.labels(canary, modality, word).set(many)
    for modality, at_ns in newest.items():
        metrics.newest_label.labels(canary, modality).set(at_ns / NANOSECONDS)


def refresh(
    metrics: EngineMetrics,
    shadows: Iterable[CanaryEvaluation],
    arms: Mapping[str, Arm],
    spending: SpendingAccount,
    clock: Clock,
) -> None:
    """Set every gauge to its current value; called on a timer."""
    for shadow in shadows:
        metrics.not_applicable.labels(shadow.name).set(shadow.not_applicable)
        if shadow.lead is None or shadow.schedule is None:
            continue
        counts = shadow.lead.counts
        metrics.inflight.labels(shadow.name).set(counts.in_flight)
        metrics.pairs_held.labels(shadow.name).set(shadow.lead.held)
        for why in WAITING:
            metrics.paused.labels(shadow.name, why).set(counts.waiting == why)
        for modality, left in shadow.schedule.left().items():
            metrics.fresh_cases.labels(shadow.name, modality).set(left)
    for name, arm in arms.items():
        state = arm.endpoint.state()
        metrics.endpoint_up.labels(name).set(not (state.broken or state.resting))
        there = arm.endpoint.availability
        for word in STATES:
            metrics.arm_state.labels(name, word).set(there.state == word)
        metrics.arm_availability.labels(name).set(there.share())
        metrics.arm_availability_limit.labels(name).set(there.limit)
    for line in spending.budgets.lines(clock.now_ns()):
        name = f"{line.modality or 'all'}:{line.unit}_per_{line.window}"
        share = line.used / line.limit if line.limit else 1.0
        metrics.budget_used.labels(name).set(share)
    metrics.control_rate.set(spending.rate.per_minute)


def show_tokens(metrics: EngineMetrics, standings: Iterable[Standing]) -> None:
    """Set what token counts say, per row; the busiest rows, the rest as one."""
    for gauge in (metrics.witness_cases, metrics.witness_rows):
        gauge.clear()
    rows = sorted(standings, key=lambda found: (-found.cases, found.row))
    totals: Counter[tuple[str, ...]] = Counter()
    words: Counter[str] = Counter(found.word for found in rows)
    for place, found in enumerate(rows):
        row = found.row if place < WITNESS_ROWS else OTHER
        key = (row.scope, row.version, row.operation, row.api, row.medium, found.word)
        for result in ("equal", "near", "different", "named"):
            totals[(*key, result)] += getattr(found, result)
    for labels, cases in totals.items():
        metrics.witness_cases.labels(*labels).set(cases)
    for word in WORDS:
        metrics.witness_rows.labels(word).set(words[word])


def show_traffic(
    metrics: EngineMetrics, cells: Mapping[tuple[str, str], Traffic]
) -> None:
    """Set the gauges of live traffic; remove those of services no longer seen."""
    for gauge in (
        metrics.traffic_calls,
        metrics.traffic_error,
        metrics.traffic_disagreement,
    ):
        gauge.clear()
    for cell, each in cells.items():
        for how, calls in (
            ("estimated", each.calls),
            ("upstream", each.upstream_calls),
            ("seen", each.seen),
            ("expected", each.expected_seen),
        ):
            metrics.traffic_calls.labels(*cell, how).set(calls)
        metrics.traffic_error.labels(*cell).set(each.calls_error)
        metrics.traffic_disagreement.labels(*cell).set(each.disagreement)
