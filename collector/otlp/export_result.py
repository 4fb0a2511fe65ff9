"""Export results as gRPC and HTTP responses.

No decisions are made here: `forward` returns the upstream's result, receivers write it.
The tables preserve whether a failure is retryable or permanent when the two sides use
different protocols. OTLP 1.9, "Failures".
"""

import base64
import json
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

from collector.otlp.signals import Encoding

OK: Final = 0
CANCELLED: Final = 1
INVALID_ARGUMENT: Final = 3
DEADLINE_EXCEEDED: Final = 4
PERMISSION_DENIED: Final = 7
RESOURCE_EXHAUSTED: Final = 8
FAILED_PRECONDITION: Final = 9
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14
UNAUTHENTICATED: Final = 16

CODE_NAMES: Final = (  # by code
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
)

# Without RetryInfo, RESOURCE_EXHAUSTED is refused for good; see `is_retryable`.
_RETRYABLE_CODES: Final = frozenset((1, 4, 10, 11, 14, 15))
_RETRYABLE_HTTP: Final = frozenset((429, 502, 503, 504))

# The same choices as the OpenTelemetry Collector's HTTP receiver, so that a client
# sees no difference when it is moved from one to the other.
_HTTP_BY_CODE: Final = {
    OK: 200,
    INVALID_ARGUMENT: 400,
    PERMISSION_DENIED: 403,
    RESOURCE_EXHAUSTED: 429,
    FAILED_PRECONDITION: 400,
    UNIMPLEMENTED: 404,
    UNAUTHENTICATED: 401,
    **dict.fromkeys(_RETRYABLE_CODES, 503),
}
_CODE_BY_HTTP: Final = {
    400: INVALID_ARGUMENT,
    401: UNAUTHENTICATED,
    403: PERMISSION_DENIED,
    404: UNIMPLEMENTED,
    413: RESOURCE_EXHAUSTED,
    **dict.fromkeys(_RETRYABLE_HTTP, UNAVAILABLE),
}
_RETRY_INFO: Final = b"type.googleapis.com/google.rpc.RetryInfo"
MEDIA_TYPES: Final[dict[Encoding, str]] = {
    "protobuf": "application/x-protobuf",
    "json": "application/json",
}


class ExportResult(Struct, frozen=True, kw_only=True):
    """Outcome of one export request. `code` 0 is full or partial success."""

    code: int = OK  # gRPC status code
    message: str = ""
    details: bytes = b""  # a serialised google.rpc.Status, as gRPC's trailer carries it
    retry_after: str = ""  # HTTP's Retry-After: seconds, or a date
    body: bytes = b""  # the Export…ServiceResponse, or the body of an HTTP refusal
    encoding: Encoding = "protobuf"  # of `body`
    http_status: int = 0  # the upstream's own; 0 where the answer did not come by HTTP
    content_type: str = ""  # the upstream's own, with `http_status`


ACCEPTED: Final = ExportResult()
ACCEPTED_JSON: Final = ExportResult(body=b"{}", encoding="json")


def refusal(code: int, message: str, retry_seconds: int = 0) -> ExportResult:
    """Create a local refusal; `retry_seconds` is the suggested retry delay."""
    details = b""
    if retry_seconds:
        delay = _field(1, _field(1, _varint(retry_seconds), wire_type=0))
        retry_info = _field(1, _RETRY_INFO) + _field(2, delay)
        details = status_message(code, message) + _field(3, retry_info)
    return ExportResult(
        code=code,
        message=message,
        details=details,
        retry_after=str(retry_seconds) if retry_seconds else "",
    )


def is_retryable(answer: ExportResult) -> bool:
    """Whether OTLP allows the client to retry the request."""
    if answer.http_status:
        return answer.http_status in _RETRYABLE_HTTP
    if answer.code == RESOURCE_EXHAUSTED:
        return _RETRY_INFO in answer.details
    return answer.code in _RETRYABLE_CODES


def http_status(answer: ExportResult) -> int:
    """Return the upstream's HTTP status, or the one mapped from its code."""
    return answer.http_status or _HTTP_BY_CODE.get(answer.code, 500)


def http_retry_after(answer: ExportResult) -> str:
    """Return the value of Retry-After; empty if the result has no delay."""
    if answer.retry_after or _RETRY_INFO not in answer.details:
        return answer.retry_after
    seconds = _retry_delay_seconds(answer.details)
    return "" if seconds is None else str(max(1, round(seconds + 0.499)))


