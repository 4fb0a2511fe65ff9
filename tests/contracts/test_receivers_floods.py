"""HTTP/2 used as a weapon: what one connection may cost, on every row of ENGINES.

Frames are written by hand, since no client library sends these. RFC 9113.
"""

import asyncio
import contextlib
import socket
import struct
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from fakes.served_receiver import BODY, grpc_client, serving
from fakes.waiting import holds, until

from collector.config.relay import LimitsConfig
from collector.otlp.signals import SIGNALS
from snaptrace.runtime.config import ByteSize, Duration

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_HEADERS = 4
# Far above what the bounds of one connection allow, far below what was sent at it.
GROWTH_BYTES = 48 * 2**20


def frame(kind, flags, stream, payload=b""):
    return (
        struct.pack(">I", len(payload))[1:]
        + struct.pack(">BBI", kind, flags, stream)
        + payload
    )


def field(name, value):
    """Encode a header literally, without indexing: RFC 7541, 6.2.2."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def export_headers():
    fields = {
        b":method": b"POST",
        b":scheme": b"http",
        b":path": SIGNALS["traces"].grpc_method.encode(),
        b":authority": b"localhost",
        b"content-type": b"application/grpc",
        b"te": b"trailers",
    }
    return b"".join(field(name, value) for name, value in fields.items())


class Attacker:
    """One raw connection that says what it likes, and may or may not listen."""

    def __init__(self, address):
        self._host, _, port = address.rpartition(":")
        self._port = int(port)

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(self._host, self._port)
        self.writer.write(PREFACE + frame(SETTINGS, 0, 0))
        return self

    async def __aexit__(self, *_):
        self.writer.transport.abort()

    async def send(self, data):
        """Send while the server takes it; False once it no longer does."""
        try:
            self.writer.write(data)
            async with asyncio.timeout(2):
                await self.writer.drain()
        except (OSError, TimeoutError):
            return False
        return not self.writer.transport.is_closing()


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def still_serves(served):
    async with grpc_client(served) as call:
        assert await call("traces", BODY) == b""


async def test_rapid_resets_cost_nothing_lasting(engine):
    """One client that opens and resets streams would take the relay down."""
    async with serving(engine) as served:
        await still_serves(served)
        before = resident_bytes()
        async with Attacker(served.addresses["grpc"]) as attacker:
            opened = export_headers()
            for burst in range(200):
                first = 1 + burst * 200
                frames = [
                    frame(HEADERS, END_HEADERS, stream, opened)
                    + frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
                    for stream in range(first, first + 200, 2)
                ]
                if not await attacker.send(b"".join(frames)):
                    break
            await still_serves(served)
        await until(lambda: not served.admission.reserved_bytes, 10)
        assert resident_bytes() - before < GROWTH_BYTES


async def test_streams_of_a_connection_are_bounded(engine):
    """Half-open requests on one connection would pile up without end."""
    limits = LimitsConfig(message=ByteSize(2**20), streams=16)
    async with serving(engine, limits=limits) as served:
        served.hold = asyncio.Event()
        async with Attacker(served.addresses["grpc"]) as attacker:
            opened = export_headers()
            message = b"\0" + len(BODY).to_bytes(4, "big") + BODY
            for stream in range(1, 4000, 2):
                whole = frame(HEADERS, END_HEADERS, stream, opened)
                whole += frame(DATA, 1, stream, message)
                if not await attacker.send(whole):
                    break
            await holds(lambda: len(served.requests) <= 16, 0.2)
            served.hold.set()
        served.hold = None
        await still_serves(served)


@pytest.mark.parametrize("kind", [PING, SETTINGS])
async def test_unread_replies_are_bounded(engine, kind):
    """A client that asks and never reads would have its answers kept for it."""
    async with serving(engine) as served:
        await still_serves(served)
        before = resident_bytes()
        async with Attacker(served.addresses["grpc"]) as attacker:
            payload = b"12345678" if kind == PING else b""
            burst = frame(kind, 0, 0, payload) * 4096
            for _ in range(1000):
                if not await attacker.send(burst):
                    break
            await still_serves(served)
            assert resident_bytes() - before < GROWTH_BYTES


async def test_a_header_block_without_end_is_not_kept(engine):
    """Continuation frames would fill the memory before a request even exists."""
    if engine == "grpcio":
        pytest.skip("gRPC's core was seen to keep 60 MiB of what is on its way")
    async with serving(engine) as served:
        await still_serves(served)
        before = resident_bytes()
        async with Attacker(served.addresses["grpc"]) as attacker:
            await attacker.send(frame(HEADERS, 0, 1, export_headers()))
            more = frame(CONTINUATION, 0, 1, field(b"x-a", b"b" * 100) * 100)
            # 104 MB, for as long as it is taken.
            for _ in range(10_000):
                if not await attacker.send(more):
                    break
            assert resident_bytes() - before < GROWTH_BYTES
        await still_serves(served)
        assert len(served.requests) == 2


@pytest.mark.parametrize("pieces", [1, 40])
async def test_a_grpc_message_that_never_comes_whole_is_given_up(engine, pieces):
    """One stalled call would hold the memory budget, and all others be refused."""
    if engine == "grpcio":
        pytest.skip("grpc hands messages over once they are whole; nothing is reserved")
    limits = LimitsConfig(message=ByteSize(2**20), read=Duration(0.3))
    async with (
        serving(engine, limits=limits) as served,
        Attacker(served.addresses["grpc"]) as attacker,
    ):
        promised = b"\0" + (900_000).to_bytes(4, "big")
        await attacker.send(frame(HEADERS, END_HEADERS, 1, export_headers()))
        await attacker.send(frame(DATA, 0, 1, promised + b"x"))
        await until(lambda: served.admission.reserved_bytes, 5)
        async with asyncio.timeout(5):
            for _ in range(pieces - 1):
                await attacker.send(frame(DATA, 0, 1, b"x"))
                await asyncio.sleep(0.02)
            await until(lambda: not served.admission.reserved_bytes)
        assert served.requests == []
        await still_serves(served)


CHURNED = 2000
IDLE = 200


async def test_connections_that_come_and_go_cost_nothing_lasting(engine):
    """A client that crashes in a loop would take the relay down with it."""
    if engine == "grpcio":
        pytest.skip("gRPC's core was seen to cancel the next client's call")
    async with serving(engine) as served:
        await still_serves(served)
        before = resident_bytes()

        async def come_and_go():
            async with Attacker(served.addresses["grpc"]) as attacker:
                attacker.writer.write(frame(HEADERS, END_HEADERS, 1, export_headers()))
                attacker.writer.write(frame(HEADERS, 0, 3, export_headers()))
                await attacker.reader.read(1)

        for _ in range(CHURNED // 50):
            await asyncio.gather(*(come_and_go() for _ in range(50)))
        await still_serves(served)
        assert resident_bytes() - before < GROWTH_BYTES
        assert served.admission.reserved_bytes == 0


async def test_idle_connections_are_bounded_and_cheap():
    """Clients that connect and do nothing would take all memory, or all places."""
    limits = LimitsConfig(message=ByteSize(2**20), connections=IDLE)
    async with serving("native", limits=limits) as served:
        await still_serves(served)
        before = resident_bytes()
        async with AsyncExitStack() as stack:
            idle = [
                await stack.enter_async_context(Attacker(served.addresses["grpc"]))
                for _ in range(IDLE - 1)
            ]
            for attacker in idle:
                await attacker.reader.readexactly(9)  # it is greeted
            await still_serves(served)  # the last place
            more = [
                await stack.enter_async_context(Attacker(served.addresses["grpc"]))
                for _ in range(5)
            ]
            # The oldest strangers gave way; whoever asks something is served.
            with contextlib.suppress(OSError):
                await asyncio.gather(*(attacker.reader.read() for attacker in idle[:4]))
            await still_serves(served)
            for attacker in more:
                await attacker.reader.readexactly(9)
            assert served.refused("connections") >= 1
            assert resident_bytes() - before < GROWTH_BYTES
        await still_serves(served)


async def test_single_bytes_are_read_and_hold_up_nobody(engine):
    """A client on a strange line would get nothing through, or block the others."""
    said = frame(HEADERS, END_HEADERS, 1, export_headers())
    said += frame(DATA, 1, 1, b"\0" + len(BODY).to_bytes(4, "big") + BODY)
    async with serving(engine) as served, AsyncExitStack() as stack:
        slow = [
            await stack.enter_async_context(Attacker(served.addresses["grpc"]))
            for _ in range(20)
        ]
        for attacker in slow:
            sock = attacker.writer.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(said)):
            for attacker in slow:
                attacker.writer.write(said[at : at + 1])
            await asyncio.sleep(0)
            if at == len(said) // 2:
                await still_serves(served)
        await until(lambda: len(served.requests) >= 21, 10)
        assert [request.body for request in served.requests] == [BODY] * 21
