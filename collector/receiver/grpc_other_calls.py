"""Requests of the gRPC listener other than exports: services and non-gRPC requests."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

from collector.net.h2_frames import CANCEL, ENHANCE_YOUR_CALM, PROTOCOL_ERROR
from collector.net.h2_hpack import header_field
from collector.net.h2_streams import STREAM_WINDOW, WRONG_PORT, Stream
from collector.otlp.export_result import UNAVAILABLE, UNIMPLEMENTED, refusal
from collector.receiver.admission import Reservation
from collector.receiver.grpc_headers import RequestHead
from collector.receiver.grpc_services import GrpcServices
from collector.receiver.grpc_status import STATUS_200, send_answer
from collector.receiver.policy import ReceiverPolicy

log = logging.getLogger(__name__)

# What a call to a service may have unread, and what it may ask in all: a service may
# keep it, so it stays reserved until the call has ended.
_UNREAD_BYTES: Final = 128 * 1024
_MOST_BYTES: Final = STREAM_WINDOW
_QUESTION_BYTES: Final = 64 * 1024  # of one message
_RESPONSE: Final = STATUS_200 + header_field(b"content-type", b"application/grpc")
_NO_GRPC: Final = header_field(b":status", b"415") + header_field(
    b"content-length", str(len(WRONG_PORT)).encode()
)


class NotGrpcRequest:
    """A request that is not gRPC; rejected once it is complete."""

    def __init__(self, stream: Stream, head: RequestHead, read_seconds: float) -> None:
        self._stream, self._head = stream, head
        self._left = head.content_bytes
        self._read_seconds, self._ends_at = read_seconds, 0.0

    def on_data(self, piece: bytes, *, is_last: bool) -> None:
        """Discard the body."""
        self._left -= len(piece)
        if is_last and self._head.content_bytes >= 0 and self._left:
            self._stream.reset(PROTOCOL_ERROR)
        elif is_last:
            self._stream.send(_NO_GRPC)
            self._stream.send_data(WRONG_PORT, is_all=True)

    def check_timeouts(self, now_seconds: float) -> None:
        """Abort an unfinished body, which holds only a stream slot."""
        self._ends_at = self._ends_at or now_seconds + self._read_seconds
        if now_seconds > self._ends_at and not self._stream.is_over:
            self._stream.reset(CANCEL)

    def cancelled(self) -> None:
        """Do nothing: no resources are held."""


class ServiceCall:
    """A call to the health or reflection service, whose messages come one by one."""

    def __init__(
        self,
        reception: ReceiverPolicy,
        services: GrpcServices,
        stream: Stream,
        head: RequestHead,
    ) -> None:
        self._reception, self._services = reception, services
        self._stream, self._head = stream, head
        self._reserved = Reservation(reception.admission)
        self._unread = bytearray()  # in one piece: each object costs as much again
        self._read_bytes = 0
        self._is_over = self._has_begun = False
        self._ends_at = 0.0  # seconds; 0: something came since the last check
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # Called by the connection.

    def begin(self) -> bool:
        """Start the response; False: refused."""
        if not self._reserved.grow_to(self._head.size_bytes):
            send_answer(self._stream, refusal(UNAVAILABLE, "too many bytes in flight"))
            return False
        self._task = asyncio.get_running_loop().create_task(self._answer())
        return True

    def on_data(self, piece: bytes, *, is_last: bool) -> None:
        """Queue a piece of the request messages."""
        self._unread += piece
        size = self._read_bytes + len(self._unread)
        held = self._reserved.grow_to(self._head.size_bytes + size)
        if len(self._unread) > _UNREAD_BYTES or size > _MOST_BYTES or not held:
            self._stream.reset(ENHANCE_YOUR_CALM)
            self.cancelled()
            return
        self._is_over, self._ends_at = is_last, 0.0
        self._news.set()

    def check_timeouts(self, now_seconds: float) -> None:
        """Abort unfinished requests; a complete one may stream indefinitely."""
        self._ends_at = self._ends_at or now_seconds + self._reception.limits.read
        if now_seconds > self._ends_at and not self._is_over:
            self._stream.reset(CANCEL)
            self.cancelled()

    def cancelled(self) -> None:
        """Stop answering."""
        if self._task is not None:
            self._task.cancel()
        self._reserved.release()  # a task that has not begun has no `finally`

    async def _answer(self) -> None:
        stream = self._stream
        try:
            if not await self._services.answer(self._head.path, self):
                send_answer(stream, refusal(UNIMPLEMENTED, "no such method"))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - a question, not the relay, failed
            log.warning("a service failed", extra={"why": type(error).__name__})
            stream.reset(CANCEL)
        finally:
            self._reserved.release()

    # Called by the service.

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield request messages; ends at one that is compressed or too long."""
        while True:
            unread = self._unread
            while len(unread) >= 5:
                end = 5 + int.from_bytes(unread[1:5], "big")
                if unread[0] or end > 5 + _QUESTION_BYTES:
                    return
                if len(unread) < end:
                    break
                message = bytes(unread[5:end])
                del unread[:end]
                self._read_bytes += end
                yield message
            if self._is_over:
                return
            self._news.clear()
            await self._news.wait()

    async def send(self, message: bytes) -> None:
        """Send one response message; wait until flow control has let it through."""
        self._begin_response()
        self._stream.send_data(b"\0" + len(message).to_bytes(4, "big") + message)
        await self._stream.sent()

    def finish(self, code: int) -> None:
        """End the response with a status."""
        self._begin_response()
        self._stream.end(header_field(b"grpc-status", str(code).encode()))

    def _begin_response(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._stream.send(_RESPONSE)
