"""`snaptrace drill`: known faults in stored answers, and which are caught."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated

import msgspec
from cyclopts import Parameter

from replayd.cases.intake import since
from replayd.cases.schedule import slices_of
from replayd.config import ReplaydConfig
from replayd.drills.certificate import (
    Certificate,
    Sensitivity,
    certificates,
    once_caught,
    store_certificate,
)
from replayd.drills.offline import drill_offline
from replayd.drills.sensitivity import MOST_PAIRS, ORDERS, Orders
from replayd.drills.stored_pairs import FEWEST_PAIRS, stored_pairs
from replayd.model import PairResult
from replayd.scoring.worker import Job, judged
from snaptrace.cli.drills.ask import MOST_ASKED, ask_control
from snaptrace.cli.drills.table import certificate_lines
from snaptrace.cli.options import Source
from snaptrace.cli.output import (
    CommandError,
    Format,
    console_of,
    print_json,
    print_lines,
)
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock


def drill(
    source: Source | None = None,
    *,
    pairs: Annotated[int, Parameter(alias="-n")] = 200,
    orders: int = ORDERS,
    within: int = MOST_PAIRS,
    store: bool = True,
    ask: Annotated[bool, Parameter(negative="")] = False,
    yes: Annotated[bool, Parameter(negative="", alias="-y")] = False,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Put known faults into stored answers, and report which a verdict would catch.

    Takes answers of the control, or recordings where there are none, and asks no
    model, unless --ask: then faults are put into requests to the control. Each changed
    answer is scored as a canary's and fed to the test that a verdict comes from. Exits
    1 if a fault that was caught before no longer is.

    Parameters
    ----------
    pairs
        Stored answers to use.
    orders
        Seeded orders of the pairs; figures are their median and 80 % range.
    within
        Pairs after which a fault counts as not caught.
    store
        Keep the certificate in the store, where replayd's metrics and gate read it.
    ask
        Change what the control is asked: images, sounds, pages, prompts. Says first
        what that takes.
    yes
        Send it without a question; else only the plan is printed.
    """
    source = source or Source()
    config = source.document().section("replayd", ReplaydConfig)
    opened = Opened.of(source)
    how = Orders(count=orders, most_pairs=within)
    if ask:
        cases = min(pairs, MOST_ASKED)
        asked = asyncio.run(ask_control(opened, config, cases, how, go=yes))
        if asked is None:
            return 0
        made = asked
    else:
        made = asyncio.run(_drilled(opened, config, pairs, how))
    lost = asyncio.run(_compared(opened, made, store=store))
    if format == "json":
        print_json(made)
    elif format == "jsonl":
        print_lines({**_plain(made), **row} for row in _rows(made))
    else:
        console_of().print(certificate_lines(made, lost))
    return 1 if lost else 0


async def _drilled(
    opened: Opened, config: ReplaydConfig, pairs: int, orders: Orders
) -> Certificate:
    now_ns = time.time_ns()
    stored = await stored_pairs(
        opened.store,
        opened.key,
        SystemClock(),
        most=pairs,
        since_ns=since(now_ns, config.schedule.age_limit),
        slices=slices_of(config.slices),
    )
    if not stored.pairs:
        raise CommandError("the store holds no answer that can be scored yet")
    if len(stored.pairs) < min(FEWEST_PAIRS, pairs):
        opened.errors.print(
            f"[yellow]only {len(stored.pairs)} answers; with fewer than"
            f" {FEWEST_PAIRS} the figures speak of chance[/yellow]"
        )
    opened.read("drill", [pair.case.snapshot_id for pair in stored.pairs])
    with opened.progress() as bar:
        task = bar.add_task("scoring", total=None)

        async def judge(jobs: Sequence[Job]) -> list[PairResult]:
            bar.update(task, advance=len(jobs))
            return await judged(jobs)

        return await drill_offline(
            stored, config, judge, made_at_ns=now_ns, orders=orders
        )


async def _compared(
    opened: Opened, made: Certificate, *, store: bool
) -> tuple[Sensitivity, ...]:
    """Keep the certificate; return the rows that were caught before and are not now."""
    before = once_caught(await certificates(opened.store, made.kind))
    if store:
        await store_certificate(opened.store, made)
    return tuple(
        row for row in made.rows if row.standing == "not_caught" and row.place in before
    )


def _plain(made: Certificate) -> dict[str, object]:
    return {
        "kind": made.kind,
        "source": made.source,
        "made_at_ns": made.made_at_ns,
        "most_pairs": made.most_pairs,
    }


def _rows(made: Certificate) -> list[dict[str, object]]:
    return [msgspec.to_builtins(row) for row in made.rows]
