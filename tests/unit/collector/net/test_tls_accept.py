"""`collector.net.tls_accept`: who is let in, and for how long one may knock."""

import asyncio
import contextlib
import socket
import ssl

import pytest
from fakes.certificates import Authority
from fakes.waiting import turns, until

from collector.config.relay import TlsConfig
from collector.net import tls_accept
from collector.net.tls import server_context
from collector.net.tls_accept import TlsServer


class Echo(asyncio.Protocol):
    def __init__(self, made):
        self.made = made

    def connection_made(self, transport):
        self.made.append(self)
        self.transport = transport
        transport.write(b"hello ")

    def data_received(self, data):
        self.transport.write(data)


class Door:
    """A TLS server with so many places, and clients of it."""

    def __init__(self, folder, places):
        authority = Authority(folder)
        pem, key = authority.issue("server")
        self.client_context = ssl.create_default_context(cafile=authority.file)
        context = server_context(TlsConfig(cert_file=str(pem), key_file=str(key)))
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.going_on, self.places, self.made = {}, places, []
        self.server = TlsServer(
            listener, context, self.going_on, self.has_room, self.make
        )

    def has_room(self):
        return len(self.going_on) + len(self.made) < self.places

    def make(self):
        return Echo(self.made)

    async def knocks(self, data=b""):
        """Connect, and say something that is no handshake or only its beginning."""
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(data)
        return reader, writer

    async def talks(self):
        reader, writer = await asyncio.open_connection(
            *self.address, ssl=self.client_context, server_hostname="localhost"
        )
        writer.write(b"you")
        async with asyncio.timeout(10):
            said = await reader.readexactly(9)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return said

    async def shows(self, count):
        await until(lambda: len(self.going_on) == count, 10)


@contextlib.asynccontextmanager
async def door(folder, places=100):
    opened = Door(folder, places)
    try:
        yield opened
    finally:
        opened.server.close()
        for task in list(opened.going_on):
            task.cancel()
        for echo in opened.made:
            echo.transport.abort()
        await turns()


async def closed(reader):
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            return await reader.read(1) == b""
        return True


async def test_a_client_that_shakes_hands_is_let_in(tmp_path):
    """Nobody could send over TLS."""
    async with door(tmp_path) as opened:
        assert await opened.talks() == b"hello you"
        assert await opened.talks() == b"hello you"
        assert opened.going_on == {}
        assert len(opened.made) == 2


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02"], ids=["silent", "half"])
async def test_a_handshake_that_does_not_end_is_given_up(tmp_path, monkeypatch, said):
    """Who knocks and says nothing would keep a place for ever."""
    monkeypatch.setattr(tls_accept, "_HANDSHAKE_SECONDS", 0.2)
    async with door(tmp_path) as opened:
        reader, writer = await opened.knocks(said)
        assert await closed(reader)
        await opened.shows(0)
        assert opened.made == []
        writer.close()


async def test_strangers_are_turned_away(tmp_path):
    """A port scan would leave something behind for each port."""
    async with door(tmp_path) as opened:
        reader, writer = await opened.knocks(b"GET / HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                await reader.read()
        _, leaver = await opened.knocks()
        leaver.transport.abort()
        await opened.shows(0)
        writer.close()


async def test_the_oldest_handshake_makes_room(tmp_path):
    """A thousand silent connections would lock everybody else out."""
    async with door(tmp_path, places=3) as opened:
        silent = [await opened.knocks() for _ in range(10)]
        for reader, _ in silent[:7]:
            assert await closed(reader)
        assert len(opened.going_on) == 3
        assert await opened.talks() == b"hello you"
        assert await closed(silent[7][0])
        assert len(opened.going_on) == 2
        for _, writer in silent:
            writer.close()


async def test_without_any_room_a_client_is_turned_away(tmp_path):
    """Connections would grow without bound."""
    async with door(tmp_path, places=0) as opened:
        reader, writer = await opened.knocks()
        assert await closed(reader)
        assert opened.going_on == {}
        writer.close()


async def test_a_full_table_of_descriptors_is_waited_out(tmp_path, monkeypatch):
    """One moment without descriptors would close the port for good."""
    monkeypatch.setattr(tls_accept, "_NO_DESCRIPTORS_SECONDS", 0.01)
    loop = asyncio.get_running_loop()
    accept, failures = loop.sock_accept, [OSError(24, "too many open files")] * 2

    async def failing(listener):
        if failures:
            raise failures.pop()
        return await accept(listener)

    monkeypatch.setattr(loop, "sock_accept", failing)
    async with door(tmp_path) as opened:
        assert await opened.talks() == b"hello you"
        assert failures == []


async def test_after_the_end_nobody_is_let_in(tmp_path):
    """A server that is leaving would take on new clients."""
    async with door(tmp_path) as opened:
        reader, writer = await opened.knocks()
        await opened.shows(1)
        opened.server.close()
        await turns()
        with pytest.raises(OSError, match="Connect call failed"):
            await opened.knocks()
        assert len(opened.going_on) == 1  # may still end
        writer.close()
        assert await closed(reader)
