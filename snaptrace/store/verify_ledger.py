"""Integrity check of what verdicts rest on: plans, results, answers, checkpoints.

Nothing of it is ever repaired: it is evidence, and whoever finds it changed decides.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Literal

import msgspec
import zstandard
from msgspec import Struct

from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.store.store import Store

LARGEST_BYTES = 1 << 30  # unpacked, as `replayd/ledger` reads
# Stored as they are, not compressed.
_RAW = tuple(
    f"{folder}/"
    for folder in (
        *(object_names.SHOWN, object_names.DRILLS),
        *(object_names.WATCH, object_names.OPINIONS),
    )
)

LedgerProblem = Literal[
    "corrupt",  # unreadable bytes, or a tag that does not fit
    "untagged",  # of an earlier release, or its tag was taken off
    "gap",  # results are missing: a run between others, or the last ones
]


class LedgerFinding(Struct, frozen=True):
    """One problem found: its kind, the object or folder, and what is wrong."""

    problem: LedgerProblem
    name: str
    detail: str


class _Run(Struct, frozen=True):
    first: int
    results: list[msgspec.Raw]


async def check_ledger(
    store: Store, on_object: Callable[[], None] = lambda: None
) -> AsyncIterator[LedgerFinding]:
    """Yield what is wrong. Reads everything that is tagged.

    Without a key (`Store.authenticate`) tags are not looked at.
    """
    untagged: Counter[str] = Counter()
    chains: dict[str, _Chain] = {}
    for folder in object_names.TAGGED:
        async for info in store.list(folder):
            on_object()
            try:
                data, has_tag = await store.get_checked(info.name)
                untagged[info.name.rpartition("/")[0]] += not has_tag
                _follow(chains, info.name, _plain(info.name, data))
            except MissingObjectError:
                continue
            except CorruptSnapshotError as error:
                _follow(chains, info.name, None)
                yield LedgerFinding("corrupt", info.name, error.why)
    for chain in chains.values():
        for name, why in chain.gaps():
            yield LedgerFinding("gap", name, why)
    if store.authenticates:
        for folder, count in sorted(untagged.items()):
            if count:
                yield LedgerFinding(
                    "untagged", folder, f"{count} object" + ("s" if count != 1 else "")
                )


class _Chain:
    """Results of one epoch: each run is named by the number after the one before."""

    def __init__(self, epoch: str) -> None:
        self._epoch = epoch
        self._end: int | None = 0  # number that follows; None: the last was unreadable
        self._seen = 0  # by a checkpoint
        self._gaps: list[tuple[str, str]] = []

    def run(self, name: str, number: int, results: int | None) -> None:
        """Follow a run of so many results; None: it cannot be read."""
        if self._end not in (None, number):
            self._gaps.append((name, _missing(self._end or 0, number)))
        self._end = None if results is None else number + results

    def checkpoint(self, number: int) -> None:
        """Follow a checkpoint, which had seen all results below `number`."""
        self._seen = max(self._seen, number)

    def gaps(self) -> list[tuple[str, str]]:
        """Return (name, what is missing), the last results included."""
        if self._end is None or self._end >= self._seen:
            return self._gaps
        name = object_names.checkpoint(self._epoch, self._seen)
        return [*self._gaps, (name, _missing(self._end, self._seen))]


def _missing(first: int, end: int) -> str:
    return f"results {first} to {end - 1} are missing"


def _follow(chains: dict[str, _Chain], name: str, plain: bytes | None) -> None:
    """Extend an epoch's chain by a run or checkpoint; `plain` is None if unreadable.

    Raises:
        CorruptSnapshotError: a run that is none.
    """
    parsed = object_names.parse_numbered(name)
    folder = name.rsplit("/", 2)[0]
    if parsed is None or folder not in {object_names.RESULTS, object_names.CHECKPOINTS}:
        return
    epoch, number = parsed
    chain = chains.setdefault(epoch, _Chain(epoch))
    if folder == object_names.CHECKPOINTS:
        chain.checkpoint(number)
        return
    try:
        run = None if plain is None else msgspec.msgpack.decode(plain, type=_Run)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CorruptSnapshotError(name, 0, str(error)) from None
    chain.run(name, number, None if run is None else len(run.results))


def _plain(name: str, data: bytes) -> bytes:
    if not data or name.startswith(_RAW):
        return data
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= LARGEST_BYTES:
            raise CorruptSnapshotError(name, 0, f"claims {size} bytes")
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise CorruptSnapshotError(name, 0, str(error)) from None
