"""`snaptrace drill --ask`: the plan, its cost, and the calls to the control."""

import os
import random
import time
from contextlib import AsyncExitStack

from msgspec.structs import replace
from rich.text import Text

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.budget.accounting import estimated
from replayd.budget.limits import Amount, Budgets, Prices
from replayd.cases.intake import Intake, since
from replayd.cases.loader import CaseLoader
from replayd.cases.schedule import slices_of
from replayd.config import ReplaydConfig
from replayd.drills.certificate import Certificate
from replayd.drills.dependence import dependence, route_dependence
from replayd.drills.injuring import score_versions
from replayd.drills.offline import certified, no_pause
from replayd.drills.requests import REQUEST_FAULTS
from replayd.drills.sensitivity import Orders
from replayd.drills.stored_pairs import recorded_cases
from replayd.errors import BudgetSpentError
from replayd.evaluation.epochs import control_of
from replayd.model import ArmAnswer, Case
from replayd.offline.asked_drill import (
    AskPlan,
    asked_pairs,
    asking,
    plan_of,
    prepared,
)
from replayd.providers import PROVIDERS
from replayd.scoring.worker import judged
from snaptrace.cli.output import CommandError, counted
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock

MOST_ASKED = 1_000  # cases; a drill that asks keeps their media in memory


async def ask_control(
    opened: Opened, config: ReplaydConfig, most: int, orders: Orders, *, go: bool
) -> Certificate | None:
    """Say what a drill takes; with `go`, ask and return the certificate."""
    name = control_of(config)
    if name is None:
        raise CommandError("drill --ask needs an arm with role control")
    clock = SystemClock()
    loader = CaseLoader(opened.store, opened.key)
    await loader.refresh()
    span_ns = since(clock.now_ns(), config.schedule.age_limit)
    intake = Intake(opened.store, span_ns, lookback_ns=0, is_erased=loader.is_erased)
    fresh = await intake.poll(clock.now_ns())
    cases = prepared([each async for each in recorded_cases(loader, fresh.cases, most)])
    if not cases:
        raise CommandError("the store holds no call that can be asked again")
    model = config.arms[name].model
    _print_plan(opened, plan_of(cases, model, Prices(config.prices)), name)
    if not go:
        opened.errors.print("nothing was sent; add --yes to send it")
        return None
    opened.read("drill --ask", [each.case.snapshot_id for each in cases])
    spending = _Spending(config, model)
    async with AsyncExitStack() as stack:
        arm = await _arm(config, name, stack)
        bar = stack.enter_context(opened.progress())
        task = bar.add_task(f"asking {name}", total=len(cases))
        pairs, versions = await asked_pairs(
            cases,
            asking(arm, spending.reserve, spending.settle),
            on_case=lambda: bar.advance(task),
        )
    if spending.ended:
        opened.errors.print("[yellow]replayd.drills.budget ended the drill[/yellow]")
    slices = slices_of(config.slices)
    pairs = [
        replace(
            pair, slices=tuple(each.name for each in slices if each.holds(pair.case))
        )
        for pair in pairs
    ]
    measured = await score_versions(pairs, versions, judged)
    made = await certified(
        measured,
        tuple(REQUEST_FAULTS.values()),
        config,
        orders=orders,
        pause=no_pause,
        kind="asked",
        source="request",
        epoch=None,
        made_at_ns=time.time_ns(),
    )
    return replace(
        made,
        dependence=dependence(measured),
        routes=route_dependence(measured),
        control=name,
    )


class _Spending:
    """The drill's own budget."""

    def __init__(self, config: ReplaydConfig, model: str) -> None:
        self._budgets, self._model = Budgets(config.drills.budget, {}), model
        self._prices, self._clock = Prices(config.prices), SystemClock()
        self.ended = False

    def reserve(self, case: Case) -> bool:
        """Take one call's estimate; false once a limit is reached."""
        try:
            self._budgets.reserve(
                case.modality, self._estimate(case), self._clock.now_ns()
            )
        except BudgetSpentError:
            self.ended = True
            return False
        return True

    def settle(self, case: Case, answer: ArmAnswer) -> None:
        """Replace the estimate by what it came to."""
        usage = answer.usage
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        spent = Amount(
            requests=answer.attempts,
            tokens=tokens or case.tokens,
            money=self._prices.cost(self._model, usage),
        )
        held, now_ns = self._estimate(case), self._clock.now_ns()
        self._budgets.settle(case.modality, held, spent, now_ns)

    def _estimate(self, case: Case) -> Amount:
        return Amount(
            requests=1,
            tokens=case.tokens,
            money=self._prices.cost(self._model, estimated(case)),
        )


async def _arm(config: ReplaydConfig, name: str, stack: AsyncExitStack) -> Arm:
    arm = config.arms[name]
    endpoint = Endpoint(
        endpoint_settings(name, arm, os.environ),
        PROVIDERS[arm.api],
        SystemClock(),
        random.SystemRandom(),
    )
    return Arm(name, arm, await stack.enter_async_context(endpoint))


def _print_plan(opened: Opened, plan: AskPlan, control: str) -> None:
    """Print what will be sent, on standard error: a certificate may be piped."""
    cases = ", ".join(f"{count} {modality}" for modality, count in plan.cases.items())
    money = f"about {plan.money:,.2f} in money"
    if plan.unpriced:
        money = f"no price for {plan.unpriced}"
    lines = [
        f"{counted(plan.calls, 'call')} to {control}: {cases}",
        f"about {plan.tokens:,} tokens, {money}",
    ]
    lines += [f"not installed, so left out: {module}" for module in plan.missing]
    for line in lines:
        opened.errors.print(Text(line))
