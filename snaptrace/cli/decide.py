"""`snaptrace decide`: people's decisions from a worksheet into the store."""

import asyncio
import sys
from pathlib import Path

from msgspec import Struct, structs
from rich.console import Console

from replayd.adjudication.opinions import LONGEST_NAME, OpinionBook
from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.results.decide_queue import opinion_of, turn_of
from replayd.results.history import History
from replayd.results.worksheet_csv import DecidedRow, RowError, decided, rows
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_json
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock

LARGEST_BYTES = 64 * 2**20


class DecideReport(Struct, kw_only=True):
    """Count of a worksheet's rows by what became of them."""

    stored: int = 0
    open: int = 0  # without a decision
    known: int = 0  # decided meanwhile, or not this person's to decide
    wrong: list[str] = []  # line, and why


def decide(
    file: Path,
    source: Source | None = None,
    *,
    by: str,
    canary: str = "canary",
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Store the decisions of a worksheet in CSV; `-` reads standard input.

    Reads the columns `epoch`, `number`, `turn`, `better` (left, right or tie) and
    `reasons`. The first decision about a pair stands. Exits 1 if a row is wrong; the
    others are stored.

    Parameters
    ----------
    file
        From `snaptrace worksheet --format csv`, with `better` filled in.
    by
        Name of the person who decided.
    canary
        Name of the arm.
    """
    if not 0 < len(by.strip()) <= LONGEST_NAME:
        raise CommandError(f"--by: a name of at most {LONGEST_NAME} characters")
    opened = Opened.of(source)
    config = (source or Source()).document().section("replayd", ReplaydConfig)
    person = _Person(by.strip(), canary, config.second_opinions)
    try:
        report = asyncio.run(_stored(opened, _text(file), person))
    except ReplaydError as error:
        raise CommandError(str(error)) from None
    except RowError as error:
        raise CommandError(f"{file}: {error}") from None
    for line in report.wrong:
        opened.errors.print(line, markup=False)
    if format == "table":
        counts = f"{report.stored} stored, {report.known} known, {report.open} open"
        Console(highlight=False).print(counts)
    else:
        print_json(report)
    return int(bool(report.wrong))


class _Person(Struct, frozen=True):
    name: str
    canary: str
    share: float  # of decided pairs that get a second opinion


def _text(file: Path) -> str:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
        if len(data) > LARGEST_BYTES:
            raise CommandError(f"{file}: more than {LARGEST_BYTES >> 20} MiB")
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: {error}") from None


async def _stored(opened: Opened, text: str, person: _Person) -> DecideReport:
    history = History(opened.store, opened.key, SystemClock())
    book, report = OpinionBook(opened.store), DecideReport()
    for line, row in rows(text):
        try:
            wanted = decided(row)
            if wanted is None:
                report.open += 1
            elif await _store(opened, history, book, wanted, person):
                report.stored += 1
            else:
                report.known += 1
        except RowError as error:
            report.wrong.append(f"line {line}: {error}")
    return report


async def _store(
    opened: Opened,
    history: History,
    book: OpinionBook,
    wanted: DecidedRow,
    person: _Person,
) -> bool:
    """Store one decision; false if it is not this person's to give.

    Raises:
        RowError: there is no such pair.
    """
    epoch = await history.epoch(person.canary, wanted.epoch) if wanted.epoch else None
    if epoch is None:
        raise RowError(f"no epoch {wanted.epoch!r} of {person.canary!r}")
    result = await history.result(epoch, wanted.number)
    if result is None:
        raise RowError(f"there is no pair {wanted.number}")
    opinions = await book.read(epoch.epoch)
    if turn_of(result, epoch, opinions, person.name, person.share) != wanted.turn:
        return False
    opened.decided(f"decide: {wanted.better}", result.snapshot_id, person.name)
    return await book.put(
        structs.replace(
            opinion_of(result, epoch, wanted.turn),
            better=wanted.better,
            reasons=wanted.reasons,
            by=person.name,
            at_ns=SystemClock().now_ns(),
            via="csv",
        )
    )
