"""Revisions that operators declared over HTTP, kept in the store across restarts."""

import msgspec

from replayd.evaluation.epochs import DeclaredRevision
from snaptrace.snapshot import object_names
from snaptrace.store.store import Store

FOLDER = f"{object_names.ROOT}/declared"


async def declare(store: Store, canary: str, declared: DeclaredRevision) -> None:
    """Write a declaration after all earlier ones."""
    number = (await _numbers(store, canary))[-1:] or [-1]
    data = msgspec.msgpack.encode(declared)
    while not await store.create(
        object_names.numbered(FOLDER, canary, number[0] + 1), data
    ):
        number = [number[0] + 1]


async def newest(store: Store, canary: str) -> DeclaredRevision | None:
    """Return the last declaration, None if there is none."""
    numbers = await _numbers(store, canary)
    if not numbers:
        return None
    data = await store.get(object_names.numbered(FOLDER, canary, numbers[-1]))
    return msgspec.msgpack.decode(data, type=DeclaredRevision)


async def _numbers(store: Store, canary: str) -> list[int]:
    folder = f"{FOLDER}/{object_names.plain(canary)}"
    parsed = [
        object_names.parse_numbered(info.name) async for info in store.list(folder)
    ]
    return sorted(found[1] for found in parsed if found is not None)
