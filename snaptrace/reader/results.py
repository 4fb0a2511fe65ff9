"""Judged pairs and verdicts as flat rows, read as the store has them.

By name and not by type: the programs that write them are no part of this package, and
what a later release adds stands in the rows as well.
"""

from typing import Any, Final

import msgspec
import zstandard

from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import MissingObjectError
from snaptrace.store.store import Store

LARGEST_BYTES: Final = 1 << 28  # of one object, decompressed


async def result_rows(store: Store, canary: str) -> list[dict[str, Any]]:
    """Return every committed pair of a canary's epochs (""; of all) as a row."""
    names: dict[str, str] = {}
    async for info in store.list(f"{object_names.ROOT}/epochs"):
        there = _read(await store.get(info.name))
        if canary in ("", there.get("canary")):
            names[there["epoch"]] = there["canary"]
    rows: list[dict[str, Any]] = []
    for epoch, name in names.items():
        async for info in store.list(f"{object_names.RESULTS}/{epoch}"):
            try:
                found = _read(await store.get(info.name))
            except MissingObjectError:
                continue
            rows += (
                {**_flat(result), "epoch": epoch, "arm": name}
                for result in found.get("results", ())
            )
    return rows


async def published(store: Store) -> list[dict[str, Any]]:
    """Return the newest published verdicts, a row per canary and modality."""
    names = [info.name async for info in store.list(object_names.SHOWN)]
    for name in sorted(names, reverse=True):
        try:
            found = msgspec.msgpack.decode(await store.get(name))
        except MissingObjectError:
            continue  # replaced by a newer one since the listing
        canaries = found["verdicts"]["canaries"]
        return [
            {
                "canary": canary,
                "published_at_ns": found["at_ns"],
                "revision": view.get("revision", ""),
                "modality": modality,
                **{k: v for k, v in shown.items() if not isinstance(v, dict)},
            }
            for canary, view in canaries.items()
            for modality, shown in view.get("modalities", {}).items()
        ]
    return []


def _read(data: bytes) -> dict[str, Any]:
    size = zstandard.frame_content_size(data)
    if not 0 <= size <= LARGEST_BYTES:
        raise ValueError(f"an object claims {size} bytes")
    plain = zstandard.ZstdDecompressor().decompress(data)
    found: dict[str, Any] = msgspec.msgpack.decode(plain)
    return found


def _flat(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result as one row: streams and arms as columns."""
    row: dict[str, Any] = {}
    for key, value in result.items():
        if key == "streams":
            for stream, score in value.items():
                for name in ("scorer", "canary", "control", "reason"):
                    row[f"{stream}.{name}"] = score.get(name)
        elif key in ("canary", "control") and isinstance(value, dict):
            row |= {f"{key}.{name}": each for name, each in value.items()}
        elif not isinstance(value, dict | list):
            row[key] = value
    return row
