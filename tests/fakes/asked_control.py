"""A control behind a real HTTP server, and what parts that ask it are made of."""

import random

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.providers import PROVIDERS

RATE = ControlRateConfig(share_of_production=100, per_minute=600)


class SetClock:
    """A clock that moves by a second with each look at it, and when it is set."""

    def __init__(self, at_ns):
        self.at_ns = at_ns

    def now_ns(self):
        """Return the time, one second later than the last."""
        self.at_ns += 10**9
        return self.at_ns


async def opened_control(url, clock, stack):
    """Return the arm `production` over a server; closed with `stack`."""
    arm = ArmConfig(role="control", url=url, model="assistant-7")
    settings = endpoint_settings("production", arm, {})
    endpoint = Endpoint(settings, PROVIDERS[arm.api], clock, random.Random(1))
    await stack.enter_async_context(endpoint)
    return Arm("production", arm, endpoint)


def spending_of(clock):
    """Return an account without limits but the control's rate."""
    spending = SpendingAccount(
        Budgets(BudgetConfig(), {}), Prices({}), ControlRate(RATE, 86_400.0), clock
    )
    spending.rate.observed(10_000)
    return spending
