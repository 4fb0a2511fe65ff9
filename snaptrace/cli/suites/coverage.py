"""`snaptrace suite coverage`: what a suite stands for of today's traffic."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from msgspec.structs import replace
from rich.text import Text

from replayd.cases.loader import CaseLoader
from replayd.offline.suite.judging import Judged
from replayd.offline.suite.outcome import State, SuiteCase
from replayd.offline.suite.run import SuiteRun
from replayd.offline.suite.today import answers_today
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, console_of, counted, print_json
from snaptrace.cli.session import Opened, query_of
from snaptrace.cli.suites.file import is_file, read_suite
from snaptrace.cli.suites.run import Endpoints, entries_of, opened_arms
from snaptrace.query.facts import facts_of
from snaptrace.runtime.fitted_table import Column, FittedTable
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Pin
from snaptrace.store import pins
from snaptrace.suite.coverage import Coverage, PinAge, Traffic, days_since
from snaptrace.suite.model import Suite
from snaptrace.suite.sightings import Sighting, sightings

MOST_SHOWN = 20  # rows of a table
_TODAY = {
    "passed": Text("as recorded"),
    "failed": Text("otherwise", "red"),
    "not_judged": Text("cannot be judged"),
    "": Text("not known"),
}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Production:
    """The production model, to be asked for every pin."""

    control: str = ""
    """Base URL of the production model: ask it for every pin."""

    control_model: str = ""
    """The model to ask for; the one recorded with each pin if not given."""

    control_key_env: str = ""
    """Environment variable that holds the credential."""

    api: str = "openai_chat"
    """Which API it speaks."""


def coverage(
    suite: str = "suite.yaml",
    source: Source | None = None,
    *,
    where: str = "since=7d",
    least: Annotated[float, Parameter(help="Exit 1 below this share of calls.")] = 0.0,
    production: Production | None = None,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Show which share of live traffic has a pin of its kind, and how old pins are.

    Kinds are service, route, modality and stratum; shares are estimated with the
    sample's weights. A pin's newest recorded answer, or the one that --control gives,
    says whether production still answers it so. Exits 1 if the share is below
    --least, 3 without traffic.

    Parameters
    ----------
    suite
        A suite file, or the name of a suite in the store.
    where
        Which traffic; the last seven days if not given.
    """
    file = read_suite(suite) if is_file(suite) else None
    name = file.name if file is not None else suite
    opened = Opened.of(source)
    found = asyncio.run(coverage_of(opened, name, where, file))
    if not found.pins:
        raise CommandError(f"nothing is pinned in {name}", 2)
    if production is not None and production.control:
        said = asyncio.run(_asked(opened, suite, production))
        found = _with_answers(found, said)
    if format == "table":
        _print(found, name)
    else:
        print_json(found)
    if found.covered is None:
        return 3
    return int(found.covered.value < least)


async def coverage_of(
    opened: Opened, name: str, where: str, file: Suite | None = None
) -> Coverage:
    """Hold a suite's pins against the traffic that a filter lets through."""
    query = query_of(where)
    search = await opened.search()
    held: dict[str, tuple[Pin, Snapshot]] = {}
    async for _, pin, snapshot in pins.pinned(opened.store, name):
        if not search.is_erased(snapshot):
            held[snapshot.snapshot_id] = (pin, snapshot)
    pinned = [snapshot for _, snapshot in held.values()]
    traffic = Traffic(search, {name: [facts_of(each) for each in pinned]})
    with opened.progress() as progress:
        bar = progress.add_task("reading the store", total=search.segments)
        search.on_segments = lambda count: progress.advance(bar, count)
        await traffic.read(query)
    now_ns = time.time_ns()
    found = traffic.coverage(name, now_ns)
    seen = await sightings(search, traffic, pinned)
    said = await answers_today(held, seen, file)
    with_likes = [_with_like(pin, seen[pin.id], now_ns) for pin in found.pins]
    return _with_answers(replace(found, pins=tuple(with_likes)), said)


