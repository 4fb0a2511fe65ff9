"""Object store over a folder, memory, S3, GCS or Azure: create, get, list, delete.

Objects are created whole or not at all and never overwritten. Names are built by
`object_names.py`. With a cipher (`cipher.py`), content is encrypted at rest.
"""

import asyncio
import builtins
import errno
import os
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from snaptrace.crypto.cipher import HEAD_BYTES, data_key_of
from snaptrace.crypto.tags import Tags, untagged
from snaptrace.runtime.backoff import Backoff
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    SnapshotError,
    StoreRefusedError,
    StoreUnavailableError,
)
from snaptrace.store.backends import Backend, backend_of
from snaptrace.store.data_keys import EncryptionSettings, Keyring, read_envelopes
from snaptrace.store.episode import FailureEpisode
from snaptrace.store.folder_backend import ObjectInfo

T = TypeVar("T")

# A full or read-only disk does not heal within a retry; a person has to act.
_REFUSED_ERRNO = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EPERM, errno.EXDEV}
_RETRIES = Backoff(0.4, 10.0)


class StoreSettings(Protocol):
    """Settings for `Store.open`; implemented by `StoreConfig`."""

    @property
    def url(self) -> str: ...  # noqa: D102 - a field
    @property
    def options(self) -> dict[str, str]: ...  # noqa: D102
    @property
    def timeout(self) -> float: ...  # noqa: D102
    @property
    def retries(self) -> int: ...  # noqa: D102
    @property
    def encryption(self) -> EncryptionSettings: ...  # noqa: D102


