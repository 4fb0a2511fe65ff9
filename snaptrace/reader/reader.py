"""A store read from Python: calls with media and weights, estimates, results, tables.

Reads only. Erased calls are left out, as everywhere.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.language import Query, parse
from snaptrace.query.search import Search
from snaptrace.reader import tables
from snaptrace.reader.background_loop import BackgroundLoop
from snaptrace.reader.call import Blob, Call
from snaptrace.reader.results import published, result_rows
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.weighted_estimate import Estimate, Estimator
from snaptrace.store import pins
from snaptrace.store.browser import Browser, Found, Pinned, media_of
from snaptrace.store.store import Store

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import pyarrow as pa


class Reader:
    """Reads one store. Use it as a context, or call `close`."""

    def __init__(self, config: StoreConfig) -> None:
        self._store = Store.open(config)
        self._key = FleetKey.of_store(config.url, config.key_file)
        self._store.authenticate(
            self._key.tags, refuse_untagged=config.untagged == "refuse"
        )
        self._loop = BackgroundLoop()
        self.damaged: list[str] = []  # segments that could not be read

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what runs in the background. Idempotent."""
        self._loop.close()

    def __iter__(self) -> Iterator[Call]:
        return self.calls()

    def calls(
        self, where: str = "", *, media: bool = True, limit: int = 0
    ) -> Iterator[Call]:
        """Yield calls that meet a filter, each once, oldest segment first.

        Without `media`, no media are fetched: their `data` is None.

        Raises:
            FilterError: the filter cannot be read.
            StoreUnavailableError: safe to begin again.
        """
        query = parse(where, time.time_ns())
        return self._loop.iterate(self._calls(query, media=media, limit=limit))

    async def _calls(
        self, query: Query, *, media: bool, limit: int
    ) -> AsyncIterator[Call]:
        search = await self._search()
        count = 0
        async for found in search.found(query):
            held = await media_of(self._store, self._key, found) if media else {}
            yield _call(search.frame, found, held)
            count += 1
            if count == limit:
                return

    async def _search(self) -> Search:
        self.damaged = []
        search = Search(self._store, self._key, self.damaged.append)
        await search.refresh()
        return search

    def estimate(
        self, value: Callable[[Call], float], where: str = ""
    ) -> Estimate | None:
        """Return the mean of `value` over live traffic that meets a filter.

        With a standard error of sampling; None if no such call is in the sample.
        """
        return self._estimator(value, where).mean()

    def total(self, value: Callable[[Call], float], where: str = "") -> Estimate:
        """Return the sum of `value` over live traffic that meets a filter."""
        return self._estimator(value, where).total()

    def _estimator(self, value: Callable[[Call], float], where: str) -> Estimator:
        query = parse(where, time.time_ns())
        search = self._loop.run(self._search())
        estimator = Estimator(search.frame)
        for found in self._loop.iterate(search.found(query)):
            call = _call(search.frame, found, {})
            estimator.add(found.header.collector, found.snapshot, float(value(call)))
        return estimator

    def pins(self, suite: str) -> Iterator[tuple[Call, Any]]:
        """Yield the calls of a suite with what each pin asserts (None: nothing)."""

        async def each() -> AsyncIterator[tuple[Call, Any]]:
            browser = Browser(self._store, self._key, self.damaged.append)
            await browser.poll()
            async for name, pin, snapshot in pins.pinned(self._store, suite):
                if browser.is_erased(snapshot):
                    continue
                found = Pinned(name, snapshot)
                held = await media_of(self._store, self._key, found)
                blobs = tuple(
                    Blob(m, held.get(n)) for n, m in enumerate(snapshot.media)
                )
                yield Call(snapshot, blobs, None, uniform=False), pin.assertion

        return self._loop.iterate(each())

    def results(self, canary: str = "") -> list[dict[str, Any]]:
        """Return the judged pairs of all epochs as flat rows: numbers and ids."""
        return self._loop.run(result_rows(self._store, canary))

    def verdicts(self) -> list[dict[str, Any]]:
        """Return the newest published verdict of each canary and modality as rows."""
        return self._loop.run(published(self._store))

    def to_arrow(self, where: str = "", *, media: bool = False) -> "pa.Table":
        """Return calls as an Arrow table; needs the extra `snaptrace[tables]`."""
        return tables.to_arrow(self.calls(where, media=media))

    def to_pandas(self, where: str = "", *, media: bool = False) -> "pd.DataFrame":
        """Return calls as a data frame; needs the extra `snaptrace[tables]`."""
        return tables.to_pandas(self.calls(where, media=media))

    def to_datasets(
        self, where: str = "", *, media: bool = False
    ) -> "datasets.Dataset":
        """Return calls as a Hugging Face dataset; needs `snaptrace[datasets]`."""
        return tables.to_datasets(self.calls(where, media=media))


def _call(frame: Frame, found: Found, held: Mapping[int, bytes]) -> Call:
    snapshot, collector = found.snapshot, found.header.collector
    return Call(
        snapshot,
        tuple(Blob(m, held.get(n)) for n, m in enumerate(snapshot.media)),
        frame.probability(collector, snapshot),
        frame.is_uniform(collector, snapshot),
    )


def open_store(
    url: str,
    *,
    key_file: str = "",
    options: dict[str, str] | None = None,
) -> Reader:
    """Open a store for reading; see `snaptrace.open`."""
    return Reader(StoreConfig(url=url, key_file=key_file, options=options or {}))
