"""Converts the pairs that a verdict needs to hours and money. No I/O.

The pairs come from `replayd.stats`; what limits them per hour is the tightest of the
control's rate, its share of production's calls, the budgets, and fresh cases.
"""

import math

from msgspec import Struct

from replayd.budget.limits import Prices
from replayd.config import BudgetConfig, ReplaydConfig
from replayd.evaluation.epochs import control_of
from replayd.stats import Plan, ReplaysNeeded
from snaptrace.snapshot.model import Usage

HOURS_PER_DAY, MINUTES_PER_HOUR = 24, 60


class PairCost(Struct, frozen=True, kw_only=True):
    """Mean cost of one pair of a modality."""

    requests: float
    control_requests: float
    tokens: float
    money: float
    unpriced: tuple[str, ...] = ()  # models without a price: money is a lower bound


class Pace(Struct, frozen=True, kw_only=True):
    """Pairs per hour, and the limiting factor."""

    pairs_per_hour: float
    limited_by: str


class Need(Struct, frozen=True, kw_only=True):
    """One goal of a plan; None where no number of pairs reaches it."""

    goal: str  # pass, or find a drop of 0.03, 0.05, 0.10
    pairs: ReplaysNeeded | None
    hours: float | None  # in nine of ten runs
    money: float | None


def pair_cost(
    config: ReplaydConfig, canary: str, input_tokens: float, output_tokens: float
) -> PairCost:
    """Return a pair's cost from a call's mean tokens, including the second control."""
    control = control_of(config)
    again = config.schedule.second_control_share if control else 0.0
    calls = {config.arms[canary].model: 1.0}
    control_calls = 0.0
    if control is not None:
        model = config.arms[control].model
        control_calls = 1.0 + again
        calls[model] = calls.get(model, 0.0) + control_calls
    prices = Prices(config.prices)
    usage = Usage(
        input_tokens=math.ceil(input_tokens), output_tokens=math.ceil(output_tokens)
    )
    asked = 1.0 + control_calls
    return PairCost(
        requests=asked,
        control_requests=control_calls,
        tokens=asked * (input_tokens + output_tokens),
        money=sum(n * prices.cost(model, usage) for model, n in calls.items()),
        unpriced=tuple(m for m in calls if config.prices and not prices.known(m)),
    )


def pace(
    config: ReplaydConfig,
    modality: str,
    cost: PairCost,
    *,
    production_calls_per_hour: float,
    fresh_units_per_hour: float,
    modalities: int = 1,
    control_per_minute: float | None = None,
) -> Pace:
    """Return the replay rate of one modality's pairs.

    `fresh_units_per_hour` are sessions or traces of the modality that enter the
    equal-probability sample; `modalities` share what is limited for all.
    `control_per_minute` is the control's cap as it stands; None: as configured.
    """
    shares = config.schedule.shares
    share = shares.get(modality, 1.0) / max(
        sum(shares.values()) + modalities - len(shares), shares.get(modality, 1.0)
    )
    limits = {"fresh_cases": fresh_units_per_hour}
    if cost.control_requests:
        rate = config.control_rate
        now = rate.per_minute if control_per_minute is None else control_per_minute
        per_hour = now * MINUTES_PER_HOUR / cost.control_requests
        limits["control_rate"] = share * per_hour
        observed = rate.share_of_production * production_calls_per_hour
        floor = rate.floor_per_hour
        larger = "share_of_production" if observed >= floor else "floor_per_hour"
        limits[larger] = share * max(observed, floor) / cost.control_requests
    for name, per_hour in _per_hour(config.budget, cost):
        limits[f"budget:{name}"] = share * per_hour
    for name, per_hour in _per_hour(config.budgets.get(modality), cost):
        limits[f"budget:{modality}:{name}"] = per_hour
    tightest = min(limits, key=lambda name: limits[name])
    return Pace(pairs_per_hour=limits[tightest], limited_by=tightest)


def needs(plan: Plan, cost: PairCost, found: Pace) -> list[Need]:
    """Return every goal of a plan with its hours and money."""
    goals = {"pass": plan.to_pass}
    goals |= {f"find {drop}": pairs for drop, pairs in plan.to_find.items()}
    return [_need(goal, pairs, cost, found) for goal, pairs in goals.items()]


def _need(goal: str, pairs: ReplaysNeeded | None, cost: PairCost, found: Pace) -> Need:
    if pairs is None:
        return Need(goal=goal, pairs=None, hours=None, money=None)
    flows = found.pairs_per_hour > 0
    return Need(
        goal=goal,
        pairs=pairs,
        hours=pairs.p90 / found.pairs_per_hour if flows else None,
        money=pairs.p90 * cost.money,
    )


def _per_hour(budget: BudgetConfig | None, cost: PairCost) -> list[tuple[str, float]]:
    """Return the pairs per hour that each limit allows, by the limit's name."""
    if budget is None:
        return []
    found = []
    hours = {"minute": 1 / MINUTES_PER_HOUR, "hour": 1.0, "day": float(HOURS_PER_DAY)}
    for unit, each in (
        ("requests", cost.requests),
        ("tokens", cost.tokens),
        ("money", cost.money),
    ):
        for window, length in hours.items():
            limit = getattr(budget, f"{unit}_per_{window}")
            if limit is not None and each > 0:
                found.append((f"{unit}_per_{window}", limit / length / each))
    return found
