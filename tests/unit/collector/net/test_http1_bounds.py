"""`collector.net.http1_server`: what one client may have, played without a socket."""

import asyncio

import pytest
from fakes.framed_wire import Wire

from collector.net.http1_server import Http1Connection
from collector.net.listener import ListenerState

POST = b"POST /x HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
KILOBYTE = b"y" * 1024


class Asked:
    """One request as a handler hears of it."""

    def __init__(self, exchange):
        self.exchange, self.body = exchange, b""
        self.is_whole = self.is_gone = False

    def on_data(self, piece, *, is_last):
        self.body += piece
        self.is_whole = is_last

    def check_timeouts(self, now_seconds):
        """Have all the time of the world."""

    def cancelled(self):
        self.is_gone = True


class Client:
    """Says bytes to an `Http1Connection`, and is the handler behind it."""

    def __init__(self):
        self.asked, self.now_seconds = [], 1000.0
        shared = ListenerState(
            lambda: self.now_seconds, lambda _reason: None, 20.0, 100
        )
        self.connection = Http1Connection(self, shared)
        self.wire = Wire()
        self.connection.connection_made(self.wire)

    def open(self, exchange):
        self.asked.append(Asked(exchange))
        return self.asked[-1]

    def sends(self, data):
        if not self.wire.closing and not self.wire.paused:
            self.connection.data_received(data)

    async def hears(self):
        await asyncio.sleep(0)
        return self.wire.written


WITHOUT_END = {
    "a head of one field": (POST + b"x-a: ", KILOBYTE),
    "a head of many fields": (POST, b"x-a: " + KILOBYTE + b"\r\n"),
    "a target": (b"POST /", KILOBYTE),
    "trailers of one field": (CHUNKED + b"0\r\nx-a: ", KILOBYTE),
    "trailers of many fields": (CHUNKED + b"0\r\n", b"x-a: " + KILOBYTE + b"\r\n"),
    "an extension of a chunk": (CHUNKED + b"1;a=", KILOBYTE),
}


@pytest.mark.parametrize("name", WITHOUT_END)
async def test_what_is_no_body_ends_somewhere(name):
    """Megabytes of trailers would be kept, which nobody counts."""
    begin, more = WITHOUT_END[name]
    client = Client()
    client.sends(begin)
    for _ in range(200):
        client.sends(more)
    assert b"HTTP/1.1 4" in await client.hears()
    assert client.wire.closing
    assert all(asked.is_gone for asked in client.asked)


async def test_a_long_body_in_small_chunks_is_read():
    """A client that sends as it makes its spans would be cut off."""
    client = Client()
    client.sends(CHUNKED)
    for _ in range(200):
        client.sends(b"400;a=" + KILOBYTE[:500] + b"\r\n")
        client.sends(KILOBYTE[:500])
        client.sends(KILOBYTE[500:] + b"\r\n")
    client.sends(b"0\r\nx-checksum: 1\r\n")
    client.sends(b"\r\n")
    (asked,) = client.asked
    assert asked.body == KILOBYTE * 200
    assert asked.is_whole
    assert asked.exchange.fields[-1] == (b"Transfer-Encoding", b"chunked")


async def test_requests_sent_without_waiting_are_bounded():
    """One segment of empty requests would begin thousands of them."""
    client = Client()
    client.sends((POST + b"Content-Length: 0\r\n\r\n") * 3000)
    assert 32 < len(client.asked) <= 256
    for asked in client.asked:
        asked.exchange.respond(200, [])
    said = await client.hears()
    assert said.count(b"HTTP/1.1 200 ") == len(client.asked)
    assert said.count(b"HTTP/1.1 503 ") == 1
    assert client.wire.closing
