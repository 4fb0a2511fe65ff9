"""Parsed gRPC request headers. No I/O.

Sources: RFC 9113, 8 (what is malformed); grpc/doc/PROTOCOL-HTTP2.md.
"""

import re
from typing import Final

from msgspec import Struct

from collector.net.h2_hpack import Field
from collector.receiver.policy import (
    CODING,
    HOP_HEADER,
    PASS,
    SIGNAL_BY_METHOD,
    SKIP,
    TIMEOUT,
    HeaderFilter,
    grpc_timeout_seconds,
)

_OF_A_CONNECTION: Final = frozenset(  # RFC 9113, 8.2.2
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"transfer-encoding",
        b"upgrade",
    )
)
# In a name or value that travels on: would break the upstream's connection, which is
# everybody's, or begin another header there. RFC 9113, 8.2.1.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_PSEUDO: Final = frozenset((b":method", b":scheme", b":path", b":authority"))


class RequestHead(Struct, frozen=True, kw_only=True):
    """Parsed headers of a request."""

    fault: bool = False  # against HTTP/2's own rules
    method: bytes = b""
    path: str = ""
    signal: str | None = None  # of an export
    content_type: bytes = b""
    content_bytes: int = -1  # -1 where it is not said
    passed: dict[str, str] = {}  # goes upstream
    authorization: str = ""
    coding: str = ""
    timeout_seconds: float | None = None
    hops: str = ""
    size_bytes: int = 0  # of all names and values


def read_head(fields: list[Field], headers: HeaderFilter) -> RequestHead:
    """Parse request headers; `headers` decides which are forwarded."""
    if (pseudo := _pseudo_headers(fields)) is None:
        return RequestHead(fault=True)
    known = headers.uses
    passed: dict[str, str] = {}
    authorization = coding = timeout = content_type = content_length = b""
    size_bytes = 0
    for raw_name, raw_value in fields:
        size_bytes += len(raw_name) + len(raw_value)
        if raw_name == b"content-type":
            content_type = raw_value
        elif raw_name == b"content-length":
            content_length = raw_value
        use, name = known.get(raw_name) or headers.use_of(raw_name)
        if use == SKIP:
            continue
        if use == PASS:
            if _CONTROL.search(raw_name + raw_value):
                return RequestHead(fault=True)
            value = raw_value.decode("latin-1")
            passed[name] = f"{passed[name]},{value}" if name in passed else value
        elif use == TIMEOUT:
            timeout = raw_value
        elif use == CODING:
            coding = raw_value
        else:
            authorization = raw_value
    path = pseudo[b":path"].decode("latin-1")
    is_number = content_length.isdigit() and len(content_length) < 16
    return RequestHead(
        method=pseudo[b":method"],
        path=path,
        signal=SIGNAL_BY_METHOD.get(path),
        content_type=content_type,
        content_bytes=int(content_length) if is_number else -1,
        passed=passed,
        authorization=authorization.decode("latin-1"),
        coding=coding.decode("latin-1"),
        timeout_seconds=grpc_timeout_seconds(timeout.decode("latin-1")),
        hops=passed.get(HOP_HEADER, ""),
        size_bytes=size_bytes,
    )


def _pseudo_headers(fields: list[Field]) -> dict[bytes, bytes] | None:
    """Return a request's pseudo-headers; None where RFC 9113, 8.2 and 8.3 is broken."""
    pseudo: dict[bytes, bytes] = {}
    are_over = False
    for name, value in fields:
        if name[:1] == b":":
            if are_over or name not in _PSEUDO or name in pseudo:
                return None
            pseudo[name] = value
            continue
        are_over = True
        if name in _OF_A_CONNECTION or name != name.lower() or not name:
            return None
        if name == b"te" and value != b"trailers":
            return None
    if not (pseudo.get(b":method") and pseudo.get(b":path") and b":scheme" in pseudo):
        return None
    return pseudo
