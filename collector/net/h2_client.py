"""HTTP/2 client connection: concurrent requests to one upstream.

Supports complete requests and responses only: no push, no priorities.
`grpc.py` adds gRPC semantics; docs/adr/0015-an-http2-client-of-our-own.md explains
why it is ours. Source: RFC 9113; frames are in `h2_frames.py`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from collector.net import h2_frames
from collector.net.h2_call import (
    ANSWER_BYTES,
    OPENING,
    WINDOW_STEP,
    BrokenCallError,
    Call,
    Reply,
    joined_headers,
)
from collector.net.h2_hpack import TABLE_BYTES, HeaderReader
from collector.net.write_buffer import WriteBuffer

# Streams are numbered upwards and never again: past this a connection is replaced.
_LAST_STREAM: Final = 2**30
_FIRST_LIMIT: Final = 100  # calls at once, until the other side says its own
# Asked for a sign of life where calls wait and nothing came for so long.
_KEEPALIVE_SECONDS: Final = 60.0
_KEEPALIVE_TIMEOUT_SECONDS: Final = 20.0


class Http2Connection(asyncio.Protocol):
    """Sends requests and matches responses to them.

    `on_end` is called once, when the connection accepts no more requests; requests in
    flight may still be answered. Its argument: whether the peer ever sent anything.
    """

    def __init__(self, on_end: Callable[[bool], None]) -> None:
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._writer = WriteBuffer()
        self._write = self._writer.write
        self._usable = False
        self._heard = False  # anything from the other side; reset by keep-alive
        self._greeted = False
        self._calls: dict[int, Call] = {}
        self._queued: deque[Call] = deque()  # above the other side's limit of calls
        self._stalled: dict[int, Call] = {}  # not all sent: the windows are closed
        self._next_stream = 1
        self._limit = _FIRST_LIMIT
        self._window = self._first_window = h2_frames.FIRST_WINDOW
        self._frame_size = h2_frames.FIRST_FRAME_SIZE
        self._writable = True
        self._used = 0  # bytes of our window since it was last opened
        self._reader = HeaderReader(joined_headers, TABLE_BYTES)
        self._keep_alive: asyncio.TimerHandle | None = None
        handlers = {
            h2_frames.DATA: self._on_data,
            h2_frames.HEADERS: self._on_headers,
            h2_frames.RST_STREAM: self._on_reset,
            h2_frames.SETTINGS: self._on_settings,
            h2_frames.PUSH_PROMISE: self._on_push_promise,
            h2_frames.PING: self._on_ping,
            h2_frames.GOAWAY: self._on_goaway,
            h2_frames.WINDOW_UPDATE: self._on_window_update,
            h2_frames.CONTINUATION: self._on_continuation,
        }
        self._frames = h2_frames.FrameReader(handlers, lambda: None)

    async def send(
        self, block: bytes, body: tuple[bytes, ...], timeout_seconds: float
    ) -> Reply:
        """Send a header block and a body in pieces; return the response.

        Cancelling resets the stream, so the peer can stop working on it.

        Raises:
            BrokenCallError: no answer, or none in time.
        """
        call = Call(block, body, self._loop.create_future())
        timer = self._loop.call_later(timeout_seconds, self._expire, call)
        if not self._usable:
            self._fail(call, "broke off")
        elif len(self._calls) < self._limit:
            self._start(call)
        else:
            self._queued.append(call)
        try:
            return await call.reply
        except asyncio.CancelledError:
            self._abandon(call)
            raise
        finally:
            timer.cancel()

    def close(self) -> None:
        """Close the connection immediately; calls in flight fail. Idempotent."""
        self._stop_taking()
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        self._write(h2_frames.frame(h2_frames.GOAWAY, 0, 0, bytes(8)))
        self._writer.close()
        for call in (*self._calls.values(), *self._queued):
            self._fail(call, "broke off")
        self._calls.clear()
        self._queued.clear()
        self._stalled.clear()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the connection preface; requests need not wait for the peer's."""
        self._writer.connect(transport)
        self._usable = True
        self._write(OPENING)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - all alike
        """Fail the calls in flight."""
        self.close()

    def pause_writing(self) -> None:
        """Pause sending bodies while the socket's write buffer is full."""
        self._writable = False

    def resume_writing(self) -> None:
        """Resume sending bodies."""
        self._writable = True
        self._send_stalled()

    def data_received(self, data: bytes) -> None:
        """Process all complete frames."""
        self._heard = True
        try:
            self._frames.take(data)
        except (h2_frames.ProtocolError, IndexError):
            self.close()

    # Sending.

    def _start(self, call: Call) -> None:
        call.stream, call.window = self._next_stream, self._first_window
        self._next_stream += 2
        self._calls[call.stream] = call
        if call.stream >= _LAST_STREAM:
            self._stop_taking()
        flags = h2_frames.END_HEADERS
        if len(call.unsent) == 1 and self._fits(size := len(call.unsent[0]), call):
            # Nearly every request: all of it in one piece, and no window to wait for.
            self._window -= size
            stream, body = call.stream, call.unsent.popleft()
            self._write(
                b"".join(
                    (
                        h2_frames.head(
                            len(call.block), h2_frames.HEADERS, flags, stream
                        ),
                        call.block,
                        h2_frames.head(
                            size, h2_frames.DATA, h2_frames.END_STREAM, stream
                        ),
                        body,
                    )
                )
            )
            return
        self._write(h2_frames.block_frames(flags, call.stream, call.block))
        self._send_more(call)

    def _fits(self, size: int, call: Call) -> bool:
        return (
            size <= self._frame_size
            and len(call.block) <= h2_frames.FIRST_FRAME_SIZE
            and size <= self._window
            and size <= call.window
            and self._writable
        )

    def _send_more(self, call: Call) -> None:
        """Send as much of a body as the windows take; the rest waits for them."""
        unsent = call.unsent
        while unsent:
            piece = unsent[0]
            size = min(len(piece), self._frame_size, self._window, call.window)
            if (size <= 0 and len(piece)) or not self._writable:
                self._stalled[call.stream] = call
                return
            self._window -= size
            call.window -= size
            if size == len(piece):
                unsent.popleft()
            else:
                unsent[0] = piece[size:]
            flags = 0 if unsent else h2_frames.END_STREAM
            self._write(h2_frames.head(size, h2_frames.DATA, flags, call.stream))
            self._write(piece[:size])
        self._stalled.pop(call.stream, None)

    def _send_stalled(self) -> None:
        for call in list(self._stalled.values()):
            if self._window <= 0 or not self._writable:
                return
            self._send_more(call)

    # Ending calls.

    def _expire(self, call: Call) -> None:
        self._fail(call, "no answer in time")
        self._abandon(call)

    def _fail(self, call: Call, why: str) -> None:
        if not call.reply.done():
            call.reply.set_exception(BrokenCallError(why))

    def _abandon(self, call: Call) -> None:
        """Reset the stream of a call whose response is no longer awaited."""
        if call.stream in self._calls:
            self._write(
                h2_frames.number_frame(
                    h2_frames.RST_STREAM, call.stream, h2_frames.CANCEL
                )
            )
            self._forget(call)
        elif call in self._queued:
            self._queued.remove(call)

    def _forget(self, call: Call) -> None:
        """Free a call's place, for one that waits."""
        del self._calls[call.stream]
        self._stalled.pop(call.stream, None)
        self._start_queued()
        if not self._usable and not self._calls:
            self.close()

    def _start_queued(self) -> None:
        while self._queued and self._usable and len(self._calls) < self._limit:
            self._start(self._queued.popleft())

    def _finish(self, call: Call, trailers: dict[str, str]) -> None:
        if call.unsent:
            # Answered before it had everything: it does not want the rest.
            self._write(
                h2_frames.number_frame(
                    h2_frames.RST_STREAM, call.stream, h2_frames.NO_ERROR
                )
            )
        headers = trailers if call.headers is None else call.headers
        if not call.reply.done():
            call.reply.set_result(Reply(headers, call.answer, trailers))
        self._forget(call)

    def _stop_taking(self) -> None:
        if self._usable:
            self._usable = False
            self._on_end(self._greeted)

    # Taking frames: flags, stream, payload.

    def _on_data(self, flags: int, stream: int, payload: bytes) -> None:
        self._used += len(payload)
        if self._used >= WINDOW_STEP:
            self._write(h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 0, self._used))
            self._used = 0
        call = self._calls.get(stream)
        if call is None:
            return  # of a call that was given up
        call.answer += h2_frames.without_padding(flags & h2_frames.PADDED, payload)
        if len(call.answer) > ANSWER_BYTES:
            self._fail(call, "the answer has no end")
            self._abandon(call)
        elif flags & h2_frames.END_STREAM:
            self._finish(call, {})

    def _on_headers(self, flags: int, stream: int, payload: bytes) -> None:
        block = h2_frames.without_padding(flags, payload) if flags & 0x28 else payload
        if flags & h2_frames.END_HEADERS:
            self._on_header_block(flags, stream, block)
        else:
            self._frames.begin_block(flags, stream, block)

    def _on_continuation(self, flags: int, stream: int, payload: bytes) -> None:
        whole = self._frames.continue_block(flags, stream, payload)
        if whole is not None:
            self._on_header_block(whole[0], stream, whole[1])

    def _on_header_block(self, flags: int, stream: int, block: bytes) -> None:
        headers = self._reader.read(block)  # each one: they may build on one another
        call = self._calls.get(stream)
        if call is None:
            return
        if flags & h2_frames.END_STREAM:
            self._finish(call, headers)
        elif not headers.get(":status", "").startswith("1"):
            call.headers = headers

    def _on_reset(self, _flags: int, stream: int, _payload: bytes) -> None:
        if (call := self._calls.get(stream)) is not None:
            self._fail(call, "broke off")
            self._forget(call)

    def _on_settings(self, flags: int, _stream: int, payload: bytes) -> None:
        self._greeted = True
        if flags & h2_frames.ACK:
            return
        for setting, value in h2_frames.read_settings(payload):
            if setting == h2_frames.MAX_CONCURRENT_STREAMS:
                self._limit = value
            elif setting == h2_frames.MAX_FRAME_SIZE:
                self._frame_size = value
            elif setting == h2_frames.INITIAL_WINDOW_SIZE:
                for call in self._calls.values():
                    call.window += value - self._first_window
                self._first_window = value
        self._write(h2_frames.frame(h2_frames.SETTINGS, h2_frames.ACK, 0))
        self._send_stalled()
        self._start_queued()

    def _on_push_promise(self, _flags: int, _stream: int, _payload: bytes) -> None:
        raise h2_frames.ProtocolError("server push is disabled")

    def _on_ping(self, flags: int, _stream: int, payload: bytes) -> None:
        if not flags & h2_frames.ACK:
            self._write(h2_frames.frame(h2_frames.PING, h2_frames.ACK, 0, payload))

    def _on_goaway(self, _flags: int, _stream: int, payload: bytes) -> None:
        """Take no more; what the other side will not answer is broken."""
        last = int.from_bytes(payload[:4], "big") & 0x7FFFFFFF
        self._stop_taking()
        lost = [call for stream, call in self._calls.items() if stream > last]
        for call in (*lost, *self._queued):
            self._fail(call, "broke off")
        self._queued.clear()
        for call in lost:
            self._forget(call)
        if not self._calls:
            self.close()

    def _on_window_update(self, _flags: int, stream: int, payload: bytes) -> None:
        more = int.from_bytes(payload[:4], "big") & 0x7FFFFFFF
        if stream == 0:
            self._window += more
            self._send_stalled()
        elif (call := self._calls.get(stream)) is not None:
            call.window += more
            if call.stream in self._stalled:
                self._send_more(call)

    # Keep-alive.

    def _watch(self) -> None:
        self._heard = False
        self._keep_alive = self._loop.call_later(_KEEPALIVE_SECONDS, self._ask)

    def _ask(self) -> None:
        if self._heard or not self._calls:
            self._watch()
            return
        self._write(h2_frames.frame(h2_frames.PING, 0, 0, bytes(8)))
        self._keep_alive = self._loop.call_later(
            _KEEPALIVE_TIMEOUT_SECONDS, self._give_up_silent
        )

    def _give_up_silent(self) -> None:
        if self._heard:
            self._watch()
        else:
            self.close()
