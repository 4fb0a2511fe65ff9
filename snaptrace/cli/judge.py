"""`snaptrace worksheet | judge`: pairs for people to decide; how good a judge is.

`decide.py` stores what people decided.
"""

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from msgspec import Struct, structs

from replayd.adjudication.opinions import OpinionBook
from replayd.adjudication.source import DecisionSource, DecisionsUnreadableError
from replayd.budget.limits import Budgets
from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.judge_model import setup
from replayd.judge_model.anchors import (
    accuracy,
    accuracy_by_task,
    judge_anchors,
    load_anchors,
)
from replayd.judge_model.standing import key_of, lower_bound
from replayd.results import worksheet_csv
from replayd.results.history import History
from replayd.results.worksheet import Deciders, sheet
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, console_of, print_json
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.fitted_table import Column, FittedTable


class JudgeReport(Struct, frozen=True, kw_only=True):
    """Agreement of a judge model with people's labels."""

    model: str
    standing: str  # shown or gates
    answered: int
    right: int
    lower_bound: float  # of the accuracy, 95 %
    tasks: dict[str, tuple[int, int]]  # right, answered


def worksheet(
    source: Source | None = None,
    *,
    canary: str = "canary",
    epoch: str = "",
    limit: Annotated[int, Parameter(alias="-n")] = 100,
    media: Path | None = None,
    by: str = "",
    format: Literal["jsonl", "csv"] = "jsonl",  # noqa: A002 - the name of the option
) -> int:
    """Print pairs that people should decide, left and right, nobody's name.

    Pairs drawn to correct a judge model come first, then those whose scores differ or
    that nothing could score. Lines of JSON are answered in the `decisions` of the
    canary's arm, CSV in its last two columns, which `snaptrace decide` stores.

    Parameters
    ----------
    canary
        Name of the arm.
    epoch
        An earlier epoch; the newest if not given.
    limit
        How many.
    media
        Folder for the media files; none are written if not given.
    by
        Who will decide: gets second opinions on what others decided, too.
    format
        Lines of JSON, or CSV for a spreadsheet.
    """
    opened = Opened.of(source)
    config = (source or Source()).document().section("replayd", ReplaydConfig)
    decided = config.arms[canary].decisions if canary in config.arms else ""
    deciders = Deciders(by=by, share=config.second_opinions)
    try:
        asyncio.run(
            _write(opened, (canary, epoch), decided, deciders, (limit, media, format))
        )
    except (ReplaydError, DecisionsUnreadableError) as error:
        raise CommandError(str(error)) from None
    return 0


async def _write(
    opened: Opened,
    named: tuple[str, str],
    decided: str,
    deciders: Deciders,
    wanted: tuple[int, Path | None, str],
) -> None:
    history = History(opened.store, opened.key, SystemClock())
    chosen = await history.epoch(*named)
    if chosen is None:
        raise CommandError(f"nothing was judged under the canary name {named[0]!r}")
    known = await DecisionSource.once(decided, chosen.epoch, chosen.sides)
    limit, media, shape = wanted
    opinions = await OpinionBook(opened.store).read(chosen.epoch)
    lines = sheet(
        history,
        chosen,
        known,
        deciders=structs.replace(deciders, opinions=opinions),
        limit=limit,
        media_to=media,
        reading=lambda snapshot_id: opened.read("worksheet", [snapshot_id]),
    )
    if shape == "csv":
        sys.stdout.write(worksheet_csv.written(None))
    async for line in lines:
        as_json = msgspec.json.encode(line).decode() + "\n"
        sys.stdout.write(worksheet_csv.written(line) if shape == "csv" else as_json)
    sys.stdout.flush()


def judge(
    source: Source | None = None,
    *,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Have the judge model decide the labelled pairs, and say how often it was right.

    Uses `replayd.judge` of the configuration; costs two requests a pair.
    """
    config = (source or Source()).document().section("replayd", ReplaydConfig)
    if not config.judge.url:
        raise CommandError("replayd.judge.url is not set")
    setup.check(config, os.environ)
    report = asyncio.run(_judged(config))
    if format != "table":
        print_json(report)
        return 0
    table = FittedTable(
        (
            Column("task"),
            Column("right", right=True),
            Column("of", right=True),
            Column("accuracy", right=True),
        )
    )
    rows = [*report.tasks.items(), ("all", (report.right, report.answered))]
    for task, (right, of) in rows:
        share = f"{right / of:.0%}" if of else "-"
        table.add(task, str(right), str(of), share)
    console = console_of()
    console.print(table)
    console.print(
        f"lower end of the 95 % interval: {report.lower_bound:.0%}, "
        f"needed: {config.judge.accuracy:.0%} on {config.judge.fewest_labelled} or "
        f"more; the judge {'gates' if report.standing == 'gates' else 'is only shown'}"
    )
    return 0


async def _judged(config: ReplaydConfig) -> JudgeReport:
    clock = SystemClock()
    model = setup.made(
        config,
        Budgets(config.judge.budget, {}),
        os.environ,
        clock,
        random.Random(),  # noqa: S311 - spreads retries
    )
    anchors = load_anchors(config.judge.labelled)
    async with model.arm.endpoint:
        said = await judge_anchors(model, anchors)
    right, of = accuracy(said, anchors.labels)
    key = key_of(config.judge, model.rubrics, anchors, said, None)
    return JudgeReport(
        model=config.judge.model,
        standing=key.standing,
        answered=of,
        right=right,
        lower_bound=lower_bound(right, of),
        tasks={str(t): n for t, n in accuracy_by_task(said, anchors).items()},
    )
