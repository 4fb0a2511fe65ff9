"""Socket writes batched per turn of the event loop.

On loopback and in a cluster alike, the system call costs more than the making of a
small frame, and a busy connection makes many of them in one turn.
"""

import asyncio
from typing import Final

# Above this it is written at once, so that a slow reader is noticed.
_AT_ONCE_BYTES: Final = 65_536


class WriteBuffer:
    """Joins one connection's writes of an event-loop turn, in order."""

    __slots__ = ("_loop", "_pieces", "_size_bytes", "_transport")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pieces: list[bytes | memoryview] = []
        self._size_bytes = 0

    def connect(self, transport: asyncio.BaseTransport) -> None:
        """Attach the transport to write to."""
        self._transport = transport  # type: ignore[assignment] # a stream's, by contract

    @property
    def is_closing(self) -> bool:
        """Whether the connection is closed or not yet open."""
        return self._transport is None or self._transport.is_closing()

    def write(self, data: bytes | memoryview) -> None:
        """Schedule a write; the data must not change until it is flushed."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)
        self._size_bytes += len(data)
        if self._size_bytes > _AT_ONCE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write buffered data now; data for a closed connection is dropped."""
        pieces, self._pieces, self._size_bytes = self._pieces, [], 0
        transport = self._transport
        if pieces and transport is not None and not transport.is_closing():
            transport.writelines(pieces)

    def close(self) -> None:
        """Write buffered data and close the connection. Idempotent."""
        if self._transport is not None and not self._transport.is_closing():
            self.flush()
            self._transport.close()

    def abort(self) -> None:
        """Close without waiting for a peer that does not read."""
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self, *, pause: bool) -> None:
        """Pause or resume reading."""
        if self._transport is not None and not self._transport.is_closing():
            if pause:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
