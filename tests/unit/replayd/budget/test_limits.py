"""Budgets and prices."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replayd.budget.limits import (
    NS,
    Amount,
    Budgets,
    Prices,
)
from replayd.config import BudgetConfig, PriceConfig
from replayd.errors import BudgetSpentError
from snaptrace.snapshot.model import Usage

HOUR = 3600 * NS
START = 1_800_000_000 * NS - 1_800_000_000 * NS % (24 * HOUR)
PAIR = Amount(requests=2, tokens=100, money=0.5)


def spend(budgets, amount, now_ns, modality="text"):
    """Reserve until refused; return how often it went."""
    times = 0
    while True:
        try:
            budgets.reserve(modality, amount, now_ns)
        except BudgetSpentError as error:
            return times, error
        times += 1


def test_a_budget_stops_hard_and_opens_with_its_window():
    """If it failed, replays would cost more than their operator allowed."""
    budgets = Budgets(BudgetConfig(requests_per_minute=10), {})
    times, error = spend(budgets, PAIR, START)
    assert times == 5
    assert error.until_ns == START + 60 * NS
    assert error.budget == "all:requests_per_minute"
    assert spend(budgets, PAIR, START + 60 * NS)[0] == 5


def test_the_tightest_limit_decides_and_nothing_is_half_taken():
    """If it failed, a refused pair would eat into the other budgets."""
    budgets = Budgets(BudgetConfig(money_per_hour=1.0, tokens_per_day=10_000), {})
    assert spend(budgets, PAIR, START)[0] == 2
    lines = {(line.unit, line.window): line.used for line in budgets.lines(START)}
    assert lines == {("tokens", "day"): 200, ("money", "hour"): 1.0}


def test_a_modality_has_limits_of_its_own():
    """If it failed, images could use up what text was promised."""
    budgets = Budgets(BudgetConfig(), {"image": BudgetConfig(requests_per_day=4)})
    assert spend(budgets, PAIR, START, "image")[0] == 2
    budgets.reserve("text", PAIR, START)


def test_settling_gives_back_what_was_held_too_much():
    """If it failed, careful estimates would halve what a budget buys."""
    budgets = Budgets(BudgetConfig(tokens_per_hour=100), {})
    budgets.reserve("text", PAIR, START)
    budgets.settle("text", PAIR, Amount(requests=2, tokens=40), START)
    budgets.reserve("text", Amount(tokens=60), START)


def test_a_clock_that_steps_back_opens_no_fresh_window():
    """If it failed, a corrected clock would allow a second day's spending."""
    budgets = Budgets(BudgetConfig(requests_per_day=2), {})
    budgets.reserve("text", PAIR, START + HOUR)
    with pytest.raises(BudgetSpentError):
        budgets.reserve("text", PAIR, START - HOUR)


def test_a_restart_counts_what_the_same_window_spent():
    """If it failed, every restart would spend a day's budget again."""
    budgets = Budgets(BudgetConfig(requests_per_day=4), {})
    budgets.count("text", PAIR, START - HOUR, START + HOUR)  # yesterday
    budgets.count("text", PAIR, START, START + HOUR)
    assert spend(budgets, PAIR, START + HOUR)[0] == 1


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 300)), max_size=60))
def test_no_window_ever_holds_more_than_its_limit(steps):
    """If it failed, some order of reservations would break the cap."""
    budgets, now = Budgets(BudgetConfig(tokens_per_minute=500), {}), START
    for tokens, seconds in steps:
        now += seconds * NS
        with contextlib.suppress(BudgetSpentError):
            budgets.reserve("text", Amount(tokens=tokens), now)
        assert all(line.used <= line.limit for line in budgets.lines(now))


def test_cached_input_has_its_own_price():
    """If it failed, money budgets would run out too early."""
    prices = Prices({"m": PriceConfig(input=2.0, output=8.0, cached_input=0.5)})
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=100_000)
    assert prices.cost("m", usage) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8)
    assert prices.cost("unknown", usage) == 0.0
    assert not prices.known("unknown")


def test_what_was_reserved_in_an_earlier_hour_counts_in_the_one_it_is_sent_in():
    """If it failed, all that was planned before the full hour would come on top."""
    budgets = Budgets(BudgetConfig(requests_per_hour=3, requests_per_day=5), {})
    pair, later = Amount(requests=2), START + HOUR
    budgets.reserve("text", pair, START)
    budgets.carry("text", pair, START, START + NS)  # the same hour: nothing new
    assert [line.used for line in budgets.lines(START + NS)] == [2, 2]
    budgets.carry("text", pair, START, later)
    assert [line.used for line in budgets.lines(later)] == [2, 2]
    with pytest.raises(BudgetSpentError) as caught:
        budgets.carry("text", pair, START, later)
    assert caught.value.until_ns == later + HOUR
    assert [line.used for line in budgets.lines(later)] == [2, 2]


def test_what_another_window_held_is_not_given_back_in_this_one():
    """If it failed, answers of the last minute would lift the limit of this one."""
    budgets = Budgets(BudgetConfig(tokens_per_minute=100), {})
    start = START - START % (60 * NS)
    late, next_minute = start + 59 * NS, start + 61 * NS
    budgets.reserve("text", Amount(requests=1, tokens=90), late)
    budgets.reserve("text", Amount(requests=1, tokens=100), next_minute)
    budgets.settle(
        "text",
        Amount(requests=1, tokens=90),
        Amount(requests=1, tokens=10),
        next_minute,
        since_ns=late,
    )
    with pytest.raises(BudgetSpentError):
        budgets.reserve("text", Amount(requests=1, tokens=1), next_minute)
    # What it really took more than it had reserved is counted where it is known.
    later = start + 121 * NS
    spent = Amount(requests=1, tokens=150)
    budgets.settle(
        "text", Amount(requests=1, tokens=100), spent, later, since_ns=next_minute
    )
    with pytest.raises(BudgetSpentError):
        budgets.reserve("text", Amount(requests=1, tokens=51), later)
