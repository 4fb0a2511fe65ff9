"""One store over a folder, memory, S3, GCS and Azure: create, get, list, delete.

Objects are created whole or not at all and never overwritten. Names are built by
`layout.py`. With a cipher, content is encrypted on its way out and in (`sealed.py`).
"""

import asyncio
import errno
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions as obstore_errors
from obstore.store import MemoryStore, from_url

from snaptrace.snapshots import layout
from snaptrace.snapshots.errors import (
    MissingObjectError,
    SnapshotError,
    StoreRefusedError,
    StoreUnavailableError,
)
from snaptrace.snapshots.folder import Folder, ObjectInfo
from snaptrace.snapshots.sealed import MAGIC as SEALED_MAGIC
from snaptrace.snapshots.sealed import Cipher

T = TypeVar("T")

_REFUSED = (
    obstore_errors.PermissionDeniedError,
    obstore_errors.UnauthenticatedError,
    obstore_errors.InvalidPathError,
    obstore_errors.NotSupportedError,
    PermissionError,
)
# A full or read-only disk does not heal within a retry; a person has to act.
_REFUSED_ERRNO = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EPERM, errno.EXDEV}
_FIRST_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 10.0


class StoreSettings(Protocol):
    """What `Store.open` needs; the programs' `StoreConfig` has it."""

    @property
    def url(self) -> str: ...  # noqa: D102 - a field
    @property
    def options(self) -> dict[str, str]: ...  # noqa: D102
    @property
    def timeout(self) -> float: ...  # noqa: D102
    @property
    def retries(self) -> int: ...  # noqa: D102


class Backend(Protocol):
    """A place for bytes. Raises its own errors; `Store` gives them our names."""

    async def create(self, name: str, data: bytes) -> bool: ...  # noqa: D102
    async def get(self, name: str) -> bytes: ...  # noqa: D102
    async def get_start(self, name: str, size_bytes: int) -> bytes: ...  # noqa: D102
    async def exists(self, name: str) -> bool: ...  # noqa: D102
    async def delete(self, name: str) -> None: ...  # noqa: D102
    async def sweep(self, before_ns: int) -> int: ...  # noqa: D102
    def list(self, prefix: str, after: str) -> AsyncIterator[ObjectInfo]: ...  # noqa: D102


