"""`snaptrace plan | budget`: what verdicts will cost, and what is spent already."""

import asyncio
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
import msgspec
from rich.text import Text

from replayd.budget.limits import Line
from replayd.http.gate_api import BudgetShown, PlansShown
from replayd.planning.cost import CostedPlan
from replayd.planning.estimates import Need
from snaptrace.cli.drills.retirement import plan_before
from snaptrace.cli.gate import base_url, token_of
from snaptrace.cli.options import Source
from snaptrace.cli.output import (
    EXIT_USAGE,
    CommandError,
    Format,
    console_of,
    print_json,
    print_lines,
)
from snaptrace.runtime.fitted_table import Column, FittedTable

T = TypeVar("T")

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_UNKNOWN = 3
_GOALS = {
    "pass": "pass",
    "find 0.03": "find a drop of 3 points",
    "find 0.05": "find a drop of 5 points",
    "find 0.10": "find a drop of 10 points",
}


def plan(
    source: Source | None = None,
    *,
    canary: str | None = None,
    url: str | None = None,
    retire: str = "",
    successor: str = "",
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Estimate what a pass needs, and what finding a drop of 3, 5 and 10 points does.

    In pairs (half of all runs, nine of ten), and for nine of ten in hours and money:
    from the noise, the tokens and the traffic that replayd has seen, and from its
    limits. A margin that cannot be met is said.

    Parameters
    ----------
    canary
        Name of the arm; all if not given.
    url
        Base URL of replayd; the configured metrics address if not given.
    retire
        A model that is shut down: plan a verdict on its successor from the traffic on
        it in the store. No canary is needed yet.
    successor
        The model that is to take its place.
    """
    source = source or Source()
    if retire or successor:
        if not (retire and successor):
            raise CommandError("--retire MODEL goes with --successor MODEL", EXIT_USAGE)
        return plan_before(source, retire, successor, format)
    base, token = base_url(source, url), token_of(source)
    found = asyncio.run(_fetch(base, token, "plan", PlansShown)).canaries
    plans = {name: rows for name, rows in found.items() if canary in (None, name)}
    if not plans:
        what = f"the canary {canary!r}" if canary else "any canary"
        raise CommandError(f"{base} cannot plan for {what} yet", _UNKNOWN)
    if format == "json":
        print_json(plans)
    elif format == "jsonl":
        for name, rows in plans.items():
            print_lines({"canary": name, **msgspec.to_builtins(row)} for row in rows)
    else:
        console = console_of()
        for name, rows in plans.items():
            console.print(f"[bold]{name}[/bold]")
            console.print(plan_table(rows))
            for row in rows:
                console.print(said_of(row))
    return 0


def budget(
    source: Source | None = None,
    *,
    url: str | None = None,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Show every limit of spending: how much is used, and when it starts anew.

    Parameters
    ----------
    url
        Base URL of replayd; the configured metrics address if not given.
    """
    source = source or Source()
    base, token = base_url(source, url), token_of(source)
    lines = asyncio.run(_fetch(base, token, "budget", BudgetShown)).budgets
    if format == "json":
        print_json({"budgets": lines})
    elif format == "jsonl":
        print_lines(lines)
    elif lines:
        console_of().print(budget_table(lines))
    else:
        console_of().print("no budget is set in replayd.budget or replayd.budgets")
    return 0


def plan_table(rows: list[CostedPlan]) -> FittedTable:
    """Return pairs, hours and money by modality and goal."""
    table = FittedTable(
        (
            Column("modality"),
            Column("to"),
            Column("pairs, half of runs", right=True, rank=1),
            Column("nine of ten", right=True),
            Column("hours", right=True),
            Column("money", right=True, rank=2),
        )
    )
    for row in rows:
        for place, need in enumerate(row.needs):
            name = row.planned.modality if place == 0 else ""
            table.add(name, _GOALS.get(need.goal, need.goal), *_needed(need, row))
    return table


def _needed(need: Need, row: CostedPlan) -> tuple[str, str, str, str]:
    if need.pairs is None:
        return "never", "never", "-", "-"
    hours = "-" if need.hours is None else f"{need.hours:,.1f}"
    money = "-" if need.money is None else f"{need.money:,.2f}"
    if row.cost.unpriced:
        money = f"> {money}"
    return f"{need.pairs.median:,}", f"{need.pairs.p90:,}", hours, money


def said_of(row: CostedPlan) -> Text:
    """Return what a modality's numbers rest on, and what stands in the way."""
    planned = row.planned
    noise = "measured" if planned.measured else "assumed"
    said = Text(
        f"  {planned.modality}: margin {planned.margin:g},"
        f" noise {planned.discordance:.3f} {noise},"
        f" {row.pairs_per_hour:,.0f} pairs an hour, held up by {row.limited_by}",
        "dim",
    )
    said.append(f"\n    {row.key} changes that", "dim")
    if row.slowed is not None:
        said.append(
            f"\n    the control's cap fell from {row.slowed.configured:g} to"
            f" {row.slowed.per_minute:.3g} a minute: {row.slowed.why}",
            "yellow",
        )
    if row.cost.unpriced:
        said.append(f"\n  no price for {', '.join(row.cost.unpriced)}", "yellow")
    if row.out_of_reach:
        said.append(f"\n  out of reach: {row.out_of_reach}", "red")
    return said


def budget_table(lines: list[Line]) -> FittedTable:
    """Return each limit, its use and the end of its window."""
    table = FittedTable(
        (
            Column("budget"),
            Column("limit", right=True),
            Column("spent", right=True, rank=2),
            Column("used", right=True),
            Column("resets at (UTC)", right=True, rank=1),
        )
    )
    for line in lines:
        share = line.used / line.limit if line.limit else 1.0
        style = "red" if share >= 1 else "yellow" if share >= 0.8 else ""
        resets = datetime.fromtimestamp(line.resets_at_ns / 1e9, UTC)
        table.add(
            f"{line.modality or 'all'} {line.unit} a {line.window}",
            _amount(line.limit, line.unit),
            _amount(line.used, line.unit),
            Text(f"{share:.0%}", style),
            f"{resets:%Y-%m-%d %H:%M}",
        )
    return table


def _amount(value: float, unit: str) -> str:
    return f"{value:,.2f}" if unit == "money" else f"{value:,.0f}"


async def _fetch(base: str, token: str, what: str, kind: type[T]) -> T:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{base.rstrip('/')}/api/v1/{what}"
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(address, headers=headers) as answer,
        ):
            if answer.status != 200:
                raise CommandError(f"{address} answers {answer.status}", _UNKNOWN)
            return msgspec.json.decode(await answer.read(), type=kind)
    except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
        why = f"no replayd answers at {base}; name it with --url"
        raise CommandError(why, _UNKNOWN) from None
