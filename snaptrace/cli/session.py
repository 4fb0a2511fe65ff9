"""The store that a command works on: its key, a way to look, an audit of reads."""

import getpass
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from snaptrace.cli.options import Source
from snaptrace.cli.output import EXIT_USAGE, CommandError, counted
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.language import FilterError, Query, Term, parse
from snaptrace.runtime.config import ConfigError, StoreConfig
from snaptrace.store.audit import Audit
from snaptrace.store.browser import Browser, Found
from snaptrace.store.store import Store

if TYPE_CHECKING:
    from snaptrace.query.search import Search


class Opened:
    """A store, its key, and a way to find what a person names."""

    def __init__(self, config: StoreConfig) -> None:
        folder = config.url.removeprefix("file://")
        # Opening would make it, and an empty store looks like an empty month.
        if folder != config.url and not Path(folder).is_dir():
            why = f"there is no folder {folder}: is the path right, and was it written?"
            raise ConfigError("store.url", why)
        self.config = config
        self.store = Store.open(self.config)
        self.key = FleetKey.of_store(self.config.url, self.config.key_file)
        self.store.authenticate(
            self.key.tags, refuse_untagged=self.config.untagged == "refuse"
        )
        self.errors = Console(stderr=True, highlight=False)
        self._audit = Audit(self.config.audit.file, self._say)

    @classmethod
    def of(cls, source: Source | None) -> "Opened":
        """Open what the configuration names."""
        return cls((source or Source()).store_config())

    async def browser(self) -> Browser:
        """Return a browser that has looked."""
        browser = Browser(
            self.store,
            self.key,
            lambda why: self.errors.print(f"[yellow]damaged:[/yellow] {why}"),
        )
        await browser.poll()
        return browser

    async def search(self) -> "Search":
        """Return a search that has looked."""
        from snaptrace.query.search import Search  # noqa: PLC0415 - imports numpy

        search = Search(
            self.store,
            self.key,
            lambda why: self.errors.print(f"[yellow]damaged:[/yellow] {why}"),
        )
        await search.refresh()
        return search

    async def one(self, snapshot_id: str, browser: Browser | None = None) -> Found:
        """Return the one snapshot whose id begins so.

        Raises:
            CommandError: there is none, or several.
        """
        matches = await (browser or await self.browser()).find(snapshot_id)
        if len(matches) != 1:
            how = "several snapshots begin" if matches else "no snapshot begins"
            raise CommandError(f"{how} with {snapshot_id}")
        return matches[0]

    def read(self, command: str, snapshot_ids: Iterable[str]) -> None:
        """Put down that this user is about to see what these snapshots say.

        Raises:
            AuditRefusedError: it cannot be put down; nothing may be shown.
        """
        self._audit.note(
            time.time_ns(), who=user(), what=command, snapshots=snapshot_ids
        )

    def decided(self, what: str, snapshot_id: str, by: str) -> None:
        """Put down that a person decides a pair.

        Raises:
            AuditRefusedError: it cannot be put down; nothing may be stored.
        """
        self._audit.note(
            time.time_ns(), who=by, what=what, snapshots=[snapshot_id], kind="decision"
        )

    def _say(self, line: str) -> None:
        if self.errors.is_terminal:  # ids in their hundreds are for a file
            note = msgspec.json.decode(line)
            many = counted(len(note["snapshots"]), "snapshot")
            line = f"audit: {note['who']}, {note['what']}: {many}"
        self.errors.print(Text(line, style="dim"), soft_wrap=True)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show what is waited for, on a terminal; nothing in a pipe."""
        if not self.errors.is_terminal:
            yield
            return
        with self.errors.status(Text(f"{what} …")):
            yield

    def progress(self, console: Console | None = None) -> Progress:
        """Return a bar for a person who waits; silent in a pipe.

        What is printed meanwhile, on the same terminal, goes through `console`.
        """
        console = console or self.errors
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )


def query_of(
    where: str,
    *,
    service: str | None = None,
    modality: str | None = None,
    uniform: bool = False,
) -> Query:
    """Return a filter and the options that stand for a part of one.

    Raises:
        CommandError: the filter cannot be read; says where.
    """
    try:
        query = parse(where, time.time_ns())
    except FilterError as error:
        raise CommandError(f"{where}: {error}", EXIT_USAGE) from None
    options = {"service": service, "modality": modality}
    terms = [
        Term(field=name, operator="=", values=(value,))
        for name, value in options.items()
        if value is not None
    ]
    if uniform:
        terms.append(Term(field="uniform", operator="=", values=("yes",)))
    return Query((*query.terms, *terms))


def user() -> str:
    """Return who runs this command: the name and number that the system knows."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # A container's user need not have a name.
        name = ""
    behind = os.environ.get("SUDO_USER", "")
    return " ".join(
        filter(None, [name, f"uid={os.getuid()}", behind and f"sudo={behind}"])
    )