class Store:
    """Objects by name. Safe for concurrent tasks of one event loop.

    All methods raise StoreUnavailableError (after retries; safe to retry) or
    StoreRefusedError (a person has to act).
    """

    def __init__(
        self,
        backend: Backend,
        *,
        url: str = "",
        retries: int = 3,
        rng: random.Random | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        self._backend, self.url, self._retries = backend, url, retries
        self._rng = rng or random.Random()  # noqa: S311 - jitter
        self.keyring = keyring or Keyring()
        self._episode = FailureEpisode()
        self._tags: Tags | None = None
        self._refuses_untagged = False

    @classmethod
    def open(
        cls,
        config: StoreSettings,
        rng: random.Random | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> "Store":
        """Create a store for `config.url`. No request is sent; see `probe`.

        Raises:
            StoreRefusedError: a URL or option that cannot be used.
            KeyFileError: the key of `config.encryption` cannot be had.
        """
        return cls(
            backend_of(config.url, config.options, float(config.timeout)),
            url=config.url,
            retries=config.retries,
            rng=rng,
            keyring=Keyring(read_envelopes(config.encryption, environ)),
        )

    def authenticate(self, tags: Tags, *, refuse_untagged: bool = False) -> None:
        """Tag what a verdict rests on from now on, and check the tags of what is read.

        What an earlier release wrote has none, and is refused only if asked.
        """
        self._tags, self._refuses_untagged = tags, refuse_untagged

    @property
    def authenticates(self) -> bool:
        """Whether tags are made and checked."""
        return self._tags is not None

    async def create(self, name: str, data: bytes) -> bool:
        """Write an object; false, without changes, if the name is taken.

        Exactly one of many concurrent writers of a name gets true.
        """
        sealed = await self.sealed(name, data) if _is_encrypted(name) else data
        failed = False

        async def attempt() -> bool:
            nonlocal failed
            try:
                if await self._backend.create(name, sealed):
                    return True
                if await self._backend.exists(name):
                    return False
            except BaseException:
                failed = True
                raise
            # As S3 says it of two writers at once, neither of whom may have won.
            raise OSError("refused as taken, and there is no such object")

        created = await self._tried("create", name, attempt)
        if not created and failed:
            # An earlier attempt may have arrived without its answer coming back.
            try:
                there = await self._tried("get", name, lambda: self._backend.get(name))
            except MissingObjectError:
                return False
            return there == sealed
        return created

    async def sealed(self, name: str, data: bytes) -> bytes:
        """Return bytes as this store would keep them; for what travels beside it."""
        if self._tags is not None and object_names.is_tagged(name):
            data = self._tags.tagged(name, data)
        cipher = await self.keyring.to_write(self)
        return data if cipher is None else cipher.seal(name, data)

    async def get(self, name: str) -> bytes:
        """Return an object's bytes.

        Raises:
            MissingObjectError: there is none.
            CorruptSnapshotError: it is encrypted or tagged and does not check out.
        """
        return (await self.get_checked(name))[0]

    async def get_checked(self, name: str) -> tuple[bytes, bool]:
        """Return an object's bytes, and whether a tag or a cipher vouches for them.

        Raises: as `get`.
        """
        data = await self._tried("get", name, lambda: self._backend.get(name))
        is_encrypted = data_key_of(data) is not None and _is_encrypted(name)
        data = await self.opened(name, data)
        if not object_names.is_tagged(name):
            return data, is_encrypted
        plain = untagged(data)
        if self._tags is None:
            return plain, is_encrypted
        if plain is not data:
            return self._tags.checked(name, data), True
        if self._refuses_untagged and not is_encrypted:
            raise CorruptSnapshotError(name, len(data), "it has no tag")
        return plain, is_encrypted

    async def read(self, name: str, parse: Callable[[bytes], Awaitable[T]]) -> T:
        """Return what `parse` makes of an object's bytes.

        Bytes that it finds damaged are read once more: they may have been cut on their
        way. Only what comes damaged twice is damaged in the store.

        Raises:
            MissingObjectError: there is none.
            CorruptSnapshotError: damaged.
            NewerSnapshotError: written by a later release.
        """
        try:
            return await parse(await self.get(name))
        except CorruptSnapshotError:
            await asyncio.sleep(_RETRIES.seconds(1, self._rng))
        return await parse(await self.get(name))

    async def get_start(self, name: str, size_bytes: int) -> bytes:
        """Return at most the first `size_bytes` of an object.

        For objects that are never empty: some stores refuse a range of nothing.

        Raises:
            MissingObjectError: there is none.
            CorruptSnapshotError: it is encrypted and does not check out.
        """
        enough = max(size_bytes, HEAD_BYTES)  # to see that it is encrypted
        data = await self._tried(
            "get", name, lambda: self._backend.get_start(name, enough)
        )
        if data_key_of(data) is not None:
            return await self.get(name)  # authenticated as a whole or not at all
        return data

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
            except OSError as error:
                typed = _typed("list", prefix, error)
                tries += 1
                if self._is_final(typed, tries):
                    self._note(typed)
                    raise typed from None
                await asyncio.sleep(_RETRIES.seconds(tries, self._rng))
            else:
                self._note(None)
                return

    async def list_whole(
        self, prefix: str, after: str = ""
    ) -> builtins.list[ObjectInfo]:
        """Return a listing that a second one confirms, for who deletes what it lacks.

        A store may end a listing early without saying so. So each is gone on with from
        its last name until nothing follows, and what any of them had is in it; where
        one lacks what those before had, another is made.

        Raises:
            StoreUnavailableError: listings go on contradicting one another.
        """
        known: dict[str, ObjectInfo] = {}
        before: set[str] | None = None
        for tries in range(self._retries + 2):
            found = await self._to_the_end(prefix, after)
            known |= found
            if before is not None and before <= found.keys():
                return [known[name] for name in sorted(known)]
            before = set(known)
            if tries:
                await asyncio.sleep(_RETRIES.seconds(tries, self._rng))
        raise StoreUnavailableError("list", prefix, "two listings do not agree")

    async def _to_the_end(self, prefix: str, after: str) -> dict[str, ObjectInfo]:
        found: dict[str, ObjectInfo] = {}
        while more := {i.name: i async for i in self.list(prefix, after)}:
            found |= more
            after = max(more)
        return found

    async def delete(self, name: str) -> None:
        """Remove an object. Idempotent."""
        try:
            await self._tried("delete", name, lambda: self._backend.delete(name))
        except MissingObjectError:
            return

    async def exists(self, name: str) -> bool:
        """Return whether an object of that name exists."""
        return await self._tried("head", name, lambda: self._backend.exists(name))

    async def sweep(self, before_ns: int) -> int:
        """Remove leftovers of crashed writers older than `before_ns`; return how many.

        Nothing of it was ever visible as an object.
        """
        return await self._tried("sweep", "", lambda: self._backend.sweep(before_ns))

    async def probe(self) -> None:
        """Verify that the store allows write, read and list, and enforces create-only.

        Raises:
            StoreRefusedError: it lets a second create overwrite the first, or does
                not show what was written. Running on it would lose verdicts.
        """
        name = f"{object_names.PROBE}/{secrets.token_hex(16)}"
        try:
            first = await self.create(name, b"first")
            second = await self.create(name, b"second")
            found = await self.get(name)
            listed = [info.name async for info in self.list(object_names.PROBE)]
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

    async def opened(self, name: str, data: bytes) -> bytes:
        """Return the plain bytes of what `sealed` returned.

        Raises:
            CorruptSnapshotError: altered, or sealed under another name.
        """
        number = data_key_of(data)
        if number is None or not _is_encrypted(name):
            return data  # written before encryption was switched on
        cipher = await self.keyring.to_read(self, name, number)
        return cipher.open(name, data)

    async def _tried(
        self, verb: str, name: str, attempt: Callable[[], Awaitable[T]]
    ) -> T:
        tries = 0
        while True:
            try:
                found = await attempt()
            except (OSError, ValueError) as error:
                typed = _typed(verb, name, error)
                tries += 1
                if self._is_final(typed, tries):
                    self._note(typed)
                    raise typed from None
            else:
                self._note(None)
                return found
            await asyncio.sleep(_RETRIES.seconds(tries, self._rng))

    def _note(self, error: SnapshotError | None) -> None:
        now_seconds = asyncio.get_running_loop().time()
        if isinstance(error, StoreUnavailableError):
            self._episode.failed(now_seconds, str(error))
        elif error is None:
            self._episode.worked(now_seconds)

    def _is_final(self, error: SnapshotError, tries: int) -> bool:
        return not isinstance(error, StoreUnavailableError) or tries > self._retries


def _is_encrypted(name: str) -> bool:
    return not name.startswith(f"{object_names.KEYS}/")  # wrapped already


def _typed(verb: str, name: str, error: Exception) -> SnapshotError:
    """Name an error by what the caller should do."""
    if isinstance(error, FileNotFoundError):
        return MissingObjectError(name)
    why = str(error).partition("\n")[0] or type(error).__name__
    if isinstance(error, PermissionError | ValueError):
        return StoreRefusedError(verb, name, why)
    if verb == "list" and "404 Not Found" in why:
        return StoreRefusedError(verb, name, f"no such bucket or container: {why}")
    if isinstance(error, OSError) and error.errno in _REFUSED_ERRNO:
        return StoreRefusedError(verb, name, why)
    return StoreUnavailableError(verb, name, why)
