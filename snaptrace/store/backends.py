"""Storage backends behind one interface: local folder, memory, S3, GCS, Azure.

They raise OSError or ValueError; `store.py` retries them and gives them our names.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from snaptrace.snapshot.errors import StoreRefusedError
from snaptrace.store.folder_backend import Folder, ObjectInfo

_OBJECT_SCHEMES = ("memory", "s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss")


class Backend(Protocol):
    """Interface of a backend; PermissionError means an operator has to act."""

    async def create(self, name: str, data: bytes) -> bool: ...  # noqa: D102
    async def get(self, name: str) -> bytes: ...  # noqa: D102
    async def get_start(self, name: str, size_bytes: int) -> bytes: ...  # noqa: D102
    async def exists(self, name: str) -> bool: ...  # noqa: D102
    async def delete(self, name: str) -> None: ...  # noqa: D102
    async def sweep(self, before_ns: int) -> int: ...  # noqa: D102
    def list(self, prefix: str, after: str) -> AsyncIterator[ObjectInfo]: ...  # noqa: D102


def backend_of(url: str, options: Mapping[str, str], timeout_seconds: float) -> Backend:
    """Return the backend for a URL; no request is sent yet.

    Raises:
        StoreRefusedError: a URL or option that cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _FolderBackend(Folder(Path(unquote(parts.netloc + parts.path))))
    if parts.scheme not in _OBJECT_SCHEMES:
        why = "a store is file:///path, memory://, s3://, gs:// or az://"
        raise StoreRefusedError("open", url, why)
    # 4 MiB of a sidecar, which a folder does not need.
    from snaptrace.store.object_backend import ObjectBackend  # noqa: PLC0415

    return ObjectBackend.open(url, options, timeout_seconds)


class _FolderBackend:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    async def create(self, name: str, data: bytes) -> bool:
        return await asyncio.to_thread(self._folder.create, name, data)

    async def get(self, name: str) -> bytes:
        return await asyncio.to_thread(self._folder.get, name)

    async def get_start(self, name: str, size_bytes: int) -> bytes:
        return await asyncio.to_thread(self._folder.get_start, name, size_bytes)

    async def exists(self, name: str) -> bool:
        return await asyncio.to_thread(self._folder.exists, name)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._folder.delete, name)

    async def sweep(self, before_ns: int) -> int:
        return await asyncio.to_thread(self._folder.sweep_staging, before_ns)

    async def list(self, prefix: str, after: str) -> AsyncIterator[ObjectInfo]:
        chunks = self._folder.list(prefix, after)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            for info in chunk:
                yield info