class Store:
    """Objects by name. Safe to use from many tasks of one event loop.

    All methods raise StoreUnavailableError (after retries; safe to retry) or
    StoreRefusedError (a person has to act).
    """

    def __init__(
        self,
        backend: Backend,
        *,
        url: str = "",
        retries: int = 3,
        chance: random.Random | None = None,
        cipher: Cipher | None = None,
    ) -> None:
        self._backend, self.url, self._retries = backend, url, retries
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        self._cipher = cipher

    @classmethod
    def open(
        cls, config: StoreSettings, chance: random.Random | None = None
    ) -> "Store":
        """Connect to `config.url`. Nothing is read or written; see `probe`.

        Raises:
            StoreRefusedError: a URL or option that cannot be used.
        """
        backend = _backend(config.url, config.options, float(config.timeout))
        return cls(backend, url=config.url, retries=config.retries, chance=chance)

    def with_cipher(self, cipher: Cipher | None) -> "Store":
        """Return the same store, encrypting what it writes."""
        return Store(
            self._backend,
            url=self.url,
            retries=self._retries,
            chance=self._chance,
            cipher=cipher,
        )

    async def create(self, name: str, data: bytes) -> bool:
        """Write an object; false if the name is taken, and then nothing changed.

        Exactly one of many concurrent writers of a name gets true.
        """
        sealed = data
        if self._cipher is not None and _is_encrypted(name):
            sealed = self._cipher.seal(name, data)
        failed = False

        async def attempt() -> bool:
            nonlocal failed
            try:
                return await self._backend.create(name, sealed)
            except BaseException:
                failed = True
                raise

        created = await self._tried("create", name, attempt)
        if not created and failed:
            # An earlier attempt may have arrived without its answer coming back.
            try:
                there = await self._tried("get", name, lambda: self._backend.get(name))
            except MissingObjectError:
                return False
            return there == sealed
        return created

    async def get(self, name: str) -> bytes:
        """Return an object's bytes.

        Raises:
            MissingObjectError: there is none.
            CorruptSnapshotError: it is encrypted and does not check out.
        """
        data = await self._tried("get", name, lambda: self._backend.get(name))
        return self._opened(name, data)

    async def get_start(self, name: str, size_bytes: int) -> bytes:
        """Return at least the first `size_bytes`, or the whole if it is shorter.

        For objects that are never empty: some stores refuse a range of nothing.

        Raises:
            MissingObjectError: there is none.
            CorruptSnapshotError: it is encrypted and does not check out.
        """
        if self._cipher is not None:
            return await self.get(name)  # authenticated as a whole or not at all
        return await self._tried(
            "get", name, lambda: self._backend.get_start(name, size_bytes)
        )

    async def list(self, prefix: str, after: str = "") -> AsyncIterator[ObjectInfo]:
        """Yield the objects below the folder `prefix`, by name, those after `after`.

        An object created while the listing runs may or may not be in it.
        """
        tries = 0
        while True:
            try:
                async for info in self._backend.list(prefix.rstrip("/"), after):
                    yield info
                    after, tries = info.name, 0
            except (OSError, obstore_errors.BaseError) as error:
                typed = _typed("list", prefix, error)
                tries += 1
                if self._is_final(typed, tries):
                    raise typed from None
                await self._wait(tries)
            else:
                return

    async def delete(self, name: str) -> None:
        """Remove an object; harmless if there is none."""
        try:
            await self._tried("delete", name, lambda: self._backend.delete(name))
        except MissingObjectError:
            return

    async def exists(self, name: str) -> bool:
        """Return whether there is an object of that name."""
        return await self._tried("head", name, lambda: self._backend.exists(name))

    async def sweep(self, before_ns: int) -> int:
        """Remove what killed writers left before `before_ns`; return how many.

        Nothing of it was ever visible as an object.
        """
        return await self._tried("sweep", "", lambda: self._backend.sweep(before_ns))

    async def probe(self) -> None:
        """Prove that this store can be written, read, listed and is create-only.

        Raises:
            StoreRefusedError: it lets a second create overwrite the first, or does
                not show what was written. Running on it would lose verdicts.
        """
        name = f"{layout.PROBE}/{secrets.token_hex(16)}"
        try:
            first = await self.create(name, b"first")
            second = await self.create(name, b"second")
            found = await self.get(name)
            listed = [info.name async for info in self.list(layout.PROBE)]
        finally:
            await self._clear_probe(name)
        if not first or second or found != b"first":
            why = "it does not refuse to create an object twice (If-None-Match: *)"
            raise StoreRefusedError("probe", name, why)
        if name not in listed:
            why = "a listing does not show an object that was just written"
            raise StoreRefusedError("probe", name, why)

    async def _clear_probe(self, name: str) -> None:
        try:
            await self.delete(name)
        except SnapshotError:
            return  # a store that refuses deletion can still be written

    def _opened(self, name: str, data: bytes) -> bytes:
        if not data.startswith(SEALED_MAGIC) or not _is_encrypted(name):
            return data  # written before encryption was switched on
        if self._cipher is None:
            raise StoreRefusedError("get", name, "it is encrypted, and no key is given")
        return self._cipher.open(name, data)

    async def _tried(
        self, verb: str, name: str, attempt: Callable[[], Awaitable[T]]
    ) -> T:
        tries = 0
        while True:
            try:
                return await attempt()
            except (OSError, ValueError, obstore_errors.BaseError) as error:
                typed = _typed(verb, name, error)
                tries += 1
                if self._is_final(typed, tries):
                    raise typed from None
            await self._wait(tries)

    def _is_final(self, error: SnapshotError, tries: int) -> bool:
        return not isinstance(error, StoreUnavailableError) or tries > self._retries

    async def _wait(self, tries: int) -> None:
        longest = min(_FIRST_WAIT_SECONDS * 2**tries, _LONGEST_WAIT_SECONDS)
        await asyncio.sleep(longest * (0.5 + self._chance.random() / 2))


def _is_encrypted(name: str) -> bool:
    return not name.startswith(f"{layout.KEYS}/")  # wrapped already


def _typed(verb: str, name: str, error: Exception) -> SnapshotError:
    """Name an error by what the caller should do."""
    if isinstance(error, FileNotFoundError):
        return MissingObjectError(name)
    # The first line only: obstore's next ones repeat request and response.
    why = str(error).partition("\n")[0] or type(error).__name__
    if isinstance(error, (*_REFUSED, ValueError)):
        return StoreRefusedError(verb, name, why)
    if isinstance(error, OSError) and error.errno in _REFUSED_ERRNO:
        return StoreRefusedError(verb, name, why)
    return StoreUnavailableError(verb, name, why)


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


def _backend(url: str, options: Mapping[str, str], timeout_seconds: float) -> Backend:
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


def _is_store_option(key: str) -> bool:
    head = key.lower().partition("_")[0]
    return head in ("aws", "google", "azure", "s3", "endpoint", "region", "bucket")
