"""`snaptrace suite coverage`: what a suite stands for of today's traffic."""

import asyncio
import difflib
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, counted, print_json
from snaptrace.cli.session import Opened, query_of
from snaptrace.cli.suites.file import DEFAULT_FILE, is_file, read_suite, read_text
from snaptrace.query.facts import facts_of
from snaptrace.store import pins
from snaptrace.suite import edit
from snaptrace.suite.coverage import Coverage, coverage_of
from snaptrace.suite.errors import SuiteFileError

MOST_SHOWN = 20  # rows of a table


def coverage(
    suite: str = "suite.yaml",
    source: Source | None = None,
    *,
    where: str = "since=7d",
    least: Annotated[float, Parameter(help="Exit 1 below this share of calls.")] = 0.0,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Show which share of live traffic has a pin of its kind, and what has none.

    Kinds are service, route, modality and stratum; shares are estimated with the
    sample's weights. Exits 1 if the share is below --least, 3 without traffic.

    Parameters
    ----------
    suite
        A suite file, or the name of a suite in the store.
    where
        Which traffic; the last seven days if not given.
    """
    name = read_suite(suite).name if is_file(suite) else suite
    found = asyncio.run(_coverage(Opened.of(source), name, where))
    if not found.pins:
        raise CommandError(f"nothing is pinned in {name}", 2)
    if format == "table":
        _print(found, name)
    else:
        print_json(found)
    if found.covered is None:
        return 3
    return int(found.covered.value < least)


async def _coverage(opened: Opened, name: str, where: str) -> Coverage:
    query = query_of(where)
    search, browser = await opened.search(), await opened.browser()
    facts = [
        facts_of(snapshot)
        async for _, _, snapshot in pins.pinned(opened.store, name)
        if not browser.is_erased(snapshot)
    ]
    return await coverage_of(search, query, facts, time.time_ns())


def refresh(
    file: Path = DEFAULT_FILE,
    source: Source | None = None,
    *,
    where: str = "since=30d",
    most: int = 20,
    write: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Propose changes of a suite file as a diff: stale pins out, uncovered kinds in.

    Out go pins by id whose kind was not seen in the period; in come the newest calls of
    the heaviest kinds without a pin. Exits 1 if there is something to change.

    Parameters
    ----------
    where
        Which traffic; the last thirty days if not given.
    most
        The most pins that are added.
    write
        Change the file, instead of printing the diff alone.
    """
    suite = read_suite(file)
    before = read_text(file).decode()
    found = asyncio.run(_coverage(Opened.of(source), suite.name, where))
    stale = [pin.id for pin in found.pins if pin.seen_days is None]
    named = [p.id for p in suite.pins if any(each.startswith(p.id) for each in stale)]
    after = edit.without_pins(before, [each for each in named if each])
    new: list[dict[str, str | bool]] = [
        {
            "id": each.newest,
            "why": f"{each.cell}: {each.share:.1%} of traffic",
            "since": time.strftime("%Y-%m-%d", time.gmtime()),
        }
        for each in found.uncovered[:most]
    ]
    try:
        after = edit.with_pins(after, new) if new else after
    except SuiteFileError as error:
        raise CommandError(f"{file}: {error}", 2) from None
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(file), str(file), lineterm=""
    )
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in lines:
        console.print(line)
    if write:
        file.write_text(after, encoding="utf-8")
    return int(before != after)


def _print(found: Coverage, name: str) -> None:
    console = Console(highlight=False)
    if found.covered is None:
        console.print("no traffic in this period")
    else:
        share, error = found.covered.value, found.covered.standard_error
        console.print(
            f"{name} covers {share:.1%} ± {error:.1%} of calls: "
            f"{found.covered_cells} of {counted(found.cells, 'kind')}"
        )
    rows = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("without a pin", "share", "calls", "newest"):
        rows.add_column(heading)
    for each in found.uncovered[:MOST_SHOWN]:
        rows.add_row(
            str(each.cell), f"{each.share:.1%}", f"{each.calls:.0f}", each.newest[:12]
        )
    if found.uncovered:
        console.print(rows)
    old = [pin for pin in found.pins if pin.seen_days is None]
    for pin in old[:MOST_SHOWN]:
        console.print(
            f"[yellow]not seen in this period:[/yellow] {pin.id[:12]} ({pin.cell}), "
            f"recorded {pin.age_days:g} days ago",
            soft_wrap=True,
        )
