"""An upstream that counts bytes and accepts everything; `GET /` tells what it saw.

Run as `python bench/sink.py`; prints its address. It reads frames and no headers, so
that a benchmark measures what stands before it and not this.
"""

import asyncio
import json
import re

import uvloop

from collector.net import h2_frames
from collector.net.h2_hpack import header_field

_WINDOW = 2**30
_SETTINGS = h2_frames.settings_frame(
    (
        (h2_frames.INITIAL_WINDOW_SIZE, _WINDOW),
        (h2_frames.MAX_CONCURRENT_STREAMS, 10_000),
    )
) + h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 0, _WINDOW)
_HEADERS = header_field(b":status", b"200") + header_field(
    b"content-type", b"application/grpc"
)
_TRAILERS = header_field(b"grpc-status", b"0")
_EMPTY = bytes(5)


class Seen:
    """Counts over all connections."""

    requests = bytes = 0


class Connection(asyncio.Protocol):
    """Accepts requests over HTTP/2, and the question what was seen over HTTP/1."""

    def __init__(self, seen: Seen) -> None:
        self._seen, self._unread, self._used = seen, b"", 0
        self._greeted = False

    def connection_made(self, transport) -> None:  # noqa: ANN001 - asyncio's
        """Wait for the client's preface."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take whole frames and answer the streams that they end."""
        data = self._unread + data
        if not self._greeted:
            if data.startswith((b"GET ", b"POST ")):
                self._take_http1(data)
                return
            if len(data) < len(h2_frames.PREFACE):
                self._unread = data
                return
            self._greeted, data = True, data[len(h2_frames.PREFACE) :]
            self._transport.write(_SETTINGS)
        at, end, answers = 0, len(data), []
        while end - at >= h2_frames.HEAD.size:
            high, low, kind, flags, stream = h2_frames.HEAD.unpack_from(data, at)
            start, size = at + h2_frames.HEAD.size, high << 16 | low
            if start + size > end:
                break
            at = start + size
            if kind == h2_frames.DATA:
                self._used += size
                self._seen.bytes += size
            answers.append(self._answer(kind, flags, stream, data[start:at]))
        self._unread = data[at:]
        if self._used > _WINDOW // 2:
            answers.append(
                h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 0, self._used)
            )
            self._used = 0
        if answer := b"".join(answers):
            self._transport.write(answer)

    def _answer(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        if kind == h2_frames.DATA and flags & h2_frames.END_STREAM:
            self._seen.requests += 1
            self._seen.bytes -= len(_EMPTY)
            return _accepted(stream)
        if kind in (h2_frames.SETTINGS, h2_frames.PING) and not flags & h2_frames.ACK:
            echo = payload if kind == h2_frames.PING else b""
            return h2_frames.frame(kind, h2_frames.ACK, 0, echo)
        return b""

    def _take_http1(self, data: bytes) -> None:
        """Accept exports over HTTP/1.1 with a length, and tell who asks."""
        head, end, body = data.partition(b"\r\n\r\n")
        size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        self._unread = data
        if not end or len(body) < (int(size[1]) if size else 0):
            return
        self._unread = b""
        if head.startswith(b"GET "):
            self._tell()
            return
        self._seen.requests += 1
        self._seen.bytes += len(body)
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def _tell(self) -> None:
        page = json.dumps({"requests": self._seen.requests, "bytes": self._seen.bytes})
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n"
        self._transport.write((head + page).encode())
        self._transport.close()


def _accepted(stream: int) -> bytes:
    return b"".join(
        (
            h2_frames.frame(h2_frames.HEADERS, h2_frames.END_HEADERS, stream, _HEADERS),
            h2_frames.frame(h2_frames.DATA, 0, stream, _EMPTY),
            h2_frames.frame(
                h2_frames.HEADERS,
                h2_frames.END_HEADERS | h2_frames.END_STREAM,
                stream,
                _TRAILERS,
            ),
        )
    )


async def main() -> None:
    """Serve until killed."""
    seen = Seen()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(seen), "127.0.0.1", 0)
    print("{}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
