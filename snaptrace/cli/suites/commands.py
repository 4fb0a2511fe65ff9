"""`snaptrace suite init | add | check | diff | lock`: a suite file and its lock."""

import asyncio
import time
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from msgspec import Struct
from rich.console import Console

from replayd.cases.loader import CaseLoader
from replayd.config import ReplaydConfig
from replayd.offline.suite.check import Finding, check_cases
from replayd.offline.suite.entries import assertion_of
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, counted, print_rows
from snaptrace.cli.session import Opened, query_of
from snaptrace.cli.suites.file import (
    DEFAULT_FILE,
    lock_path,
    read_lock,
    read_suite,
    read_text,
)
from snaptrace.runtime.fitted_table import Column
from snaptrace.snapshot.errors import MissingObjectError
from snaptrace.store import pins
from snaptrace.suite import edit, lock
from snaptrace.suite.errors import SuiteFileError
from snaptrace.suite.model import Suite
from snaptrace.suite.resolve import Resolved, differences, lock_of, newest, resolve

SCHEMA = "suite.schema.json"
File = Annotated[Path, Parameter(help="The suite file.")]


class _Row(Struct, frozen=True):
    """One line of `check` or `diff`."""

    what: str
    where: str
    why: str


_COLUMNS = {
    "what": Column("what"),
    "where": Column("where", wraps=32),
    "why": Column("why", wraps=24),
}


def init(file: File = DEFAULT_FILE, *, name: str = "", owner: str = "") -> int:
    """Write a suite file to begin with, and its schema for editors.

    Parameters
    ----------
    name
        Name of the suite; the file's name if not given.
    owner
        Who owns pins that name nobody.
    """
    if file.exists():
        raise CommandError(f"{file} is there already", 2)
    text = edit.template(name or file.stem, owner)
    file.write_text(text, encoding="utf-8")
    schema = resources.files("snaptrace.suite").joinpath(SCHEMA)
    (file.parent / SCHEMA).write_bytes(schema.read_bytes())
    _say(f"wrote {file} and {file.parent / SCHEMA}; next: snaptrace suite lock {file}")
    return 0


