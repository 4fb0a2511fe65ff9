"""gRPC status responses. Source: grpc/doc/PROTOCOL-HTTP2.md."""

from binascii import b2a_base64
from typing import Final
from urllib.parse import quote

from collector.net.h2_hpack import header_field
from collector.net.h2_streams import Stream
from collector.otlp.export_result import ExportResult

STATUS_200: Final = b"\x88"  # an entry of HTTP/2's static table
_RESPONSE: Final = (
    STATUS_200
    + header_field(b"content-type", b"application/grpc")
    + header_field(b"grpc-accept-encoding", b"identity,gzip,deflate,zstd")
)
_OK: Final = header_field(b"grpc-status", b"0")
_EMPTY_MESSAGE: Final = bytes(5)
_READABLE: Final = " !\"#$&'()*+,/:;<=>?@[\\]^`{|}"  # in grpc-message, as it is


def grpc_trailers(answer: ExportResult) -> list[tuple[bytes, bytes]]:
    """Return the trailers for a refused call."""
    trailers = [(b"grpc-status", str(answer.code).encode())]
    if answer.message:
        text = quote(answer.message, safe=_READABLE).encode()
        trailers.append((b"grpc-message", text))
    if answer.details:
        details = base64_header(answer.details)
        trailers.append((b"grpc-status-details-bin", details))
    return trailers


def base64_header(data: bytes) -> bytes:
    """Encode the value of a `-bin` header."""
    return b2a_base64(data, newline=False).rstrip(b"=")


def send_answer(stream: Stream, answer: ExportResult) -> None:
    """Write a gRPC response: message and status, or the status alone."""
    if answer.code == 0:
        body = answer.body
        framed = b"\0" + len(body).to_bytes(4, "big") + body if body else _EMPTY_MESSAGE
        stream.finish(_RESPONSE, framed, _OK)
    else:
        status = [header_field(*field) for field in grpc_trailers(answer)]
        stream.send(_RESPONSE + b"".join(status), is_all=True)