def http_body(answer: ExportResult, encoding: Encoding) -> tuple[bytes, str]:
    """Return body and media type for an HTTP client that uses `encoding`.

    A success of the other encoding has been converted before; see `forward`.
    """
    if answer.http_status and (answer.body or answer.code == OK):
        return answer.body, answer.content_type or MEDIA_TYPES[answer.encoding]
    if answer.code == OK:
        return answer.body, MEDIA_TYPES[encoding]
    if encoding == "protobuf":
        whole = answer.details or status_message(answer.code, answer.message)
        return whole, MEDIA_TYPES[encoding]
    status: dict[str, object] = {"code": answer.code, "message": answer.message}
    if retry := http_retry_after(answer):
        status["details"] = [{"@type": _RETRY_INFO.decode(), "retryDelay": f"{retry}s"}]
    return json.dumps(status).encode(), MEDIA_TYPES[encoding]


def from_http(
    status: int,
    body: bytes,
    content_type: str,
    retry_after: str,
    *,
    now_seconds: float,
) -> ExportResult:
    """Parse an upstream's HTTP response; kept verbatim for HTTP clients."""
    encoding: Encoding = "json" if "json" in content_type else "protobuf"
    readable = "json" in content_type or "protobuf" in content_type
    code, message, details = OK, "", b""
    if status >= 300:
        code = _CODE_BY_HTTP.get(
            status, INTERNAL if status >= 500 else INVALID_ARGUMENT
        )
        message = _message_of(body, encoding) if readable else ""
        message = message or f"upstream answered HTTP {status}"
        if (seconds := _seconds(retry_after, now_seconds)) is not None:
            details = refusal(code, message, seconds).details
    return ExportResult(
        code=code,
        message=message,
        details=details,
        retry_after=retry_after,
        body=body,
        encoding=encoding,
        http_status=status,
        content_type=content_type,
    )


def status_message(code: int, message: str) -> bytes:
    """Serialise a google.rpc.Status without details."""
    return _field(1, _varint(code), wire_type=0) + _field(2, message.encode())


def _seconds(retry_after: str, now_seconds: float) -> int | None:
    """Read Retry-After: whole seconds or an HTTP date; at least 1, None if neither."""
    if retry_after.strip().isdecimal():
        return min(max(1, int(retry_after)), 86_400)
    try:
        when = parsedate_to_datetime(retry_after).timestamp()
    except (TypeError, ValueError):
        return None
    return min(max(1, round(when - now_seconds)), 86_400)


def _message_of(body: bytes, encoding: Encoding) -> str:
    """Find the text in a google.rpc.Status; empty where the body is none."""
    if encoding == "json":
        try:
            text = json.loads(body).get("message", "")
        except (ValueError, AttributeError, RecursionError):
            return ""
        return text[:4096] if isinstance(text, str) else ""
    for number, value in _fields(body):
        if number == 2 and isinstance(value, bytes):
            return value[:4096].decode("utf-8", "replace")
    return ""


def _retry_delay_seconds(details: bytes) -> float | None:
    for number, entry in _fields(details):
        if number != 3 or not isinstance(entry, bytes):
            continue
        any_message = dict(_fields(entry))
        if any_message.get(1) != _RETRY_INFO:
            continue
        retry_info = any_message.get(2, b"")
        delay = (
            dict(_fields(retry_info)).get(1) if isinstance(retry_info, bytes) else b""
        )
        parts = dict(_fields(delay)) if isinstance(delay, bytes) else {}
        whole, nanos = parts.get(1, 0), parts.get(2, 0)
        if isinstance(whole, int) and isinstance(nanos, int) and whole < 86_400:
            return whole + nanos / 1e9
    return None


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _field(number: int, value: bytes, wire_type: int = 2) -> bytes:
    length = _varint(len(value)) if wire_type == 2 else b""
    return _varint(number << 3 | wire_type) + length + value


def _fields(message: bytes) -> list[tuple[int, int | bytes]]:
    """Read varint and length-delimited fields; stops quietly at anything else."""
    found: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(message):
        tag, at = read_varint(message, at)
        value, at = read_varint(message, at)
        if at < 0 or tag & 7 not in (0, 2):
            break
        if tag & 7 == 0:
            found.append((tag >> 3, value))
            continue
        if at + value > len(message):
            break
        found.append((tag >> 3, message[at : at + value]))
        at += value
    return found


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the varint at `at` and its end offset; -1 if it is truncated."""
    value = shift = 0
    while 0 <= at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, -1


def details_from_header(text: str) -> bytes:
    """Decode a `-bin` header value; empty if it is not base64."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""
