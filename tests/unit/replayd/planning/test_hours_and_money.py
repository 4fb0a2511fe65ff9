"""Hours and money of a verdict, said beforehand."""

import msgspec
import pytest
from fakes.led_epoch import NOW, cases

from replayd.config import ReplaydConfig
from replayd.planning.cost import NS_PER_HOUR, survey
from replayd.planning.estimates import needs, pace, pair_cost
from replayd.stats import Plan, ReplaysNeeded
from snaptrace.runtime.config import load

ARMS = {
    "canary": {"role": "canary", "url": "http://c/v1", "model": "new"},
    "production": {"role": "control", "url": "http://p/v1", "model": "old"},
}
PLAN = Plan(
    discordance=0.02,
    margin=0.02,
    to_pass=ReplaysNeeded(500, 1000),
    to_find={"0.03": ReplaysNeeded(300, 600), "0.05": None},
)


def config(**more):
    document = load(None, {})
    document.tree["replayd"] = {"arms": ARMS, **more}
    return document.section("replayd", ReplaydConfig)


def found_pace(settings, modality="text", **more):
    cost = pair_cost(settings, "canary", 100.0, 20.0)
    given = {"production_calls_per_hour": 1e6, "fresh_units_per_hour": 1e6, **more}
    return pace(settings, modality, cost, **given)


def test_a_pair_costs_both_arms_and_the_second_control():
    """If it failed, a plan would promise half of what will be spent."""
    prices = {"new": {"input": 10, "output": 0}, "old": {"input": 20, "output": 0}}
    cost = pair_cost(config(prices=prices), "canary", 1000.0, 0.0)
    assert cost.requests == pytest.approx(2.05)
    assert cost.money == pytest.approx((10 + 20 * 1.05) * 1000 / 1e6)


def test_a_model_without_a_price_is_named():
    """If it failed, a plan would call an unknown cost zero."""
    prices = {"new": {"input": 10, "output": 0}}
    assert pair_cost(config(prices=prices), "canary", 1.0, 1.0).unpriced == ("old",)


def test_the_tightest_limit_sets_the_pace_and_is_named():
    """If it failed, an operator would loosen the wrong limit."""
    default = found_pace(config())
    assert default.limited_by == "control_rate"
    assert default.pairs_per_hour == pytest.approx(3600 / 1.05)
    quiet = found_pace(config(), production_calls_per_hour=100.0)
    assert quiet.limited_by == "floor_per_hour"
    assert quiet.pairs_per_hour == pytest.approx(240 / 1.05)
    strict = config(control_rate={"floor_per_hour": 0})
    quiet = found_pace(strict, production_calls_per_hour=100.0)
    assert quiet.limited_by == "share_of_production"
    assert quiet.pairs_per_hour == pytest.approx(2 / 1.05)
    slowed = found_pace(config(), control_per_minute=3.0)
    assert slowed.pairs_per_hour == pytest.approx(180 / 1.05)
    assert found_pace(config(), fresh_units_per_hour=3.0).limited_by == "fresh_cases"
    poor = found_pace(config(budget={"tokens_per_day": 24 * 246}))
    assert poor.limited_by == "budget:tokens_per_day"
    assert poor.pairs_per_hour == pytest.approx(1.0)


def test_modalities_share_what_is_limited_for_all():
    """If it failed, three modalities would each be promised the whole budget."""
    three = found_pace(config(), modalities=3)
    assert three.pairs_per_hour == pytest.approx(3600 / 1.05 / 3)
    heavy = found_pace(
        config(schedule={"shares": {"image": 0.5}}), "image", modalities=3
    )
    assert heavy.pairs_per_hour == pytest.approx(3600 / 1.05 * 0.5 / 2.5)


def test_goals_have_hours_and_money_or_say_never():
    """If it failed, an unreachable goal would look affordable."""
    settings = config(prices={"new": {"input": 10, "output": 0}})
    cost = pair_cost(settings, "canary", 100.0, 20.0)
    rows = {need.goal: need for need in needs(PLAN, cost, found_pace(settings))}
    assert rows["pass"].hours == pytest.approx(1000 / (3600 / 1.05))
    assert rows["pass"].money == pytest.approx(1000 * 100 * 10 / 1e6)
    assert rows["find 0.05"].hours is None
    settings = config(control_rate={"floor_per_hour": 0})
    nothing = found_pace(settings, production_calls_per_hour=0.0)
    assert needs(PLAN, cost, nothing)[0].hours is None


@pytest.mark.parametrize("per_hour", [20, 400])
def test_few_calls_make_no_optimistic_pace(per_hour):
    """If it failed, the first minutes would promise a verdict days too early."""
    gap = NS_PER_HOUR // per_hour
    paces = {}
    for count in (2, 5, 20, 2000):
        calls = [
            msgspec.structs.replace(case, recorded_at_ns=NOW - place * gap)
            for place, case in enumerate(cases(count))
        ]
        (found,) = survey(calls, NOW, 400 * NS_PER_HOUR).values()
        paces[count] = found.fresh_units_per_hour
    assert all(pace < per_hour for pace in paces.values())
    assert [*paces.values()] == sorted(paces.values())
    assert paces[2000] > 0.95 * per_hour
    (single,) = survey(cases(1), NOW, NS_PER_HOUR).values()
    assert single.fresh_units_per_hour == 0.0


def test_traffic_is_what_may_be_drawn_and_is_recent():
    """If it failed, hours would rest on cases that no verdict may use."""
    hour = NS_PER_HOUR
    fresh = cases(10)
    old = [
        msgspec.structs.replace(case, recorded_at_ns=NOW - 30 * hour)
        for case in cases(5)
    ]
    other = [
        msgspec.structs.replace(cases(1)[0], uniform=False),
        msgspec.structs.replace(cases(1)[0], replayable=False),
        msgspec.structs.replace(cases(1)[0], pin="release"),
    ]
    (found,) = survey([*other, *fresh, *old], NOW + 2 * hour, 24 * hour).values()
    assert found.cases == 10
    assert 0 < found.fresh_units_per_hour < 4.5  # nine after the first, in two hours
    assert (found.input_tokens, found.output_tokens) == (11, 7)
