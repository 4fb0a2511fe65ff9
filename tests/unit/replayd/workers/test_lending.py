"""Reservations and calls that are handed out: counted until they are back."""

from fakes.led_epoch import cases

from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.config import BudgetConfig, ControlRateConfig
from replayd.model import Charged, Lost, Planned
from snaptrace.runtime.clock import SystemClock

MINUTE = 60 * 10**9
NOW = 1_800_000_000 * 10**9 // MINUTE * MINUTE


class Clock(SystemClock):
    """A clock that stands until it is set."""

    now = NOW

    def now_ns(self):
        return self.now


def account(clock, **limits):
    rate = ControlRate(
        ControlRateConfig(share_of_production=1.0, per_minute=10, floor_per_hour=0),
        86_400.0,
    )
    rate.observed(10**6)
    return SpendingAccount(Budgets(BudgetConfig(**limits), {}), Prices({}), rate, clock)


def used(spending, clock):
    (line,) = spending.budgets.lines(clock.now_ns())
    return line.used


def pair(requests=2):
    (case,) = cases(1)
    return Planned(number=0, case=case, lane="traffic", reserved_requests=requests)


def test_what_is_out_counts_in_every_minute_until_it_is_back():
    """If it failed, a number sent late would pass the limit of its minute."""
    clock = Clock()
    spending, planned = account(clock, requests_per_minute=100), pair()
    spending.reserve("text", spending.estimate(planned.case, ("a", "b")))
    lent = spending.lend(planned, ())
    assert used(spending, clock) == 2
    for _ in range(3):
        clock.now += MINUTE
        assert used(spending, clock) == 2
    lent.returned(clock.now_ns())
    clock.now += MINUTE
    assert used(spending, clock) == 0


def test_calls_that_are_out_never_leave_the_last_sixty_seconds():
    """If it failed, calls that queued would reach the control in one burst."""
    clock = Clock()
    spending = account(clock)
    for _ in range(10):
        spending.rate.sent(clock.now_ns())
    lent = spending.lend(pair(), (clock.now_ns(),) * 10)
    clock.now += 5 * MINUTE
    assert spending.rate.allowed_at_ns(clock.now_ns()) > clock.now_ns()
    lent.returned(clock.now_ns())
    assert spending.rate.allowed_at_ns(clock.now_ns()) == clock.now_ns() + MINUTE


def test_what_was_not_sent_is_free_again():
    """If it failed, numbers that workers gave back would use up the cap."""
    clock = Clock()
    spending = account(clock)
    spending.rate.sent(clock.now_ns())
    lent = spending.lend(pair(), (clock.now_ns(),))
    lent.returned(clock.now_ns(), sent=False)
    assert spending.rate.allowed_at_ns(clock.now_ns(), 10) <= clock.now_ns()


def test_what_an_earlier_leader_gave_out_counts_once_while_it_may_be_sent():
    """If it failed, a takeover would wait for calls that it counts twice."""
    clock = Clock()
    spending = account(clock)
    lost = Lost(at_ns=clock.now_ns(), spent=(("text", Charged(control_calls=6)),))
    spending.recount_lost("e1", [lost])
    lent = spending.lend_lost(lost)
    clock.now += 40 * 10**9  # the cap is spread over its minute
    assert spending.rate.allowed_at_ns(clock.now_ns(), 4) <= clock.now_ns()
    assert spending.rate.allowed_at_ns(clock.now_ns(), 5) > clock.now_ns()
    for each in lent:
        each.returned(clock.now_ns())
    assert spending.rate.allowed_at_ns(clock.now_ns(), 5) > clock.now_ns()
