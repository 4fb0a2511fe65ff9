"""Where a judge's decisions come from: a file that grows, or an address that has it.

Both hold lines of JSON as `decisions.py` describes them. The file or the service is
the durable thing; what was read is only a copy.
"""

import asyncio
from pathlib import Path

import aiohttp

from replayd.adjudication.decisions import Decisions, read_decisions

LARGEST_BYTES = 64 * 2**20
TIMEOUT_SECONDS = 10.0


class DecisionsUnreadableError(Exception):
    """The source did not answer, or is too large: keep what was known, ask again."""


class DecisionSource:
    """Reads decisions from a path, or from an `http://` or `https://` address."""

    def __init__(self, source: str, session: aiohttp.ClientSession | None) -> None:
        self._source, self._session = source, session
        self._is_address = source.startswith(("http://", "https://"))
        # Of the file as last read: mtime, size, and for which epoch.
        self._seen: tuple[int, int, str] | None = None

    @classmethod
    async def once(cls, source: str, epoch: str, salt: str = "") -> Decisions:
        """Return the decisions about `epoch` as they are now; none without a source.

        Raises:
            DecisionsUnreadableError: the source did not answer.
        """
        if not source:
            return Decisions()
        async with aiohttp.ClientSession() as session:
            return await cls(source, session).read(epoch, salt) or Decisions()

    async def read(self, epoch: str, salt: str = "") -> Decisions | None:
        """Return all decisions about `epoch`; None where nothing changed.

        `salt` is `Epoch.sides`.

        Raises:
            DecisionsUnreadableError: what was known before still holds.
        """
        if self._is_address:
            data: bytes | None = await self._fetched()
        else:
            data = await self._from_file(epoch)
        if data is None:
            return None
        return await asyncio.to_thread(read_decisions, data.splitlines(), epoch, salt)

    async def _from_file(self, epoch: str) -> bytes | None:
        try:
            return await asyncio.to_thread(self._read_file, epoch)
        except FileNotFoundError:
            return None  # nobody has decided anything yet
        except OSError as error:
            raise DecisionsUnreadableError(f"{error.strerror}") from None

    def _read_file(self, epoch: str) -> bytes | None:
        path = Path(self._source)
        stat = path.stat()
        seen = stat.st_mtime_ns, stat.st_size, epoch
        if seen == self._seen:
            return None
        if stat.st_size > LARGEST_BYTES:
            raise DecisionsUnreadableError(f"more than {LARGEST_BYTES} bytes")
        data = path.read_bytes()
        self._seen = seen
        # A line being written now is read whole at the next look.
        return data[: data.rfind(b"\n") + 1]

    async def _fetched(self) -> bytes:
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            async with self._session.get(
                self._source, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise DecisionsUnreadableError(f"status {answer.status}")
                data = bytearray()
                async for chunk in answer.content.iter_chunked(65_536):
                    data += chunk
                    if len(data) > LARGEST_BYTES:
                        raise DecisionsUnreadableError(f"more than {LARGEST_BYTES}")
                return bytes(data)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DecisionsUnreadableError(type(error).__name__) from None
