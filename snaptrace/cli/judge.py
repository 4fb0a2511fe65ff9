"""`snaptrace worksheet | judge`: pairs for people to decide; how good a judge is."""

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct
from rich.console import Console
from rich.table import Table

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
from replayd.results.history import History
from replayd.results.worksheet import sheet
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_json
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock


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
) -> int:
    """Print pairs that people should decide, as lines of JSON, left and right.

    Pairs drawn to correct a judge model come first, then those whose scores differ or
    that nothing could score. Answers go to the `decisions` of the canary's arm.

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
    """
    opened = Opened.of(source)
    arms = (source or Source()).document().section("replayd", ReplaydConfig).arms
    decided = arms[canary].decisions if canary in arms else ""
    try:
        asyncio.run(_write(opened, canary, epoch, decided, (limit, media)))
    except (ReplaydError, DecisionsUnreadableError) as error:
        raise CommandError(str(error)) from None
    return 0


async def _write(
    opened: Opened,
    canary: str,
    epoch: str,
    decided: str,
    wanted: tuple[int, Path | None],
) -> None:
    history = History(opened.store, opened.key, SystemClock())
    chosen = await history.epoch(canary, epoch)
    if chosen is None:
        raise CommandError(f"nothing was judged under the canary name {canary!r}")
    known = await DecisionSource.once(decided, chosen.epoch, chosen.sides)
    limit, media = wanted
    lines = sheet(
        history,
        chosen,
        known,
        limit=limit,
        media_to=media,
        reading=lambda snapshot_id: opened.read("worksheet", [snapshot_id]),
    )
    async for line in lines:
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("task", "right", "of", "accuracy"):
        table.add_column(heading, justify="left" if heading == "task" else "right")
    rows = [*report.tasks.items(), ("all", (report.right, report.answered))]
    for task, (right, of) in rows:
        share = f"{right / of:.0%}" if of else "-"
        table.add_row(task, str(right), str(of), share)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"lower end of the 95 % interval: {report.lower_bound:.0%}, "
        f"needed: {config.judge.accuracy:.0%} on {config.judge.fewest_labelled} or "
        f"more; the judge {'gates' if report.standing == 'gates' else 'is only shown'}",
        soft_wrap=True,
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