def _with_like(pin: PinAge, seen: Sighting, now_ns: int) -> PinAge:
    if not seen.like_at_ns:
        return pin
    same = seen.same.snapshot_id if seen.same is not None else ""
    return replace(pin, like_days=days_since(seen.like_at_ns, now_ns), same=same)


def _with_answers(found: Coverage, said: dict[str, Judged]) -> Coverage:
    ages = [
        replace(
            pin,
            today=answer.state,
            why="; ".join(answer.why),
            judged_by=answer.judged_by,
        )
        if (answer := said.get(pin.id)) is not None
        else pin
        for pin in found.pins
    ]
    return replace(found, pins=tuple(ages))


async def _asked(
    opened: Opened, suite: str, production: Production
) -> dict[str, Judged]:
    """Ask the production model for every pin, as a run asks a canary."""
    found = await entries_of(opened.store, suite)
    opened.read(f"suite coverage {suite}", [e.snapshot_id for e in found.entries])
    content = CaseLoader(opened.store, opened.key)
    await content.refresh()
    arms = Endpoints(
        canary=production.control,
        api=production.api,
        model=production.control_model,
        api_key_env=production.control_key_env,
    ).arms({})
    async with AsyncExitStack() as stack:
        asked = await opened_arms(arms, stack)
        run = SuiteRun(opened.store, content, asked["canary"])
        return {
            case.snapshot_id: Judged(_state_today(case), case.why, case.judged_by)
            async for case in run.cases(found.entries)
        }


def _state_today(case: SuiteCase) -> State:
    """Return whether production answers as recorded, however weak the pin."""
    if case.outage:
        return "not_judged"
    return "passed" if case.state == "weak" else case.state


def _print(found: Coverage, name: str) -> None:
    console = console_of()
    if found.covered is None:
        console.print("no traffic in this period")
    else:
        share, error = found.covered.value, found.covered.standard_error
        console.print(
            f"{name} covers {share:.1%} ± {error:.1%} of calls: "
            f"{found.covered_cells} of {counted(found.cells, 'kind')}"
        )
    if found.uncovered:
        console.print(_uncovered(found))
    console.print(_ages(found))
    if len(found.pins) > MOST_SHOWN:
        console.print(f"and {counted(len(found.pins) - MOST_SHOWN, 'pin')} more")


def _doubtful(pin: PinAge) -> bool:
    """Return a key by which pins that need a person come first."""
    return pin.seen_days is not None and pin.today != "failed"


def _ago(days: float) -> str:
    return f"{days:g} d ago"


def _uncovered(found: Coverage) -> FittedTable:
    """Return the kinds of calls without a pin, the most frequent first."""
    rows = FittedTable(
        (
            Column("without a pin", wraps=24),
            Column("share", right=True),
            Column("calls", right=True, rank=1),
            Column("newest", rank=2),
        )
    )
    for each in found.uncovered[:MOST_SHOWN]:
        rows.add(
            str(each.cell), f"{each.share:.1%}", f"{each.calls:.0f}", each.newest[:12]
        )
    return rows


def _ages(found: Coverage) -> FittedTable:
    """Return the pins, those that need a person first."""
    rows = FittedTable(
        (
            Column("pin"),
            Column("kind", rank=1, wraps=16),
            Column("recorded", rank=2),
            Column("kind seen", rank=3),
            Column("like seen", rank=4),
            Column("production", wraps=18),
        )
    )
    for pin in sorted(found.pins, key=_doubtful)[:MOST_SHOWN]:
        today = _TODAY[pin.today]
        if pin.today == "failed":
            today = today + Text(f": {pin.why}")
        rows.add(
            pin.id[:12],
            str(pin.cell),
            _ago(pin.age_days),
            Text("no", "yellow") if pin.seen_days is None else _ago(pin.seen_days),
            "no" if pin.like_days is None else _ago(pin.like_days),
            today,
        )
    return rows
