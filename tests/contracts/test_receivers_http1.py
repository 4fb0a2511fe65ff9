"""HTTP/1.1 as odd clients speak it, against the listener that a collector has.

Written by hand, since no client library sends these. RFC 9112.
"""

import asyncio
import re

import pytest
from fakes.served_receiver import serving
from fakes.waiting import holds, until

from collector.config.relay import LimitsConfig
from snaptrace.runtime.config import ByteSize, Duration

FIELDS = b"Host: x\r\nContent-Type: application/x-protobuf\r\n"
BODY = b"\x0a\x03abc"
EXPORT = b"POST /v1/traces HTTP/1.1\r\n" + FIELDS
WHOLE = EXPORT + b"Content-Length: 5\r\n\r\n" + BODY
CHUNKED = EXPORT + b"Transfer-Encoding: chunked\r\n"
UPGRADE = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
)
EXPECT = b"Expect: 100-continue\r\n"

# What is sent, the statuses that come back, whether the connection is closed then, and
# how many requests went through.
SPOKEN = {
    "one": (WHOLE, [200], False, 1),
    "three without waiting": (WHOLE * 3, [200] * 3, False, 3),
    "chunks": (
        CHUNKED + b"\r\n2\r\n\x0a\x03\r\n3;x=1\r\nabc\r\n0\r\nX-T: 1\r\n\r\n" + WHOLE,
        [200, 200],
        False,
        2,
    ),
    "rather HTTP/2": (EXPORT + UPGRADE + WHOLE[len(EXPORT) :] * 1, [200], False, 1),
    "rather HTTP/2, and more": (
        EXPORT + UPGRADE + WHOLE[len(EXPORT) :] + WHOLE,
        [200, 200],
        False,
        2,
    ),
    "asks before it sends": (
        EXPORT + EXPECT + WHOLE[len(EXPORT) :],
        [100, 200],
        False,
        1,
    ),
    "asks, and must not": (
        EXPORT + EXPECT + b"Content-Length: 5000000\r\n\r\n",
        [413],
        True,
        0,
    ),
    "too large, and goes on": (
        EXPORT + b"Content-Length: 2000000\r\n\r\n" + bytes(2_000_000) + WHOLE,
        [413, 200],
        False,
        1,
    ),
    "too large in chunks": (
        CHUNKED + b"\r\n1e8480\r\n" + bytes(2_000_000) + b"\r\n0\r\n\r\n" + WHOLE,
        [413, 200],
        False,
        1,
    ),
    "HTTP/1.0": (WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"), [200], True, 1),
    "its last": (
        EXPORT + b"Connection: close\r\n" + WHOLE[len(EXPORT) :] + WHOLE,
        [200],
        True,
        1,
    ),
    "a whole URL": (WHOLE.replace(b"/v1", b"http://x/v1"), [200], False, 1),
    "a broken URL": (WHOLE.replace(b"/v1", b"http://[x/v1"), [404], False, 0),
    "a query": (WHOLE.replace(b"traces", b"traces?a=b"), [200], False, 1),
    "HEAD": (b"HEAD /v1/traces HTTP/1.1\r\nHost: a\r\n\r\n", [405], False, 0),
    "CONNECT": (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nxx", [405], True, 0),
    "two lengths": (
        EXPORT + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + BODY,
        [400],
        True,
        0,
    ),
    "a length and chunks": (
        CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n" + WHOLE,
        [400],
        True,
        0,
    ),
    "a blank before the colon": (
        EXPORT + b"Content-Length : 5\r\n\r\n" + BODY,
        [400],
        True,
        0,
    ),
    "no chunk": (CHUNKED + b"\r\nzz\r\n", [400], True, 0),
    "one, then garbage": (WHOLE + b"\0\0\0\0", [200, 400], True, 1),
    "TLS on a plain port": (
        b"\x16\x03\x01\x02\x00\x01\x00" + bytes(99),
        [400],
        True,
        0,
    ),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400], True, 0),
    "a head without end": (EXPORT + b"X-A: " + b"a" * 400_000, [431], True, 0),
    "a large head": (EXPORT + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n", [431], True, 0),
    "many fields": (EXPORT + b"X-A: a\r\n" * 300 + b"\r\n", [431], True, 0),
}


async def spoken(address, data, *, pieces=0, half_closed=False):
    """Say `data`; return the statuses of the answers, and whether the end was seen."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for at in range(0, len(data), pieces or len(data)):
        writer.write(data[at : at + (pieces or len(data))])
        await asyncio.sleep(0)
    if half_closed:
        writer.write_eof()
    heard, ended = b"", False
    try:
        # Every answer comes at once; the wait is for one that must not come.
        while piece := await asyncio.wait_for(reader.read(65_536), 0.5):
            heard += piece
        ended = True
    except TimeoutError:
        pass
    except ConnectionError:
        ended = True
    writer.transport.abort()
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", heard)
    return [int(status) for status in statuses], ended


@pytest.mark.parametrize("name", SPOKEN)
async def test_what_clients_say_is_answered_or_refused(name):
    """An odd client would hang, or be taken for another, or slip a request past us."""
    data, statuses, closes, passed = SPOKEN[name]
    async with serving("native") as served:
        assert await spoken(served.addresses["http"], data) == (statuses, closes)
        assert [r.body for r in served.requests] == [BODY] * passed
        assert served.admission.reserved_bytes == 0


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize("name", ["one", "chunks", "rather HTTP/2, and more", "HEAD"])
async def test_where_the_network_cuts_means_nothing(name, pieces):
    """A request in many segments would be another request."""
    data, statuses, _, passed = SPOKEN[name]
    async with serving("native") as served:
        heard, _ = await spoken(served.addresses["http"], data, pieces=pieces)
        assert heard == statuses
        assert [r.body for r in served.requests] == [BODY] * passed


async def test_a_client_that_closed_its_half_is_answered():
    """A client that says all it has to say at once would hear nothing."""
    async with serving("native") as served:
        address = served.addresses["http"]
        assert await spoken(address, WHOLE * 2, half_closed=True) == ([200, 200], True)


async def test_answers_keep_the_order_of_the_requests():
    """A client that does not wait would take one answer for another."""
    async with serving("native") as served:
        served.hold = asyncio.Event()
        wrong = WHOLE.replace(b"/v1/traces", b"/v1/nowhere")
        asyncio.get_running_loop().call_later(0.1, served.hold.set)
        address = served.addresses["http"]
        assert (await spoken(address, WHOLE + wrong + WHOLE))[0] == [200, 404, 200]


async def test_a_client_that_asks_and_does_not_wait_is_read_no_further():
    """Requests would pile up behind one that the upstream is slow to answer."""
    async with serving("native") as served:
        served.hold = asyncio.Event()
        host, _, port = served.addresses["http"].rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        for _ in range(200):
            writer.write(WHOLE)
            await asyncio.sleep(0)
        await until(lambda: len(served.requests) > 32)
        # One reading from the socket may bring more than the bound.
        await holds(lambda: 32 < len(served.requests) <= 200)
        before = len(served.requests)
        writer.write(WHOLE * 50)
        await holds(lambda: len(served.requests) == before)
        served.hold.set()
        await until(lambda: len(served.requests) >= 250, 5)
        writer.transport.abort()


@pytest.mark.parametrize(
    ("begun", "statuses"), [(EXPORT[:9], []), (EXPORT, []), (WHOLE[:-2], [503])]
)
async def test_what_does_not_end_is_given_up(begun, statuses):
    """A slow client could hold a connection for as long as it likes."""
    limits = LimitsConfig(message=ByteSize(2**20), read=Duration(0.2))
    async with serving("native", limits=limits) as served:
        host, _, port = served.addresses["http"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(begun)
        async with asyncio.timeout(5):
            heard = await reader.read()
        found = re.findall(rb"HTTP/1\.1 (\d+) ", heard)
        assert [int(status) for status in found] == statuses
        assert served.admission.reserved_bytes == 0
        writer.close()


async def test_a_trickled_head_is_given_up_all_the_same():
    """A byte now and then would keep a connection open for ever."""
    limits = LimitsConfig(read=Duration(0.2))
    async with serving("native", limits=limits) as served:
        host, _, port = served.addresses["http"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        ended = asyncio.ensure_future(reader.read())
        writer.write(b"POST /")
        async with asyncio.timeout(5):
            while not ended.done():
                writer.write(b"x")
                await asyncio.wait({ended}, timeout=0.02)
        writer.transport.abort()


async def test_connections_are_bounded_and_counted():
    """Any number of clients could hold descriptors of a sidecar."""
    limits = LimitsConfig(connections=3)
    async with serving("native", limits=limits) as served:
        for listener in ("grpc", "http"):
            host, _, port = served.addresses[listener].rpartition(":")
            opened = [await asyncio.open_connection(host, int(port)) for _ in range(4)]
            async with asyncio.timeout(5):
                assert await opened[0][0].read() == b""  # the oldest gives way
            for _, writer in opened:
                writer.transport.abort()
        assert served.refused("connections") == 2


async def test_silent_connections_give_way_to_a_new_one():
    """A thousand connections that say nothing would lock out exporters and probes."""
    limits = LimitsConfig(connections=8)
    async with serving("native", limits=limits) as served:
        host, _, port = served.addresses["http"].rpartition(":")
        served.hold = asyncio.Event()
        waiting, asks = await asyncio.open_connection(host, int(port))
        asks.write(WHOLE)
        await until(lambda: served.requests, 5)
        silent = [await asyncio.open_connection(host, int(port)) for _ in range(7)]
        for _, writer in silent[::2]:
            writer.write(EXPORT[:9])  # a head that never ends is no better
        served.hold.set()
        for number in range(10):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(WHOLE)
            async with asyncio.timeout(5):
                assert b" 200 " in await reader.readline(), number
            silent.append((reader, writer))
        # Whoever waits for an answer of ours is never closed for others.
        async with asyncio.timeout(5):
            assert b" 200 " in await waiting.readline()
        for _, writer in (*silent, (None, asks)):
            writer.transport.abort()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Host: a\r\nHost: b\r\n", b"400"),
        (b"", b"400"),
        (b"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", b"501"),
        (b"Host: a\r\nTransfer-Encoding: chunked\r\n", b"404"),
    ],
)
async def test_what_two_readers_could_read_differently_is_refused(head, status):
    """A proxy in front and the relay could take two halves of a message for one."""
    async with serving("native") as served:
        host, _, port = served.addresses["http"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /n HTTP/1.1\r\n" + head + b"\r\n0\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == status
        writer.transport.abort()


async def test_any_number_of_pipelined_upgrades_is_read_in_one_frame_of_the_stack():
    """A few kilobytes would raise in the loop, with a traceback of hundreds more."""
    upgrade = b"GET /n HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n"
    async with serving("native") as served:
        host, _, port = served.addresses["http"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(upgrade * 3000)
        heard = b""
        async with asyncio.timeout(10):
            while heard.count(b"HTTP/1.1 404") < 3000:
                piece = await reader.read(2**16)
                assert piece
                heard += piece
        writer.transport.abort()
