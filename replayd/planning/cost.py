"""Plans with hours and money, estimated from observed traffic. No I/O.

What a pair costs and how fast pairs come is measured on the cases at hand: their mean
tokens, how many sessions or traces enter the sample in an hour, and how many calls
production serves. Too few cases make for a rough plan, not for an optimistic one:
their pace is the one that random calls keep up five times in six.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct

from replayd.budget.control_rate import Slowed
from replayd.config import ReplaydConfig
from replayd.model import Case
from replayd.planning.estimates import Need, PairCost, needs, pace, pair_cost
from replayd.planning.gate_plan import ModalityPlanned, plan_of
from replayd.verdicts.holdups import key_of
from replayd.verdicts.views import CanaryView

NS_PER_HOUR = 3_600_000_000_000
LARGEST_SURVEY = 20_000  # cases looked at, newest first
SHORTEST_SURVEY_HOURS = 1 / 60
LONGEST_REASONABLE_HOURS = 7 * 24.0  # beyond that a margin is out of the budget


class Traffic(Struct, frozen=True, kw_only=True):
    """One modality's traffic as a plan needs it; means over its cases."""

    cases: int = 0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    fresh_units_per_hour: float = 0.0


class CostedPlan(Struct, frozen=True, kw_only=True):
    """One modality's plan as shown by `snaptrace plan`."""

    planned: ModalityPlanned
    cost: PairCost
    pairs_per_hour: float
    limited_by: str  # what holds the pairs up; fresh_cases, control_rate, budget:...
    key: str  # which changes that
    needs: tuple[Need, ...]
    cases: int = 0  # at hand, on which the pace rests
    slowed: Slowed | None = None  # the control's cap, where it has lowered itself
    out_of_reach: str = ""  # why the margin cannot be met; "" if it can


def survey(cases: Iterable[Case], now_ns: int, lookback_ns: int) -> dict[str, Traffic]:
    """Return each modality's traffic; `cases` newest first, cut at a limit."""
    seen = [
        case
        for case in islice(cases, LARGEST_SURVEY)
        if not case.pin and case.replayable and case.uniform
    ]
    recent = [case for case in seen if case.recorded_at_ns > now_ns - lookback_ns]
    oldest_ns = min((case.recorded_at_ns for case in recent), default=now_ns)
    hours = max((now_ns - oldest_ns) / NS_PER_HOUR, SHORTEST_SURVEY_HOURS)
    return {
        modality: _traffic([c for c in recent if c.modality == modality], hours)
        for modality in sorted({case.modality for case in recent})
    }


def _traffic(cases: list[Case], hours: float) -> Traffic:
    count = len(cases)
    given = sum(case.input_tokens for case in cases)
    return Traffic(
        cases=count,
        input_tokens=given / count,
        output_tokens=sum(case.tokens for case in cases) / count - given / count,
        fresh_units_per_hour=_at_least(len({case.unit for case in cases}) - 1) / hours,
    )


def _at_least(seen: int) -> float:
    """Return a number of random events that `seen` of them let expect, at the least.

    Wilson and Hilferty's form of the gamma distribution's 16 % quantile. The first
    case is not among them: it began the time in which the others were counted.
    """
    if seen <= 0:
        return 0.0
    return float(seen * max(1 - 1 / (9 * seen) - 1 / (3 * math.sqrt(seen)), 0.0) ** 3)


def costed_plans(
    config: ReplaydConfig,
    canary: str,
    view: CanaryView,
    traffic: dict[str, Traffic],
    *,
    production_calls_per_hour: float,
) -> Iterator[CostedPlan]:
    """Yield a plan per modality of a canary."""
    for planned in plan_of(view):
        seen = traffic.get(planned.modality, Traffic())
        cost = pair_cost(config, canary, seen.input_tokens, seen.output_tokens)
        found = pace(
            config,
            planned.modality,
            cost,
            production_calls_per_hour=production_calls_per_hour,
            fresh_units_per_hour=seen.fresh_units_per_hour,
            modalities=max(len(view.modalities), 1),
            control_per_minute=view.slowed.per_minute if view.slowed else None,
        )
        goals = tuple(needs(planned.plan, cost, found))
        yield CostedPlan(
            planned=planned,
            cost=cost,
            pairs_per_hour=found.pairs_per_hour,
            limited_by=found.limited_by,
            key=key_of(found.limited_by),
            cases=seen.cases,
            slowed=view.slowed,
            needs=goals,
            out_of_reach=_out_of_reach(planned, goals[0], found.limited_by, seen.cases),
        )


def _out_of_reach(
    planned: ModalityPlanned, to_pass: Need, limited_by: str, cases: int
) -> str:
    margin = f"margin {planned.margin:g}"
    if to_pass.pairs is None:
        return f"no number of pairs passes at {margin}"
    if to_pass.hours is None and cases == 1:
        return ""  # not known yet: one call says nothing of how often they come
    if to_pass.hours is None:
        return f"{margin}: no pairs can be replayed, for lack of {limited_by}"
    if to_pass.hours > LONGEST_REASONABLE_HOURS:
        return f"{margin} takes {to_pass.hours:.0f} hours, held up by {limited_by}"
    return ""
