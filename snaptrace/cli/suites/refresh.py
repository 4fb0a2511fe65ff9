"""`snaptrace suite refresh`: a suite's next version, as a diff."""

import asyncio
import difflib
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from replayd.offline.suite.judging import ASSERTIONS
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError
from snaptrace.cli.session import Opened
from snaptrace.cli.suites.coverage import coverage_of
from snaptrace.cli.suites.file import DEFAULT_FILE, read_suite, read_text
from snaptrace.suite import edit
from snaptrace.suite.coverage import Coverage, PinAge
from snaptrace.suite.errors import SuiteFileError


def refresh(
    file: Path = DEFAULT_FILE,
    source: Source | None = None,
    *,
    where: str = "since=30d",
    most: int = 20,
    write: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Propose changes of a suite file as a diff: stale pins out, uncovered kinds in.

    Out go pins by id whose kind was not seen in the period, or to which production
    answers otherwise today; in come the newest calls of the heaviest kinds without a
    pin, and today's call in the place of an outdated one. Exits 1 if there is
    something to change.

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
    found = asyncio.run(coverage_of(Opened.of(source), suite.name, where, suite))
    gone, new = _changes(found, most)
    named = [p.id for p in suite.pins if any(each.startswith(p.id) for each in gone)]
    try:
        after = edit.without_pins(before, [each for each in named if each])
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


def _changes(
    found: Coverage, most: int
) -> tuple[set[str], list[dict[str, str | bool]]]:
    """Return which pins go, and the entries that come."""
    gone = {pin.id for pin in found.pins if pin.seen_days is None}
    outdated = [pin for pin in found.pins if _is_outdated(pin)]
    gone |= {pin.id for pin in outdated}
    reasons = {
        pin.same: f"instead of {pin.id[:12]}: production answers otherwise ({pin.why})"
        for pin in outdated
    }
    reasons |= {
        each.newest: f"{each.cell}: {each.share:.1%} of traffic"
        for each in found.uncovered[:most]
    }
    today = time.strftime("%Y-%m-%d", time.gmtime())
    return gone, [
        {"id": name, "why": why, "since": today} for name, why in reasons.items()
    ]


def _is_outdated(pin: PinAge) -> bool:
    """Whether production answers a pin otherwise than its recording does.

    One that misses an assertion is not outdated: there, production is wrong.
    """
    return pin.today == "failed" and pin.judged_by != ASSERTIONS and bool(pin.same)
