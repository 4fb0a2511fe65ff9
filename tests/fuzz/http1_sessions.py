"""A fuzz target: damaged sessions into the HTTP/1.1 server.

`make fuzz TARGET=http1_sessions SECONDS=60 SEED=1` damages requests as clients send
them, cuts them anywhere, and lets time pass. An exception of any kind, or anything held
once the client has left, ends the run and leaves the session in `fuzz-failure.http1`;
`again` plays it once more.
"""

import asyncio
import gzip
import math
import random
import sys
from pathlib import Path

from fakes.framed_wire import Wire
from fakes.grpc_caller import Caller
from fuzz.playing import from_command_line, play_again, play_for

from collector.net.http1_server import Http1Connection
from collector.net.listener import ListenerState
from collector.otlp.export_result import ExportResult
from collector.receiver.http_export import HttpExportService

BODY = b"\x0a\x03abc"
_PACKED = gzip.compress(BODY, mtime=0)
_OTLP = b"Host: x\r\nContent-Type: application/x-protobuf\r\n"
_H2C = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
)
REQUESTS = (
    b"POST /v1/traces HTTP/1.1\r\n" + _OTLP + b"Content-Length: 5\r\n\r\n" + BODY,
    b"POST /v1/logs HTTP/1.1\r\n"
    + _OTLP
    + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\n"
    + BODY
    + b"\r\n0\r\nx-checksum: 1\r\n\r\n",
    b"POST http://[x/v1/traces?a HTTP/1.1\r\n"
    + _OTLP
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_PACKED)
    + _PACKED,
    b"POST /v1/metrics HTTP/1.1\r\n"
    + _OTLP
    + _H2C
    + b"Content-Length: 5\r\n\r\n"
    + BODY,
    b"GET /v1/traces HTTP/1.1\r\nHost: x\r\n" + _H2C + b"\r\n",
    b"HEAD /v1/traces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)
_ODD = (b"\r\n", b"\0", b": ", b"chunked", b"Content-Length: 5\r\n", b"0\r\n\r\n", b" ")


def mutated(rng: random.Random) -> bytes:
    """Return one to five requests, damaged in up to five places."""
    data = bytearray(b"".join(rng.choices(REQUESTS, k=rng.randint(1, 5))))
    for _ in range(rng.randint(0, 5)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                del data[at : at + rng.randint(1, 30)]
            case 2:
                piece = data[at : at + rng.randint(1, 200)]
                data[at:at] = piece * rng.choice((1, 1, 2, 400))
            case 3:
                data[at:at] = rng.choice(_ODD)
            case _:
                other = rng.choice(REQUESTS)
                data[at:at] = other[: rng.randrange(len(other))]
    return bytes(data)


async def play(data: bytes, rng: random.Random) -> None:
    """Play one session to its end; AssertionError where something is left of it."""
    failed: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: failed.append(str(context)))
    caller = Caller(greets=False)  # for its reception and its handler
    caller.answer = rng.choice((ExportResult(), ExportResult(body=b"x" * 70_000)))
    caller.hold = asyncio.Event() if rng.random() < 0.3 else None
    shared = ListenerState(caller.monotonic_seconds, lambda _reason: None, 20.0, 100)
    connection = Http1Connection(HttpExportService(caller.reception), shared)
    transport = Wire()
    connection.connection_made(transport)
    at = 0
    while at < len(data) and not transport.closing:
        size = rng.choice((1, 3, 20, 200, 10**6))
        connection.data_received(data[at : at + size])
        at += size
        match rng.randrange(12):
            case 0:
                caller.now_seconds += rng.choice((0.1, 1, 25, 200))
                connection.check_timeouts(caller.now_seconds)
            case 1:
                connection.pause_writing()
                connection.resume_writing()
            case 2:
                connection.start_drain()
            case 3 if caller.hold is not None:
                caller.hold.set()
            case 4 | 5 | 6:
                await asyncio.sleep(0)
    if not transport.closing:
        connection.eof_received()
    for _ in range(3):
        await asyncio.sleep(0)
    transport.closing = True
    connection.connection_lost(None)
    for _ in range(6):
        await asyncio.sleep(0)
    assert failed == []
    assert caller.admission.reserved_bytes == 0
    assert shared.connections == set()


def run(seconds: float, seed: int, keep: Path, sessions: float = math.inf) -> int:
    """Fuzz for so long or so many; return the sessions played. Raises what it finds."""
    return play_for((seconds, sessions), random.Random(seed), keep, mutated, play)


def again(kept: bytes) -> None:
    """Play once more what a run has kept."""
    play_again(kept, play)


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    return from_command_line(__doc__, run, "fuzz-failure.http1", "sessions", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
