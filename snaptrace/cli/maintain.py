"""`snaptrace export | verify | pin | unpin | erase`: a store is looked after."""

import asyncio
import sys
import time
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress

from replayd.scoring.assertions import problem_of
from snaptrace.cli.options import Source
from snaptrace.cli.output import (
    CommandError,
    Format,
    counted,
    print_json,
    print_rows,
)
from snaptrace.cli.session import Opened
from snaptrace.query.search import build_indexes
from snaptrace.runtime.fitted_table import Column
from snaptrace.snapshot.errors import MissingObjectError
from snaptrace.snapshot.model import Json
from snaptrace.store import erase as erasing
from snaptrace.store import pins
from snaptrace.store.browser import Located, Pinned
from snaptrace.store.erase import SubjectKind
from snaptrace.store.maintenance import Maintenance
from snaptrace.store.retention import policy_of
from snaptrace.store.verify import Finding
from snaptrace.store.verify import verify as verifying

_PROBLEM_COLUMNS = {
    "problem": Column("problem"),
    "name": Column("object", wraps=24),
    "detail": Column("detail", wraps=20),
    "repaired": Column("repaired"),
}


def verify(
    source: Source | None = None,
    *,
    repair: bool = False,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Check every object of the store; exit 1 if something is wrong and stays so.

    Results without a tag, as an earlier release wrote them, are shown but not wrong.

    Parameters
    ----------
    repair
        Delete what nobody can read and media that nobody names; write stale catalogues
        anew.
    """
    opened = Opened.of(source)

    async def check(progress: Progress) -> list[Finding]:
        bar = progress.add_task("checking objects", total=None)
        found = verifying(
            opened.store,
            opened.key,
            time.time_ns(),
            repair=repair,
            on_object=lambda: progress.advance(bar),
        )
        return [finding async for finding in found]

    with opened.progress() as progress:
        findings = asyncio.run(check(progress))
    print_rows(
        (msgspec.to_builtins(finding) for finding in findings),
        _PROBLEM_COLUMNS,
        format,
        empty="everything checks out",
    )
    return int(any(not f.repaired and f.problem != "untagged" for f in findings))


def pin(
    snapshot_id: str,
    source: Source | None = None,
    *,
    suite: str,
    remark: str = "",
    expect: str = "",
    hard: Annotated[bool, Parameter(negative="")] = False,
    replace: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Keep a snapshot, with its media, in a named suite beyond retention.

    Without --expect, `snaptrace test` holds answers to the recording.

    Parameters
    ----------
    snapshot_id
        The id, or the beginning of one.
    suite
        Name of the suite: letters, digits and _.-
    remark
        Why it was pinned.
    expect
        What the answer has to satisfy, as JSON; takes the place of the recording.
    hard
        Production itself is not sure of it: `snaptrace test` asks it several times.
    replace
        Change what an earlier pin of it says.
    """
    opened = Opened.of(source)
    assertion = _assertion(expect)

    async def keep() -> str:
        found = await _to_pin(opened, snapshot_id, suite)
        try:
            return await pins.pin(
                opened.store,
                opened.key,
                found.name,
                found.snapshot,
                suite=suite,
                now_ns=time.time_ns(),
                assertion=assertion,
                note=remark,
                hard=hard,
                replace=replace,
            )
        except pins.PinnedAlreadyError as error:
            there = msgspec.json.encode(error.there.assertion).decode()
            raise CommandError(
                f"{error}, expecting {there}; add --replace to change it", 2
            ) from None
        except MissingObjectError as error:
            raise CommandError(f"a medium of it is gone: {error}") from None
        except ValueError as error:
            raise CommandError(str(error), 2) from None

    Console(highlight=False).print(f"pinned {asyncio.run(keep())}")
    return 0


async def _to_pin(opened: Opened, snapshot_id: str, suite: str) -> Located:
    """Return the snapshot to pin; the pin itself where retention took its segment.

    Raises:
        CommandError: there is none, or several.
    """
    try:
        return await opened.one(snapshot_id)
    except CommandError:
        browser = await opened.browser()
        async for name, _, snapshot in pins.pinned(opened.store, suite):
            begins = snapshot.snapshot_id.startswith(snapshot_id)
            if begins and not browser.is_erased(snapshot):
                return Pinned(name, snapshot)
        raise


def _assertion(expect: str) -> Json:
    try:
        assertion = msgspec.json.decode(expect) if expect else None
    except msgspec.DecodeError as error:
        raise CommandError(f"--expect is no JSON: {error}", 2) from None
    if expect and (why := problem_of(assertion)):
        raise CommandError(f"--expect: {why}", 2)
    return assertion


def unpin(snapshot_id: str, source: Source | None = None, *, suite: str) -> int:
    """Remove a snapshot from a suite.

    Parameters
    ----------
    snapshot_id
        The whole id, as `export --suite` shows it.
    suite
        Name of the suite.
    """
    opened = Opened.of(source)
    if not asyncio.run(pins.unpin(opened.store, suite, snapshot_id)):
        raise CommandError(f"{snapshot_id} is not pinned in {suite}")
    Console(highlight=False).print(f"unpinned {snapshot_id}")
    return 0


def erase(
    kind: SubjectKind,
    value: str,
    source: Source | None = None,
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Remove everything recorded of a user, a session or a trace up to now.

    Verdicts stay as they are: they rest on numbers alone. Cannot be undone.

    Parameters
    ----------
    kind
        What the id names.
    value
        The id as the telemetry had it; only its keyed digest is written anywhere.
    yes
        Do not ask.
    """
    opened = Opened.of(source)
    if not yes:
        if not sys.stdin.isatty():
            raise CommandError("erasing cannot be undone; add --yes", 2)
        answer = Console(stderr=True).input(f"erase this {kind} for good? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError("nothing was erased")
    with opened.progress() as progress:
        bar = progress.add_task("looking through objects", total=None)
        done = asyncio.run(
            erasing.erase(
                opened.store,
                opened.key,
                kind,
                value,
                time.time_ns(),
                on_object=lambda: progress.advance(bar),
            )
        )
    if format != "table":
        print_json(done)
        return 0
    console = Console(highlight=False)
    if not done.snapshots and not done.answers:
        console.print("nothing of it is stored; the tombstone keeps it out")
    else:
        console.print(
            f"erased {counted(done.snapshots, 'snapshot')} in "
            f"{counted(done.segments, 'segment')}, {done.media} media, "
            f"{counted(done.pins, 'pin')}, {counted(done.answers, 'answer object')}"
        )
    for name in done.unreadable:
        console.print(f"[yellow]could not be looked into:[/yellow] {name}")
    return int(bool(done.unreadable))


def tidy(
    source: Source | None = None,
    *,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Close hours, finish erasures and apply store.retention, once.

    A replayd that leads does this every ten minutes; run it where there is none, from
    any number of places.
    """
    opened = Opened.of(source)
    policy = policy_of(opened.config.retention)
    keeper = Maintenance(opened.store, opened.key, policy, build_indexes)
    done = asyncio.run(keeper.once(time.time_ns()))
    if format != "table":
        print_json(done)
        return 0
    removed = done.removed
    Console(highlight=False).print(
        f"closed {counted(done.catalogues, 'hour')}, indexed {done.indexes}, finished "
        f"{counted(done.erasures, 'erasure')}; deleted "
        f"{counted(removed.segments, 'segment')}, {removed.media} media and "
        f"{counted(removed.answers, 'answer object')}, "
        f"{removed.freed_bytes / 2**20:.1f} MiB"
    )
    return 0
