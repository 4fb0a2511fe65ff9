"""`snaptrace plan --retire`: a verdict on a successor before a model is shut down."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from replayd.cases.intake import Intake, since
from replayd.config import ReplaydConfig
from replayd.model import Case
from replayd.planning.estimates import Need
from replayd.planning.retirement import (
    Retirement,
    RetirementPlan,
    plan_retirement,
    retirement_of,
    retirements,
)
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, console_of, print_json
from snaptrace.cli.session import Opened
from snaptrace.runtime.fitted_table import Column, FittedTable

_GOALS = {"pass": "pass", "find 0.05": "find a drop of 5 points"}
_HOURS = 24.0


def plan_before(source: Source, old: str, new: str, output: Format) -> int:
    """Print what a verdict on `new` takes, and whether there is time for it."""
    config = source.document().section("replayd", ReplaydConfig)
    opened, now_ns = Opened.of(source), time.time_ns()
    lookback_ns = int(config.schedule.lookback * 1e9)

    async def cases() -> Sequence[Case]:
        since_ns = since(now_ns, config.schedule.lookback)
        return (await Intake(opened.store, since_ns, lookback_ns).poll(now_ns)).cases

    found = list(
        plan_retirement(
            config,
            asyncio.run(cases()),
            old=old,
            new=new,
            now_ns=now_ns,
            lookback_ns=lookback_ns,
        )
    )
    if not found:
        raise CommandError(f"no recent call of the store asks {old}", 3)
    end = retirement_of(retirements(config), old)
    if output == "table":
        console_of().print(retirement_lines(old, new, end, found, now_ns))
    else:
        dated = None if end is None else end.on.isoformat()
        left = None if end is None else end.days_left(now_ns)
        shown = {"model": old, "successor": new, "on": dated, "days_left": left}
        print_json({**shown, "plans": msgspec.to_builtins(found)})
    return 0


def retirement_lines(
    old: str,
    new: str,
    end: Retirement | None,
    plans: Sequence[RetirementPlan],
    now_ns: int,
) -> RenderableType:
    """Return the plan of every modality, below the date and where it comes from."""
    left = None if end is None else end.days_left(now_ns)
    head = Text(f"{old}: no shutdown date is known; add it to replayd.retirements")
    if end is not None:
        head = Text(f"{old} is shut down on {end.on}, {left} days left ({end.source})")
        if end.checked == "quoted":
            head.append("\nthe provider's own page was not read: check it", "yellow")
    head.append(f"\nwhat a verdict on {new} takes:")
    table = FittedTable(
        (
            Column("modality"),
            Column("to"),
            Column("pairs, half of runs", right=True, rank=1),
            Column("nine of ten", right=True),
            Column("days", right=True),
            Column("money", right=True, rank=2),
            Column("in time"),
        )
    )
    for plan in plans:
        wanted = [need for need in plan.needs if need.goal in _GOALS]
        for place, need in enumerate(wanted):
            name = plan.modality if place == 0 else ""
            table.add(name, _GOALS[need.goal], *_needed(need, plan, left))
    notes = [
        Text(f"{plan.modality}: held up by {plan.limited_by}", "dim") for plan in plans
    ]
    unpriced = sorted({model for plan in plans for model in plan.unpriced})
    if unpriced:
        notes.append(Text(f"no price for {', '.join(unpriced)}", "yellow"))
    notes.append(Text("noise assumed; a few hundred pairs measure it", "dim"))
    return Group(head, table, *notes)


def _needed(need: Need, plan: RetirementPlan, left: int | None) -> tuple[str, ...]:
    if need.pairs is None:
        return "never", "never", "-", "-", "no"
    days = None if need.hours is None else need.hours / _HOURS
    money = "-" if need.money is None else f"{need.money:,.2f}"
    in_time = "-"
    if left is not None:
        in_time = "yes" if days is not None and days <= left else "no"
    return (
        f"{need.pairs.median:,}",
        f"{need.pairs.p90:,}",
        "-" if days is None else f"{days:,.1f}",
        f"> {money}" if plan.unpriced else money,
        in_time,
    )
