"""`snaptrace export`: snapshots for other tools, media included."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec
from rich.console import Console

from snaptrace import export as exporting
from snaptrace.cli.options import Source
from snaptrace.cli.output import EXIT_USAGE, CommandError, counted
from snaptrace.cli.session import Opened, query_of
from snaptrace.export.shapes import Shape
from snaptrace.query.language import Query
from snaptrace.query.search import Search, meets
from snaptrace.reader import tables
from snaptrace.reader.call import Blob, Call
from snaptrace.snapshot import segment
from snaptrace.store import pins
from snaptrace.store.audit import MOST_IDS
from snaptrace.store.browser import Found, media_of


def export(
    where: str = "",
    source: Source | None = None,
    *,
    shape: Shape | Literal["parquet"] = "snapshot",
    media: bool | None = None,
    suite: str | None = None,
    output: Path | None = None,
) -> int:
    """Write snapshots as JSON lines, in our shape or as other tools read datasets.

    Parameters
    ----------
    where
        Only calls that meet a filter; `snaptrace fields` lists what it may ask for.
    shape
        snapshot is everything that is stored. parquet needs --output and the extra
        `snaptrace[tables]`.
    media
        Write media as base64; on, but for the shape snapshot.
    suite
        Only a suite's pins.
    output
        Write into this file instead of stdout.
    """
    opened = Opened.of(source)
    query = query_of(where)
    with_media = shape != "snapshot" if media is None else media
    if shape == "parquet" and output is None:
        raise CommandError("parquet is no text: add --output FILE", EXIT_USAGE)
    run = _Export(opened, query, suite, with_media=with_media)
    if shape == "parquet":
        assert output is not None
        try:
            asyncio.run(run.parquet(output))
        except tables.MissingExtraError as error:
            raise CommandError(f"parquet: {error}", EXIT_USAGE) from None
    elif output is None:
        asyncio.run(run.lines(shape, sys.stdout.buffer))
    else:
        with output.open("wb") as file:
            asyncio.run(run.lines(shape, file))
    if run.left_out:
        why = "never stored, or gone; a placeholder stands in its place"
        if not with_media:
            why = "only the digest is written; --media writes the bytes, too"
        said = f"{counted(run.left_out, 'medium', 'media')} left out: {why}"
        Console(stderr=True, highlight=False).print(said, soft_wrap=True)
    return 0


class _Export:
    """One call of the command."""

    def __init__(
        self, opened: Opened, query: Query, suite: str | None, *, with_media: bool
    ) -> None:
        self._opened, self._query, self._suite = opened, query, suite
        self._with_media = with_media
        self.left_out = 0  # media that are named and not written

    async def lines(self, shape: Shape, out: BinaryIO) -> None:
        """Write a line a snapshot."""
        search = await self._opened.search()
        async for found in self._found(search):
            blobs = await self._media(found)
            snapshot, collector = found.snapshot, found.header.collector
            row = exporting.row(
                snapshot,
                shape,
                probability=search.frame.probability(collector, snapshot),
                blobs=blobs,
            )
            out.write(msgspec.json.encode(row) + b"\n")
        out.flush()

    async def parquet(self, path: Path) -> None:
        """Write a table, a batch of rows at a time."""
        search = await self._opened.search()
        with tables.ParquetFile(path) as file:
            async for found in self._found(search):
                held = await self._media(found)
                snapshot, collector = found.snapshot, found.header.collector
                blobs = tuple(
                    Blob(m, held.get(n)) for n, m in enumerate(snapshot.media)
                )
                probability = search.frame.probability(collector, snapshot)
                uniform = search.frame.is_uniform(collector, snapshot)
                file.add(Call(snapshot, blobs, probability, uniform))

    async def _found(self, search: Search) -> AsyncIterator[Found]:
        if self._suite is None:
            every = search.found(self._query)
        else:
            every = _pins(self._opened, self._suite, self._query)
        waiting: list[Found] = []
        async for found in every:
            waiting.append(found)
            if len(waiting) == MOST_IDS:
                for each in self._noted(waiting):
                    yield each
                waiting.clear()
        for each in self._noted(waiting):
            yield each

    def _noted(self, found: list[Found]) -> list[Found]:
        """Note in the audit that these are about to be read."""
        if found:
            self._opened.read("export", [each.snapshot.snapshot_id for each in found])
        return found

    async def _media(self, found: Found) -> dict[int, bytes]:
        if not self._with_media:
            self.left_out += len(found.snapshot.media)
            return {}
        held = await media_of(self._opened.store, self._opened.key, found)
        self.left_out += len(found.snapshot.media) - len(held)
        return held


async def _pins(opened: Opened, suite: str, query: Query) -> AsyncIterator[Found]:
    """Yield a suite's pins that meet a filter, those beyond retention too."""
    browser = await opened.browser()
    async for name, _, _ in pins.pinned(opened.store, suite):
        read = segment.read(await opened.store.get(name), name)
        found = Found(name, 0, read.header, read.record(0))
        if not browser.is_erased(found.snapshot) and meets(query, browser.frame, found):
            yield found
