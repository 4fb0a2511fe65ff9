"""Sentences of the live board: what is awaited, what holds it, when it is expected.

No I/O: everything comes from what the two programs export.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from replayd.planning.cost import CostedPlan
from replayd.verdicts.holdups import holdups
from replayd.verdicts.views import CanaryView, ModalityView, Verdicts

DECIDED = frozenset({"pass", "pass_with_drop", "regressed", "changed"})
_AWAY = frozenset({"misconfigured", "unreachable", "rate_limited"})
_SHOWN_REASONS = 2
FEWEST_CASES = 5  # fewer do not show how often calls come
_RECOGNISED_SECONDS = 30.0  # a trace closes at the latest then


class Counted(Struct, frozen=True, kw_only=True):
    """Counts of the collector's metrics page; all zero while it does not answer."""

    answers: bool = False
    requests: int = 0  # OTLP exports that were answered
    seen: Mapping[str, int] = {}  # model calls, by modality
    kept: Mapping[str, int] = {}
    not_replayable: Mapping[str, int] = {}  # calls by reason
    replayable: int = 0


class BoardState(Struct, frozen=True, kw_only=True):
    """Both programs at one moment."""

    counted: Counted
    verdicts: Verdicts | None = None
    plans: Mapping[str, Sequence[CostedPlan]] = {}
    paces: Mapping[tuple[str, str], float] = {}  # canary, modality -> pairs a minute
    telling_seconds: float = 0.0  # since the first export came


class Place(Struct, frozen=True, kw_only=True):
    """Where things are, as the board names them."""

    grpc: str
    http: str
    lookback_hours: float
    replays: bool  # whether there is a replayd


def waits(state: BoardState, place: Place) -> Iterator[str]:
    """Yield what is awaited, the first thing to happen in front."""
    yield from _before_pairs(state, place)
    verdicts = state.verdicts
    if verdicts is None:
        return
    for name, view in verdicts.canaries.items():
        who = f"{name}: " if len(verdicts.canaries) > 1 else ""
        found = holdups(view)
        for held in found:
            yield str(held) if held.text.startswith(name) else f"{who}{held}"
        plans = {row.planned.modality: row for row in state.plans.get(name, ())}
        if any(held.what in _AWAY for held in found):
            continue  # nothing can be expected before that is mended
        for modality, shown in view.modalities.items():
            pace = state.paces.get((name, modality), 0.0)
            said = expected(modality, shown, plans.get(modality), pace)
            if said:
                yield f"{who}{said}"
        yield from _old_calls(view, plans, place)


def _before_pairs(state: BoardState, place: Place) -> Iterator[str]:
    counted = state.counted
    if not counted.answers:
        yield "the collector is starting"
    elif not counted.requests:
        yield (
            f"no telemetry yet: point the app's OTLP exporter at {place.grpc} (gRPC)"
            f" or http://{place.http} (HTTP)"
        )
    elif not sum(counted.seen.values()):
        if state.telling_seconds < _RECOGNISED_SECONDS:
            yield "the first calls to be complete (collector.recognise.quiet)"
            return
        yield (
            f"{counted.requests} exports, none with a model call: is an instrumentation"
            " of the model's SDK switched on? `snaptrace doctor` looks"
        )
    elif counted.not_replayable and not counted.replayable:
        yield f"no call can be replayed: {_reasons(counted.not_replayable)}"
    verdicts = state.verdicts
    if place.replays and verdicts is None:
        yield "replayd is starting"
    elif verdicts is not None and not verdicts.canaries and counted.replayable:
        yield "the first window of calls to close (collector.reservoir.window)"


def _reasons(reasons: Mapping[str, int]) -> str:
    ranked = sorted(reasons.items(), key=lambda each: -each[1])[:_SHOWN_REASONS]
    said = ", ".join(f"{name} ({count})" for name, count in ranked)
    return f"{said}; `snaptrace doctor` says which capture setting"


def _old_calls(
    view: CanaryView, plans: Mapping[str, CostedPlan], place: Place
) -> Iterator[str]:
    """Yield which calls at hand are too old for verdicts, as after an import."""
    old = [
        modality
        for modality, shown in view.modalities.items()
        if not shown.pairs and (row := plans.get(modality)) and not row.cases
    ]
    if old:
        yield (
            f"{', '.join(old)}: no call of the last {place.lookback_hours:g} h is in"
            " the store, so no verdict: older ones count once"
            " replayd.schedule.lookback reaches them, as 14d"
        )


def expected(
    modality: str, shown: ModalityView, plan: CostedPlan | None, pace: float
) -> str:
    """Return when a modality's verdict is expected, and what sets the pace."""
    if shown.verdict in DECIDED:
        return ""
    left = _left(shown, plan)
    by_plan = plan.pairs_per_hour / 60 if plan is not None else 0.0
    held = f"; held by {plan.limited_by} ({plan.key})" if plan is not None else ""
    if left is None:
        return f"{modality}: no number of pairs decides at this margin"
    if shown.reason in ("blind", "unscored", "unsupported"):
        return f"{modality}: {shown.replays} pairs, but {shown.reason}"
    if plan is not None and plan.limited_by == "fresh_cases":
        return f"{modality}: {_as_calls_come(left, shown, plan, pace)}"
    per_minute = pace or by_plan
    if not per_minute:
        return f"{modality}: waits for its first pairs{held}"
    return (
        f"{modality}: a verdict in about {spoken(left / per_minute)}"
        f" ({left} more pairs at {per_minute:.3g} a minute{held})"
    )


def _as_calls_come(
    left: int, shown: ModalityView, plan: CostedPlan, pace: float
) -> str:
    """Return when a verdict is expected where every call at hand was asked.

    The plan states the fewest calls that those seen let expect, so it may be sooner.
    """
    per_hour = plan.pairs_per_hour
    if plan.cases < FEWEST_CASES or not per_hour:
        calls = "1 call" if plan.cases == 1 else f"{plan.cases} calls"
        return (
            f"{calls} so far, too few to say when; a verdict takes about {left} more,"
            " each gives one pair"
        )
    # What is at hand goes fast; the rest comes as calls do.
    ahead = min(max(plan.cases - shown.pairs, 0), left)
    per_minute = max(pace, per_hour / 60)
    minutes = ahead / per_minute + (left - ahead) * 60 / per_hour
    return (
        f"a verdict in about {spoken(minutes)}, or sooner ({left} more pairs, one for"
        f" each new call; at least {per_hour:.2g} calls an hour)"
    )


def _left(shown: ModalityView, plan: CostedPlan | None) -> int | None:
    """Return the pairs that are missing, by the evidence, else by the plan."""
    if shown.replays_needed is not None:
        return max(shown.replays_needed - shown.replays, 1)
    to_pass = plan.planned.plan.to_pass if plan is not None else None
    return None if to_pass is None else max(to_pass.median - shown.replays, 1)


def spoken(minutes: float) -> str:
    """Return a time as a person says it."""
    if minutes < 1:
        return "a minute"
    if minutes < 90:
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
