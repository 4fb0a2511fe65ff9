"""One request and response on an HTTP/2 connection, and the interface of services.

Source: RFC 9113. The connection is in `h2_server.py`.
"""

import asyncio
from collections import deque
from typing import Final, Protocol, TypeVar

from collector.net import h2_frames
from collector.net.h2_hpack import Field
from collector.net.listener import IncomingRequest

# What may come of a body before anybody has looked at its beginning: it is taken off
# the socket at once, whatever it is.
STREAM_WINDOW: Final = 2**20
WRONG_PORT: Final = (
    b"this port speaks OTLP over gRPC; collector.http.listen has OTLP/HTTP\n"
)

Head = TypeVar("Head")


class Service(Protocol[Head]):
    """Interface that a connection calls to handle its requests."""

    def understand(self, fields: list[Field]) -> Head:
        """Parse a block of request headers; called once for identical blocks."""
        ...

    def open(self, stream: "Stream", head: Head) -> IncomingRequest | None:
        """Start a request; None if it was answered immediately or is malformed."""
        ...


class StreamConnection(Protocol):
    """Interface of the connection that a stream belongs to."""

    window: int  # bytes that the client accepts on the whole connection
    first_window: int  # bytes that it accepts on a new stream

    def write(self, data: bytes) -> None:
        """Queue complete frames."""
        ...

    def send_whole(
        self, stream: "Stream", headers: bytes, body: bytes, trailers: bytes
    ) -> bool:
        """Send a response in one piece; False if its body must wait or be split."""
        ...

    def answered(self, stream: "Stream") -> None:
        """Record that a stream's response has been sent."""
        ...

    def stalled(self, stream: "Stream") -> None:
        """Record that a stream is waiting for flow-control window."""
        ...

    def reset(self, stream: "Stream", code: int) -> None:
        """End a stream without an answer."""
        ...


class Stream:
    """The response side of one request; finished once answered, reset or broken."""

    __slots__ = (
        "_connection",
        "_outbox",
        "_sent",
        "incoming",
        "is_closed",
        "is_over",
        "number",
        "stalled_since",
        "window",
    )

    def __init__(self, connection: "StreamConnection", number: int) -> None:
        self._connection, self.number = connection, number
        self.window = connection.first_window
        self.incoming: IncomingRequest | None = None
        self.is_over = self.is_closed = False  # by the client; for both sides
        self._outbox: deque[tuple[int, int, bytes]] | None = None  # waits for windows
        self._sent: asyncio.Future[None] | None = None
        self.stalled_since = 0.0  # seconds; 0: does not wait for a window

    def open_window(self, more_bytes: int) -> None:
        """Extend the client's flow-control window for this body by so many bytes."""
        self._connection.write(
            h2_frames.number_frame(h2_frames.WINDOW_UPDATE, self.number, more_bytes)
        )

    def finish(self, headers: bytes, body: bytes, trailers: bytes) -> None:
        """Send a complete response: headers, body and trailers."""
        if not self._connection.send_whole(self, headers, body, trailers):
            self.send(headers)
            self.send_data(body)
            self.end(trailers)

    def send(self, headers: bytes, *, is_all: bool = False) -> None:
        """Send a header block; `is_all` if it is the complete response."""
        flags = (
            h2_frames.END_HEADERS | h2_frames.END_STREAM
            if is_all
            else h2_frames.END_HEADERS
        )
        self._push(h2_frames.HEADERS, flags, headers)

    def send_data(self, data: bytes, *, is_all: bool = False) -> None:
        """Send a part of the body; `is_all` if nothing follows."""
        size = h2_frames.FIRST_FRAME_SIZE
        for at in range(0, len(data), size):
            is_last = is_all and at + size >= len(data)
            flags = h2_frames.END_STREAM if is_last else 0
            self._push(h2_frames.DATA, flags, data[at : at + size])

    def end(self, trailers: bytes) -> None:
        """Send the trailers, which complete the response."""
        self._push(
            h2_frames.HEADERS, h2_frames.END_HEADERS | h2_frames.END_STREAM, trailers
        )

    def reset(self, code: int) -> None:
        """Reset the stream without a response."""
        if not self.is_closed:
            self._connection.reset(self, code)

    async def sent(self) -> None:
        """Wait until flow control has let everything through."""
        while self._outbox and not self.is_closed:
            self._sent = self._sent or asyncio.get_running_loop().create_future()
            await self._sent

    def close(self) -> None:
        """Mark the stream as closed: nothing more is sent or received."""
        self.is_closed, self.incoming, self._outbox = True, None, None
        self._tell_sent()

    def _tell_sent(self) -> None:
        waiting, self._sent = self._sent, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _push(self, kind: int, flags: int, payload: bytes) -> None:
        if self.is_closed:
            return
        if self._outbox is None:
            self._outbox = deque()
        self._outbox.append((kind, flags, payload))
        self.flush()

    def flush(self) -> None:
        """Send what the flow-control windows allow, in order."""
        outbox, connection = self._outbox, self._connection
        while outbox:
            kind, flags, payload = outbox[0]
            if kind == h2_frames.DATA:
                size = min(len(payload), self.window, connection.window)
                if size <= 0:
                    connection.stalled(self)
                    return
                self.window -= size
                connection.window -= size
                self.stalled_since = 0.0
                if size < len(payload):
                    outbox[0] = kind, flags, payload[size:]
                    flags, payload = 0, payload[:size]
                else:
                    outbox.popleft()
                connection.write(h2_frames.frame(kind, flags, self.number, payload))
            else:
                outbox.popleft()
                connection.write(h2_frames.block_frames(flags, self.number, payload))
            if flags & h2_frames.END_STREAM:
                connection.answered(self)
                return
        self._tell_sent()
