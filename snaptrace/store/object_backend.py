"""Object stores through `obstore`: S3, GCS, Azure, and memory.

Loaded by `backends.py` for such a store only. Errors leave as OSError;
PermissionError means that a person has to act.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import obstore
from obstore import exceptions as obstore_errors
from obstore.store import MemoryStore, from_url

from snaptrace.snapshot.errors import StoreRefusedError
from snaptrace.store.folder_backend import ObjectInfo

# Not 401 and 403: credentials that rotate, clocks and policies that lag heal.
_REFUSED = (
    obstore_errors.InvalidPathError,
    obstore_errors.NotSupportedError,
)


class ObjectBackend:
    """One bucket, or a prefix of it; see `backends.Backend`."""

    def __init__(self, objects: Any) -> None:  # noqa: ANN401 - no type at run time
        self._objects = objects

    @classmethod
    def open(
        cls, url: str, options: Mapping[str, str], timeout_seconds: float
    ) -> "ObjectBackend":
        """Create a client for a URL of a known scheme; no request is sent yet.

        Raises:
            StoreRefusedError: an option that cannot be used.
        """
        if url.startswith("memory:"):
            return cls(MemoryStore())
        return cls(_client(url, options, timeout_seconds))

    async def create(self, name: str, data: bytes) -> bool:
        """Write an object; false if the name is taken."""
        with _as_os_errors():
            try:
                # One request: a multipart upload cannot be create-only everywhere.
                await obstore.put_async(
                    self._objects, name, data, mode="create", use_multipart=False
                )
            except obstore_errors.AlreadyExistsError:
                return False
        return True

    async def get(self, name: str) -> bytes:
        """Return an object's bytes; FileNotFoundError if there is none."""
        with _as_os_errors():
            result = await obstore.get_async(self._objects, name)
            return bytes(await result.bytes_async())

    async def get_start(self, name: str, size_bytes: int) -> bytes:
        """Return at least the first bytes of an object."""
        with _as_os_errors():
            result = await obstore.get_async(
                self._objects, name, options={"range": (0, size_bytes)}
            )
            return bytes(await result.bytes_async())

    async def exists(self, name: str) -> bool:
        """Return whether there is such an object."""
        with _as_os_errors():
            try:
                await obstore.head_async(self._objects, name)
            except FileNotFoundError:
                return False
        return True

    async def delete(self, name: str) -> None:
        """Remove an object."""
        with _as_os_errors():
            await obstore.delete_async(self._objects, name)

    async def sweep(self, before_ns: int) -> int:
        """Do nothing: interrupted requests leave no partial objects."""
        del before_ns
        return 0

    async def list(self, prefix: str, after: str) -> AsyncIterator[ObjectInfo]:
        """Yield the objects below a folder, by name, those after `after`."""
        with _as_os_errors():
            stream = obstore.list(self._objects, prefix or None, offset=after or None)
            async for chunk in stream:
                for meta in chunk:
                    if after and meta["path"] <= after:
                        continue  # Not every look-alike of Azure knows where to start.
                    yield ObjectInfo(
                        name=meta["path"],
                        size_bytes=meta["size"],
                        modified_ns=int(meta["last_modified"].timestamp() * 1e9),
                    )


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except obstore_errors.BaseError as error:
        kind = PermissionError if isinstance(error, _REFUSED) else OSError
        raise kind(_first_line(error)) from None


def _first_line(error: Exception) -> str:
    """Leave out the next ones, which repeat request and response."""
    return str(error).partition("\n")[0] or type(error).__name__


def _client(url: str, options: Mapping[str, str], timeout_seconds: float) -> Any:  # noqa: ANN401 - typed per scheme
    client = {k: v for k, v in options.items() if not _is_store_option(k)}
    config = {k: v for k, v in options.items() if _is_store_option(k)}
    client_options: dict[str, Any] = {
        "timeout": timedelta(seconds=timeout_seconds),
        **{k: v == "true" if v in ("true", "false") else v for k, v in client.items()},
    }
    if any(v.startswith("http://") for v in config.values()):
        client_options.setdefault("allow_http", True)
    try:
        return from_url(  # type: ignore[call-overload] # typed per scheme
            url,
            config=config,
            client_options=client_options,
            # Retried by `Store`, which tells a lost answer to a create from a loss.
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
        )
    except (obstore_errors.BaseError, ValueError, TypeError) as error:
        raise StoreRefusedError("open", url, _first_line(error)) from None


def _is_store_option(key: str) -> bool:
    head = key.lower().partition("_")[0]
    return head in ("aws", "google", "azure", "s3", "endpoint", "region", "bucket")
