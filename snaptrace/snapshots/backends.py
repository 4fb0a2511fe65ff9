"""Places for bytes behind one contract: a folder, memory, S3, GCS, Azure.

They raise errors of their own; `store.py` retries them and gives them our names.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions as obstore_errors
from obstore.store import MemoryStore, from_url

from snaptrace.snapshots.errors import StoreRefusedError
from snaptrace.snapshots.folder import Folder, ObjectInfo


class Backend(Protocol):
    """A place for bytes."""

    async def create(self, name: str, data: bytes) -> bool: ...  # noqa: D102
    async def get(self, name: str) -> bytes: ...  # noqa: D102
    async def get_start(self, name: str, size_bytes: int) -> bytes: ...  # noqa: D102
    async def exists(self, name: str) -> bool: ...  # noqa: D102
    async def delete(self, name: str) -> None: ...  # noqa: D102
    async def sweep(self, before_ns: int) -> int: ...  # noqa: D102
    def list(self, prefix: str, after: str) -> AsyncIterator[ObjectInfo]: ...  # noqa: D102


def backend_of(url: str, options: Mapping[str, str], timeout_seconds: float) -> Backend:
    """Return the place that a URL names; nothing is asked of it yet.

    Raises:
        StoreRefusedError: a URL or option that cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _FolderBackend(Folder(Path(unquote(parts.netloc + parts.path))))
    if parts.scheme == "memory":
        return _ObjectBackend(MemoryStore())
    if parts.scheme not in ("s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss"):
        why = "a store is file:///path, memory://, s3://, gs:// or az://"
        raise StoreRefusedError("open", url, why)
    client = {k: v for k, v in options.items() if not _is_store_option(k)}
    config = {k: v for k, v in options.items() if _is_store_option(k)}
    client_options: dict[str, Any] = {
        "timeout": timedelta(seconds=timeout_seconds),
        **{k: v == "true" if v in ("true", "false") else v for k, v in client.items()},
    }
    if any(v.startswith("http://") for v in config.values()):
        client_options.setdefault("allow_http", True)
    try:
        objects = from_url(  # type: ignore[call-overload] # typed per scheme
            url,
            config=config,
            client_options=client_options,
            # Retried here, where a lost answer to a create is told from a loss.
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
        )
    except (obstore_errors.BaseError, ValueError, TypeError) as error:
        raise StoreRefusedError("open", url, str(error).partition("\n")[0]) from None
    return _ObjectBackend(objects)


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


class _ObjectBackend:
    def __init__(self, objects: Any) -> None:  # noqa: ANN401 - no type at run time
        self._objects = objects

    async def create(self, name: str, data: bytes) -> bool:
        try:
            # One request: a multipart upload cannot be create-only everywhere.
            await obstore.put_async(
                self._objects, name, data, mode="create", use_multipart=False
            )
        except obstore_errors.AlreadyExistsError:
            return False
        return True

    async def get(self, name: str) -> bytes:
        result = await obstore.get_async(self._objects, name)
        return bytes(await result.bytes_async())

    async def get_start(self, name: str, size_bytes: int) -> bytes:
        result = await obstore.get_async(
            self._objects, name, options={"range": (0, size_bytes)}
        )
        return bytes(await result.bytes_async())

    async def exists(self, name: str) -> bool:
        try:
            await obstore.head_async(self._objects, name)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, name: str) -> None:
        await obstore.delete_async(self._objects, name)

    async def sweep(self, before_ns: int) -> int:
        del before_ns  # a request that broke off leaves nothing behind
        return 0

    async def list(self, prefix: str, after: str) -> AsyncIterator[ObjectInfo]:
        stream = obstore.list(self._objects, prefix or None, offset=after or None)
        async for chunk in stream:
            for meta in chunk:
                yield ObjectInfo(
                    name=meta["path"],
                    size_bytes=meta["size"],
                    modified_ns=int(meta["last_modified"].timestamp() * 1e9),
                )


def _is_store_option(key: str) -> bool:
    head = key.lower().partition("_")[0]
    return head in ("aws", "google", "azure", "s3", "endpoint", "region", "bucket")
