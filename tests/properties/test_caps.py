"""A cap is a cap: counted at the server, through kills at any moment, without usage."""

import asyncio
import random
from collections import Counter

import pytest
from fakes.dict_store import dict_store
from fakes.dying_store import DyingStore, KilledError
from fakes.leaping_loop import LoopClock, leap
from fakes.led_epoch import NOW
from fakes.outages import Outage, ScheduledEndpoint, Told, a_share, never, runner

from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.config import BudgetConfig, ControlRateConfig, PriceConfig
from replayd.ledger.ledger import Ledger

MINUTE_NS = 60 * 10**9
TOKENS = 18  # of one call, as its recording tells; the servers here report nothing
PRICE = PriceConfig(input=1e6, output=1e6)  # one unit of money a token
MODELS = ("new", "old", "canary", "control")


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))]


class Server:
    """What both servers saw, and when."""

    def __init__(self):
        self.calls = []  # (ns, arm)

    def most_in_a_window(self, window_ns, arm=None):
        """Return the most calls in one window of the calendar."""
        return max(
            Counter(
                at // window_ns for at, name in self.calls if arm in (None, name)
            ).values(),
            default=0,
        )

    def most_in_any(self, window_ns, arm):
        """Return the most calls to an arm in any stretch of that length."""
        times = sorted(at for at, name in self.calls if name == arm)
        first, most = 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - window_ns:
                first += 1
            most = max(most, last - first + 1)
        return most


def led_with_kills(seed, budget, control, *, production=10**9, seconds=500.0):
    """Lead one epoch for a while, killed at random moments; return the server."""
    server = Server()

    async def main():
        rng, store, clock = random.Random(seed), dict_store(), LoopClock(NOW)
        clock.now_ns()
        loop = asyncio.get_running_loop()
        end_at = loop.time() + seconds
        while loop.time() < end_at:
            rate = ControlRate(control, 86_400.0)
            rate.observed(production)
            prices = Prices(dict.fromkeys(MODELS, PRICE))
            spending = SpendingAccount(Budgets(budget, {}), prices, rate, clock)
            mortal = DyingStore(store, rng.randint(5, 60), after=rng.random() < 0.5)
            ends = {
                "canary": ScheduledEndpoint(
                    "canary", rng, [Outage(40, 60, "503")], a_share(0.1), 8
                ),
                "control": ScheduledEndpoint("control", rng, (), never, 8),
            }
            for name, end in ends.items():
                end.on_call = lambda name=name: server.calls.append(
                    (clock.now_ns(), name)
                )
            told = Told(results=[])
            found = runner(
                ends, rng, spending, told, pairs=4000, store=mortal, clock=clock
            )
            stop = asyncio.Event()
            loop.call_later(rng.choice([3.0, 20.0, 90.0]), stop.set)
            try:
                await found.run(stop)
            except* KilledError:
                pass
            await asyncio.sleep(rng.random() * 3)

    leap(main)
    return server


FREE = ControlRateConfig(share_of_production=1.0, per_minute=1e9)


@pytest.mark.parametrize("seed", SEEDS)
def test_requests_stay_below_their_limit(seed):
    """If it failed, every crash would spend a window's requests again."""
    server = led_with_kills(seed, BudgetConfig(requests_per_minute=60), FREE)
    assert 20 < server.most_in_a_window(MINUTE_NS) <= 60


@pytest.mark.parametrize("seed", SEEDS)
def test_tokens_and_money_stay_below_their_limits_though_nobody_reports_usage(seed):
    """If it failed, a server that reports no usage would cost nothing."""
    budget = BudgetConfig(tokens_per_hour=TOKENS * 300, money_per_hour=TOKENS * 250)
    server = led_with_kills(seed, budget, FREE)
    assert 60 < server.most_in_a_window(60 * MINUTE_NS) <= 250


@pytest.mark.parametrize("seed", SEEDS)
def test_the_control_is_asked_no_more_often_than_allowed(seed):
    """If it failed, production would be asked by us as often as we crash."""
    control = ControlRateConfig(share_of_production=1.0, per_minute=30)
    server = led_with_kills(seed, BudgetConfig(), control)
    assert 10 < server.most_in_any(MINUTE_NS, "control") <= 30


@pytest.mark.parametrize("seed", SEEDS)
def test_the_control_is_asked_for_no_more_than_its_share_of_a_day(seed):
    """If it failed, second calls and lost ones would not count."""
    control = ControlRateConfig(
        share_of_production=0.02, floor_per_hour=0, per_minute=1e9
    )
    server = led_with_kills(seed, BudgetConfig(), control, production=5000)
    assert 10 < server.most_in_a_window(1440 * MINUTE_NS, "control") <= 100


@pytest.mark.parametrize("per_minute", [60, 6])
def test_a_kill_costs_few_calls_of_the_control_that_were_not_made(per_minute):
    """If it failed, a restart would use up a quarter of an hour of the floor."""
    server, store = Server(), dict_store()

    async def main():
        rng, clock = random.Random(1), LoopClock(NOW)
        control = ControlRateConfig(
            share_of_production=0.0, floor_per_hour=240, per_minute=per_minute
        )
        spending = SpendingAccount(
            Budgets(BudgetConfig(), {}), Prices({}), ControlRate(control, 86_400), clock
        )
        ends = {
            name: ScheduledEndpoint(name, rng, (), never, 64)
            for name in ("canary", "control")
        }
        ends["control"].on_call = lambda: server.calls.append(
            (clock.now_ns(), "control")
        )
        told = Told(results=[])
        found = runner(ends, rng, spending, told, pairs=4000, store=store, clock=clock)
        killed = asyncio.create_task(found.run(asyncio.Event()))
        await asyncio.sleep(1000)
        killed.cancel()
        await asyncio.wait((killed,))
        planned = [
            item
            async for block in Ledger(store, "e1", clock).blocks()
            for item in block.planned
        ]
        return sum(max(item.reserved_requests - 1, 0) for item in planned)

    charged = leap(main)
    made = len(server.calls)
    assert made > 60
    assert charged - made <= 12
