"""The bytes that go out and come back, against a server that shows them."""

import asyncio
import base64

import aiohttp
import pytest

from replayd.arms.http_client import HttpClient
from replayd.providers.contract import ProviderRequest

ASK = ProviderRequest(method="POST", path="/chat", body=b'{"a":1}')
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def _lower_name(line):
    name, colon, value = line.partition(": ")
    return name.lower() + colon + value if colon else line


class Server:
    """Answers every head with fixed bytes and keeps what it was sent."""

    def __init__(self, answer=OK, *, reads_bodies=True):
        self._answer, self._reads_bodies = answer, reads_bodies
        self.heads, self.connections = [], 0
        self._serving, self._over = set(), asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self._over.set()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _serve(self, reader, writer):
        self.connections += 1
        self._serving.add(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append([_lower_name(line) for line in head.split("\r\n")])
                writer.write(self._answer)
                if not self._reads_bodies:
                    await self._over.wait()
                    break
                length = int(head.lower().split("content-length: ")[1].split()[0])
                await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.transport.abort()


async def exchanged(wire, request=ASK):
    async with wire.send(request) as response:
        return response.status, await response.body.read()


def wire_to(url, headers=None, proxy=""):
    return HttpClient(url, headers or {}, aiohttp.TCPConnector(limit=0), proxy)


async def test_a_connection_serves_one_request_after_another():
    """If it failed, every replay would pay for a handshake."""
    async with Server() as server:
        wire = wire_to(f"http://127.0.0.1:{server.port}/v1", {"x-team": "red"})
        for _ in range(3):
            assert await exchanged(wire) == (200, b"ok")
        await wire.close()
    assert server.connections == 1
    assert server.heads[0][0] == "POST /v1/chat HTTP/1.1"
    assert f"host: 127.0.0.1:{server.port}" in server.heads[0]
    assert "x-team: red" in server.heads[2]


async def test_early_hints_are_no_answer():
    """If it failed, a gateway's 1xx would be taken for the model's answer."""
    hint = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    async with Server(hint + OK) as server:
        wire = wire_to(f"http://127.0.0.1:{server.port}")
        assert await exchanged(wire) == (200, b"ok")
        await wire.close()


async def test_a_proxy_is_asked_for_the_whole_address():
    """If it failed, a fleet behind a proxy could not reach its models."""
    async with Server() as proxy:
        wire = wire_to(
            "http://model.internal/v1", proxy=f"http://u:p@127.0.0.1:{proxy.port}"
        )
        assert await exchanged(wire) == (200, b"ok")
        assert await exchanged(wire) == (200, b"ok")
        await wire.close()
    secret = base64.b64encode(b"u:p").decode()
    for head in proxy.heads:
        assert head[0] == "POST http://model.internal/v1/chat HTTP/1.1"
        assert f"proxy-authorization: Basic {secret}" in head
        assert "host: model.internal" in head


async def test_a_refusal_in_mid_body_is_read_and_the_connection_not_used_again():
    """If it failed, a gateway's 413 would be a timeout, or garble the next replay."""
    refusal = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"
    big = ProviderRequest(method="POST", path="/chat", body=bytes(32 * 2**20))
    async with Server(refusal, reads_bodies=False) as server:
        wire = wire_to(f"http://127.0.0.1:{server.port}")
        assert await exchanged(wire, big) == (413, b"no")
        assert await exchanged(wire) == (413, b"no")
        await wire.close()
    assert server.connections == 2


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\0"])
async def test_a_header_cannot_become_two(value):
    """If it failed, a recorded value could smuggle a request of its own."""
    request = ProviderRequest(
        method="POST", path="/chat", body=b"", headers={"x-case": value}
    )
    async with Server() as server:
        wire = wire_to(f"http://127.0.0.1:{server.port}")
        with pytest.raises(ValueError, match="header"):
            await exchanged(wire, request)
        await wire.close()
    assert server.heads == []
