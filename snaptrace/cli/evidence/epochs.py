"""`snaptrace epochs`: what was judged under a canary's name, and why it ended."""

import asyncio

from rich.text import Text

from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.results.epoch_list import EpochShown, listed, settings_for
from replayd.results.terminal import STYLES
from snaptrace.cli.evidence.worst import at
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
from snaptrace.runtime.fitted_table import Column, FittedTable

_COLUMNS = (
    Column("epoch", rank=2),
    Column("revision", wraps=16),
    Column("since", rank=1),
    Column("pairs", right=True),
    Column("verdicts"),
    Column("ended because", rank=3, wraps=24),
)


def epochs(
    source: Source | None = None,
    *,
    canary: str = "canary",
    limit: int = 20,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """List the epochs of a canary, the newest first: revision, since, verdicts, end.

    An epoch holds revision, models, margins and scorers fixed. Verdicts are those of
    its evidence; whether today's traffic is covered is for `gate` to say.

    Parameters
    ----------
    canary
        Name of the arm.
    limit
        How many.
    """
    opened = Opened.of(source)
    config = (source or Source()).document().section("replayd", ReplaydConfig)

    async def gather() -> list[EpochShown]:
        found: list[EpochShown] = []
        with opened.waiting(f"reading the epochs of {canary}"):
            settings = settings_for(config, canary)
            async for each in listed(opened.store, SystemClock(), settings, canary):
                found.append(each)
                if len(found) == limit:
                    break
        return found

    try:
        found = asyncio.run(gather())
    except ReplaydError as error:
        raise CommandError(str(error)) from None
    if not found:
        raise CommandError(f"nothing was judged under the canary name {canary!r}")
    if format == "json":
        print_json(found)
    elif format == "jsonl":
        print_lines(found)
    else:
        console_of().print(table_of(found))
    return 0


def table_of(found: list[EpochShown]) -> FittedTable:
    """Return one row per epoch, a line per modality in it."""
    table = FittedTable(_COLUMNS)
    for each in found:
        table.add(
            each.epoch[:12],
            each.revision or "-",
            at(each.started_at_ns),
            str(each.pairs),
            _verdicts(each),
            each.ended or Text("(the present one)", "dim"),
        )
    return table


def _verdicts(each: EpochShown) -> Text:
    lines = []
    for modality, found in each.modalities.items():
        line = Text.assemble(
            f"{modality} ", (found.verdict, STYLES.get(found.verdict, ""))
        )
        if found.difference is not None:
            line.append(f" {found.difference:+.3f}")
        lines.append(line)
    return Text("\n").join(lines) if lines else Text("-")