def add(
    what: str,
    source: Source | None = None,
    *,
    file: File = DEFAULT_FILE,
    limit: Annotated[int, Parameter(alias="-n")] = 20,
    owner: str = "",
    why: str = "",
    hard: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Add pins to a suite file: a snapshot by id, or the newest that a filter finds.

    Parameters
    ----------
    what
        An id or its beginning, or a filter, as 'service=shop outcome=refused'.
    limit
        Of a filter, the most that are added.
    owner
        Who answers for the pin.
    why
        Why it was pinned.
    hard
        Production itself is not sure of it.
    """
    opened = Opened.of(source)
    text = read_text(file).decode("utf-8", "replace")
    known = {pin.id for pin in read_suite(file).pins if pin.id}
    ids = asyncio.run(_found(opened, what, limit))
    opened.read("suite add", ids)
    new = [each for each in ids if not any(each.startswith(k) for k in known)]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    entries: list[dict[str, str | bool]] = []
    for each in new:
        entry: dict[str, str | bool] = {"id": each}
        entry |= {"owner": owner} if owner else {}
        entry |= {"why": why or what, "since": today}
        entry |= {"hard": True} if hard else {}
        entries.append(entry)
    if not entries:
        raise CommandError("nothing new to pin", 1)
    try:
        file.write_text(edit.with_pins(text, entries), encoding="utf-8")
    except SuiteFileError as error:
        raise CommandError(f"{file}: {error}", 2) from None
    _say(f"added {counted(len(new), 'pin')}; next: snaptrace suite lock {file}")
    return 0


async def _found(opened: Opened, what: str, limit: int) -> list[str]:
    if "=" not in what and "~" not in what:
        return [(await opened.one(what)).snapshot.snapshot_id]
    found = await newest(await opened.search(), query_of(what), limit)
    if not found:
        raise CommandError(f"no snapshot meets {what}")
    return found


def check(
    file: File = DEFAULT_FILE,
    source: Source | None = None,
    *,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Check a suite file: its mistakes, its cases, its lock. Nobody is asked.

    Exits 1 where a case is gone, an assertion cannot apply, a digest differs or
    senseless answers would pass a pin; 2 where the file itself is wrong.
    """
    suite = read_suite(file)
    source = source or Source()
    opened = Opened.of(source)
    judge = source.document().section("replayd", ReplaydConfig).judge

    async def look() -> list[_Row]:
        resolved, rows = await _resolved(opened, suite)
        content = CaseLoader(opened.store, opened.key)
        await content.refresh()
        found = await check_cases(
            content, suite, resolved.cases, has_judge=bool(judge.url)
        )
        return [*rows, *map(_row, found), *_lock_rows(file, suite, resolved)]

    rows = asyncio.run(look())
    empty = f"{file} checks out"
    print_rows(map(msgspec.structs.asdict, rows), _COLUMNS, format, empty=empty)
    return int(bool(rows))


def _row(finding: Finding) -> _Row:
    return _Row(finding.what, finding.where, finding.why)


def _lock_rows(file: Path, suite: Suite, resolved: Resolved) -> list[_Row]:
    if not lock_path(file).is_file():
        return [_Row("not locked", str(lock_path(file)), "run `snaptrace suite lock`")]
    old, new = read_lock(file), lock_of(suite, resolved.cases)
    rows = [
        _Row("digest", change.id, change.why)
        for change in differences(old, new)
        if change.what == "changed"
    ]
    if old.file != new.file:
        rows.append(_Row("stale lock", str(lock_path(file)), "the file was changed"))
    return rows


def diff(
    file: File = DEFAULT_FILE,
    source: Source | None = None,
    *,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Show what `suite lock` would change now; exits 1 if anything."""
    suite = read_suite(file)
    opened = Opened.of(source)
    resolved, rows = asyncio.run(_resolved(opened, suite))
    old = read_lock(file) if lock_path(file).is_file() else None
    new = lock_of(suite, resolved.cases)
    rows += [_Row(c.what, c.id, c.why) for c in differences(old, new)]
    if old is not None and old.file != new.file:
        rows.append(_Row("changed", str(file), "assertions, masks or rules"))
    empty = f"nothing would change: version {new.hash[: lock.SHOWN_HASH]}"
    print_rows(map(msgspec.structs.asdict, rows), _COLUMNS, format, empty=empty)
    return int(bool(rows))


def lock_(
    file: File = DEFAULT_FILE,
    source: Source | None = None,
    *,
    prune: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Resolve a suite's rules into cases, pin them, and write the lock beside the file.

    Parameters
    ----------
    prune
        Unpin cases of this suite that the file no longer names.
    """
    suite = read_suite(file)
    opened = Opened.of(source)
    path = lock_path(file)
    old = read_lock(file) if path.is_file() else None

    async def pin_all() -> lock.Lock:
        resolved, rows = await _resolved(opened, suite)
        if rows:
            raise CommandError("\n".join(f"{row.where}: {row.why}" for row in rows))
        if not resolved.cases:
            raise CommandError("the suite selects no case; nothing was locked")
        new = lock_of(suite, resolved.cases)
        await _pin(opened, suite, resolved, new.hash)
        await _unlisted(opened, suite, new, prune=prune)
        return new

    new = asyncio.run(pin_all())
    path.write_bytes(lock.pack(new))
    changes = differences(old, new)
    _say(
        f"locked {counted(len(new.cases), 'case')} in {path}, version "
        f"{new.hash[: lock.SHOWN_HASH]} ({counted(len(changes), 'change')})"
    )
    return 0


async def _resolved(opened: Opened, suite: Suite) -> tuple[Resolved, list[_Row]]:
    search = await opened.search()
    with opened.progress() as progress:
        bar = progress.add_task("reading the store", total=search.segments)
        search.on_segments = lambda count: progress.advance(bar, count)
        found = await resolve(suite, opened.store, search, time.time_ns())
    rows = [_Row("no case", f"pin[{place}]", why) for place, why in found.problems]
    return found, rows


async def _pin(opened: Opened, suite: Suite, resolved: Resolved, version: str) -> None:
    for case in resolved.cases:
        try:
            await pins.pin(
                opened.store,
                opened.key,
                case.name,
                case.snapshot,
                suite=suite.name,
                now_ns=time.time_ns(),
                assertion=assertion_of(suite, case.snapshot),
                note="; ".join(case.why),
                hard=case.hard,
                version=version,
                replace=True,
            )
        except MissingObjectError as error:
            name = case.snapshot.snapshot_id
            raise CommandError(f"{name}: a medium of it is gone: {error}") from None


async def _unlisted(
    opened: Opened, suite: Suite, new: lock.Lock, *, prune: bool
) -> None:
    listed = {case.id for case in new.cases}
    left = [
        snapshot.snapshot_id
        async for _, _, snapshot in pins.pinned(opened.store, suite.name)
        if snapshot.snapshot_id not in listed
    ]
    if not prune and left:
        _say(
            f"{counted(len(left), 'pin')} of {suite.name} in the store, which the file "
            "does not name; --prune unpins them"
        )
    for snapshot_id in left if prune else ():
        await pins.unpin(opened.store, suite.name, snapshot_id)


def _say(text: str) -> None:
    Console(highlight=False).print(text, soft_wrap=True)
