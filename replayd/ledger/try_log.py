"""Retries written down before they are sent, many at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence


class _Batch:
    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.failed: Exception | None = None


class TryLog:
    """Gathers numbers while a write is under way; the next write takes them all."""

    def __init__(self, write: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        self._write = write
        self._open = _Batch()
        self._writing = asyncio.Lock()

    async def note(self, number: int) -> None:
        """Return once it is written down that a number is sent once more.

        Raises:
            StoreUnavailableError: it is not written, so it must not be sent.
            LostLeadError: another process leads.
        """
        batch = self._open
        batch.numbers.append(number)
        async with self._writing:
            if batch is self._open:
                self._open = _Batch()
                try:
                    await self._write(batch.numbers)
                except Exception as error:
                    batch.failed = error
                    raise
                except BaseException:
                    batch.failed = asyncio.CancelledError()  # type: ignore[assignment]
                    raise
        if batch.failed is not None:
            raise batch.failed
