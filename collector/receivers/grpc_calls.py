"""gRPC calls as they come in over HTTP/2: exports, above all.

The path of an export is the hot one and is written for few Python steps. Source:
grpc/doc/PROTOCOL-HTTP2.md.
"""

import asyncio
from typing import Final

from collector.admission import Reservation
from collector.http2_frames import PROTOCOL_ERROR
from collector.http2_headers import Field
from collector.receivers.grpc_answers import send_answer
from collector.receivers.grpc_head import RequestHead, read_head
from collector.receivers.grpc_services import GrpcServices
from collector.receivers.http2_streams import STREAM_WINDOW, Incoming, Stream
from collector.receivers.other_calls import Elsewhere, ServiceCall
from collector.receivers.reception import Reception, RefusedError
from collector.signals import OtlpRequest

# A header block beyond this is held against the memory budget, like a body.
_FREE_HEAD_BYTES: Final = 1024
# Pieces below this are put together as they come: each object costs as much again.
_SMALL_PIECE_BYTES: Final = 4096


class GrpcCalls:
    """What a connection of the gRPC listener asks; a `Service` of `http2.py`."""

    def __init__(self, reception: Reception, services: GrpcServices) -> None:
        self._reception, self._services = reception, services

    def understand(self, fields: list[Field]) -> RequestHead:
        """Read the headers of a request."""
        return read_head(fields, self._reception.headers)

    def open(self, stream: Stream, head: RequestHead) -> Incoming | None:
        """Begin a call."""
        if head.signal is not None:
            export = _Export(self._reception, stream, head, head.signal)
            return export if export.begin() else None
        if head.fault:
            stream.reset(PROTOCOL_ERROR)
        elif not head.content_type.startswith(b"application/grpc"):
            return Elsewhere(stream, head, self._reception.limits.read)
        else:
            call = ServiceCall(self._reception, self._services, stream, head)
            return call if call.begin() else None
        return None


class _Export:
    """One export request: read, passed on, answered."""

    __slots__ = (
        "_coding",
        "_expected",
        "_head",
        "_pieces",
        "_read",
        "_reception",
        "_reserved",
        "_signal",
        "_started",
        "_stream",
        "_task",
    )

    def __init__(
        self, reception: Reception, stream: Stream, head: RequestHead, signal: str
    ) -> None:
        self._reception, self._stream = reception, stream
        self._head, self._signal = head, signal
        self._reserved = Reservation(reception.admission)
        self._started = reception.clock.monotonic_seconds()
        self._pieces: list[bytes | bytearray] = []
        self._expected = -1  # bytes of the message, once its five bytes are here
        self._coding = ""
        self._read = 0
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> bool:
        """Look at who asks before a byte of the body is read; False: refused."""
        reception, head = self._reception, self._head
        try:
            if head.size_bytes > _FREE_HEAD_BYTES:
                self._reserve(head.size_bytes)
            reception.admit(head.authorization, head.hops)
        except RefusedError as error:
            self._refuse(error)
            return False
        return True

    def take(self, piece: bytes, *, is_last: bool) -> None:
        """Take a piece of the message; with the last one it is passed on."""
        try:
            body = self._message(piece, is_last=is_last)
        except RefusedError as error:
            self._refuse(error)
            return
        if body is not None:
            reception = self._reception
            request = OtlpRequest(
                signal=self._signal,
                encoding="protobuf",
                body=body,
                received_at_ns=reception.clock.now_ns(),
                headers=self._head.passed,
            )
            self._pieces = []
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._pass_on(request))

    def look(self, now_seconds: float) -> None:
        """Give up a message that does not arrive in time."""
        reception = self._reception
        if self._task is None and now_seconds - self._started > reception.limits.read:
            self._refuse(reception.too_slow())

    def gone(self) -> None:
        """Stop: the client has left."""
        if self._task is not None:
            self._task.cancel()
        self._reserved.release()

    def _message(self, piece: bytes, *, is_last: bool) -> bytes | None:
        """Return the message once it is whole, transport coding undone."""
        reception = self._reception
        if self._expected < 0:
            if self._pieces:
                piece = bytes(self._pieces.pop()) + piece
            if len(piece) < 5:
                if is_last:
                    raise reception.undecodable("no message in a unary call")
                self._pieces.append(piece)
                return None
            self._expect(int.from_bytes(piece[1:5], "big"), is_packed=piece[0] != 0)
            piece = piece[5:]
        self._read += len(piece)
        if self._read > self._expected or (is_last and self._read < self._expected):
            raise reception.undecodable("not one message in the call")
        if not is_last:
            self._keep(piece)
            return None
        if self._pieces:
            self._pieces.append(piece)
            piece = b"".join(self._pieces)
        if self._coding:
            return reception.expand(piece, self._coding, self._reserved)
        return piece

    def _expect(self, size_bytes: int, *, is_packed: bool) -> None:
        """Reserve memory for a message of this size, and let it come."""
        reception, head = self._reception, self._head
        if size_bytes > reception.limits.message:
            raise reception.too_large()
        if head.content_bytes not in (-1, size_bytes + 5):
            raise reception.undecodable("the message is not as long as was said")
        self._reserve(size_bytes)
        self._expected = size_bytes
        if is_packed:
            self._coding = head.coding or "none"
        if size_bytes + 5 > STREAM_WINDOW:
            self._stream.open_window(size_bytes + 5 - STREAM_WINDOW)

    def _reserve(self, size_bytes: int) -> None:
        if not self._reserved.grow_to(size_bytes):
            raise self._reception.overloaded()

    def _keep(self, piece: bytes) -> None:
        pieces = self._pieces
        if len(piece) >= _SMALL_PIECE_BYTES:
            pieces.append(piece)
        elif pieces and isinstance(pieces[-1], bytearray):
            pieces[-1] += piece
        else:
            pieces.append(bytearray(piece))

    def _refuse(self, error: RefusedError) -> None:
        self._reserved.release()
        self._pieces = []
        code = error.answer.code
        metrics = self._reception.metrics
        metrics.count_refusal(self._signal, "grpc", code, error.reason)
        send_answer(self._stream, error.answer)

    async def _pass_on(self, request: OtlpRequest) -> None:
        try:
            seconds = self._head.timeout_seconds
            answer = await self._reception.pass_on(request, seconds, "grpc")
        finally:
            self._reserved.release()
        send_answer(self._stream, answer)
