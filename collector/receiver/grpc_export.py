"""gRPC calls over HTTP/2, primarily OTLP exports.

The path of an export is the hot one and is written for few Python steps. Source:
grpc/doc/PROTOCOL-HTTP2.md.
"""

from typing import Final

from collector.net.h2_frames import PROTOCOL_ERROR
from collector.net.h2_hpack import Field
from collector.net.h2_streams import STREAM_WINDOW, Stream
from collector.net.listener import IncomingRequest
from collector.otlp.export_result import ExportResult
from collector.receiver.export import Export
from collector.receiver.grpc_headers import RequestHead, read_head
from collector.receiver.grpc_other_calls import NotGrpcRequest, ServiceCall
from collector.receiver.grpc_services import GrpcServices
from collector.receiver.grpc_status import send_answer
from collector.receiver.policy import ReceiverPolicy, RefusedError

# A header block beyond this is held against the memory budget, like a body.
_FREE_HEAD_BYTES: Final = 1024


class GrpcExportService:
    """Request handling of the gRPC listener; a `Service` of `h2_server.py`."""

    def __init__(self, reception: ReceiverPolicy, services: GrpcServices) -> None:
        self._reception, self._services = reception, services

    def understand(self, fields: list[Field]) -> RequestHead:
        """Parse the request headers."""
        return read_head(fields, self._reception.headers)

    def open(self, stream: Stream, head: RequestHead) -> IncomingRequest | None:
        """Start a call."""
        if head.signal is not None:
            export = _Export(self._reception, stream, head, head.signal)
            return export if export.begin() else None
        if head.fault:
            stream.reset(PROTOCOL_ERROR)
        elif not head.content_type.startswith(b"application/grpc"):
            return NotGrpcRequest(stream, head, self._reception.limits.read)
        else:
            call = ServiceCall(self._reception, self._services, stream, head)
            return call if call.begin() else None
        return None


class _Export(Export):
    """One export request over gRPC: a message behind five bytes."""

    __slots__ = ("_coding", "_expected", "_head", "_read", "_stream")
    protocol = "grpc"

    def __init__(
        self, reception: ReceiverPolicy, stream: Stream, head: RequestHead, signal: str
    ) -> None:
        super().__init__(reception, signal, head.passed)
        self._stream, self._head = stream, head
        self._expected = -1  # bytes of the message, once its five bytes are here
        self._coding = ""
        self._read = 0

    def begin(self) -> bool:
        """Authorise before any of the body is read; False: refused."""
        head = self._head
        try:
            if head.size_bytes > _FREE_HEAD_BYTES:
                self._reserve(head.size_bytes)
            self.reception.admit(head.authorization, head.hops)
        except RefusedError as error:
            self.refuse(error)
            return False
        return True

    def on_data(self, piece: bytes, *, is_last: bool) -> None:
        """Receive a piece of the message; the last one triggers forwarding."""
        try:
            body = self._message(piece, is_last=is_last)
        except RefusedError as error:
            self.refuse(error)
            return
        if body is not None:
            self.pass_on(body, "protobuf", self._head.timeout_seconds, self._coding)

    def answer(self, answer: ExportResult) -> None:
        """Write the gRPC response."""
        send_answer(self._stream, answer)

    def _message(self, piece: bytes, *, is_last: bool) -> bytes | None:
        """Return the message once it is whole, compressed as it was sent."""
        reception = self.reception
        if self._expected < 0:
            piece = self.whole(piece)
            if len(piece) < 5:
                if is_last:
                    raise reception.undecodable("no message in a unary call")
                self.keep(piece)
                return None
            self._expect(int.from_bytes(piece[1:5], "big"), is_packed=piece[0] != 0)
            piece = piece[5:]
        self._read += len(piece)
        if not self.reserved.grow_to(self._read):
            raise reception.overloaded()
        if self._read > self._expected or (is_last and self._read < self._expected):
            raise reception.undecodable("not one message in the call")
        if not is_last:
            self.keep(piece)
            return None
        return self.whole(piece)

    def _expect(self, size_bytes: int, *, is_packed: bool) -> None:
        """Accept a message of this size; memory is reserved as it arrives."""
        reception, head = self.reception, self._head
        if size_bytes > reception.limits.message:
            raise reception.too_large()
        if head.content_bytes not in (-1, size_bytes + 5):
            raise reception.undecodable("the message is not as long as was said")
        self._expected = size_bytes
        if is_packed:
            self._coding = head.coding or "none"
        if size_bytes + 5 > STREAM_WINDOW:
            self._stream.open_window(size_bytes + 5 - STREAM_WINDOW)

    def _reserve(self, size_bytes: int) -> None:
        if not self.reserved.grow_to(size_bytes):
            raise self.reception.overloaded()
