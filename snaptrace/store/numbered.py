"""Objects under rising numbers, of which the newest counts and a few are kept."""

from snaptrace.snapshot import object_names
from snaptrace.store.store import Store


async def numbers(store: Store, folder: str, key: str) -> list[int]:
    """Return the numbers that `<folder>/<key>` holds, in order.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    names = [info.name async for info in store.list(f"{folder}/{key}")]
    parsed = [object_names.parse_numbered(name) for name in names]
    return sorted(found[1] for found in parsed if found is not None)


async def add(store: Store, folder: str, key: str, data: bytes, *, kept: int) -> str:
    """Write an object under the next number; keep the newest `kept`; return its name.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    known = await numbers(store, folder, key)
    number = known[-1] + 1 if known else 0
    while not await store.create(object_names.numbered(folder, key, number), data):
        number += 1
    for old in known[: 1 - kept] if kept > 1 else known:
        await store.delete(object_names.numbered(folder, key, old))
    return object_names.numbered(folder, key, number)
