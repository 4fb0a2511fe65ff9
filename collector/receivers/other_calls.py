"""Requests of the gRPC listener that are no exports: services, and what is no gRPC."""

import asyncio
import logging
from typing import Any, Final

from collector.admission import Reservation
from collector.answer import UNAVAILABLE, UNIMPLEMENTED, refusal
from collector.http2_frames import CANCEL, ENHANCE_YOUR_CALM, PROTOCOL_ERROR
from collector.http2_headers import header_field
from collector.receivers.grpc_answers import STATUS_200, send_answer
from collector.receivers.grpc_head import RequestHead
from collector.receivers.grpc_services import GrpcServices
from collector.receivers.http2_streams import WRONG_PORT, Stream
from collector.receivers.reception import Reception

log = logging.getLogger(__name__)

# What a call to a service may have unread.
_UNREAD_BYTES: Final = 128 * 1024
_NO_GRPC: Final = header_field(b":status", b"415") + header_field(
    b"content-length", str(len(WRONG_PORT)).encode()
)


class Elsewhere:
    """A request that is no gRPC: told so once it is whole."""

    def __init__(self, stream: Stream, head: RequestHead) -> None:
        self._stream, self._head = stream, head
        self._left = head.content_bytes

    def take(self, piece: bytes, *, is_last: bool) -> None:
        """Drop the body."""
        self._left -= len(piece)
        if is_last and self._head.content_bytes >= 0 and self._left:
            self._stream.reset(PROTOCOL_ERROR)
        elif is_last:
            self._stream.send(_NO_GRPC)
            self._stream.send_data(WRONG_PORT, is_all=True)

    def look(self, now_seconds: float) -> None:
        """Do nothing: nothing is held."""

    def gone(self) -> None:
        """Do nothing: nothing is held."""


class ServiceCall:
    """A call to health or reflection, played to them as ASGI events."""

    def __init__(
        self,
        reception: Reception,
        services: GrpcServices,
        stream: Stream,
        head: RequestHead,
    ) -> None:
        self._reception, self._services = reception, services
        self._stream, self._head = stream, head
        self._reserved = Reservation(reception.admission)
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._unread_bytes = 0
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> bool:
        """Start to answer; False: refused."""
        if not self._reserved.grow_to(self._head.size_bytes):
            send_answer(self._stream, refusal(UNAVAILABLE, "too many bytes in flight"))
            return False
        self._task = asyncio.get_running_loop().create_task(self._answer())
        return True

    def take(self, piece: bytes, *, is_last: bool) -> None:
        """Queue a piece of the questions."""
        self._unread_bytes += len(piece)
        held = self._reserved.grow_to(self._head.size_bytes + self._unread_bytes)
        if self._unread_bytes > _UNREAD_BYTES or not held:
            self._stream.reset(ENHANCE_YOUR_CALM)
            self.gone()
            return
        event = {"type": "http.request", "body": piece, "more_body": not is_last}
        self._events.put_nowait(event)

    def look(self, now_seconds: float) -> None:
        """Do nothing: a watcher may stay as long as it likes."""

    def gone(self) -> None:
        """Tell the service that nobody listens."""
        self._events.put_nowait({"type": "http.disconnect"})
        if self._task is not None:
            self._task.cancel()

    async def _answer(self) -> None:
        stream = self._stream
        try:
            path = self._head.path
            if not await self._services.answer(path, self._receive, self._send):
                send_answer(stream, refusal(UNIMPLEMENTED, "no such method"))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - a question, not the relay, failed
            log.warning("a service failed", extra={"why": type(error).__name__})
            stream.reset(CANCEL)
        finally:
            self._reserved.release()

    async def _receive(self) -> dict[str, Any]:
        event = await self._events.get()
        self._unread_bytes -= len(event.get("body", b""))
        return event

    async def _send(self, event: dict[str, Any]) -> None:
        stream, kind = self._stream, event["type"]
        if kind == "http.response.start":
            fields = [header_field(*field) for field in event["headers"]]
            stream.send(STATUS_200 + b"".join(fields))
        elif kind == "http.response.body":
            stream.send_data(event["body"])
            await stream.sent()
        else:
            stream.end(b"".join(header_field(*field) for field in event["headers"]))
