import socket

import pytest
from aiohttp import web

from collector.call import Call
from collector.media_fetch.fetcher import (
    FetchSettings,
    MediaFetcher,
    address_allowed,
    host_allowed,
    resolve_call,
)
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Request,
    Snapshot,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture
async def server():
    """A server on loopback; its port, and the paths that were asked."""
    asked = []

    async def answer(request):
        asked.append((request.path, dict(request.headers)))
        if request.path == "/away":
            raise web.HTTPFound("http://elsewhere.example/secret")
        if request.path == "/loop":
            raise web.HTTPFound("/loop")
        if request.path == "/text":
            return web.Response(body=b"root:x:0:0", content_type="text/plain")
        if request.path == "/large":
            return web.Response(body=PNG + b"\0" * 4096, content_type="image/png")
        if request.path == "/gone":
            raise web.HTTPNotFound
        return web.Response(body=PNG, content_type="image/png")

    application = web.Application()
    application.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield port, asked
    await runner.cleanup()


def _resolver(port, *, addresses=("127.0.0.1",), looked=None, **settings):
    async def lookup(host, _port):
        if looked is not None:
            looked.append(host)
        return list(addresses)

    defaults = {
        "hosts": ("media.example",),
        "plain_http": True,
        "private_networks": True,
        "ports": (port,),
    }
    return MediaFetcher(FetchSettings(**(defaults | settings)), lookup)


async def test_an_allowed_host_is_asked_at_the_checked_address(server):
    """Expiring links would kill cases although somebody allowed fetching them."""
    port, asked = server
    looked = []
    found = await _resolver(port, looked=looked).fetch(f"http://media.example:{port}/a")
    assert found.data == PNG
    assert looked == ["media.example"]
    assert "Cookie" not in asked[0][1]
    assert "Authorization" not in asked[0][1]


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("http://other.example:{port}/a", "host"),
        ("http://media.example.evil.example:{port}/a", "host"),
        ("http://user:secret@media.example:{port}/a", "host"),
        ("http://media.example:1/a", "host"),
        ("ftp://media.example/a", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("http://media.example:{port}/away", "host"),
        ("http://media.example:{port}/loop", "redirects"),
        ("http://media.example:{port}/text", "kind"),
        ("http://media.example:{port}/gone", "status"),
    ],
)
async def test_what_a_hostile_span_may_not_reach(server, url, refusal):
    """A URL in a span would make the collector ask what it must not."""
    port, _ = server
    assert (await _resolver(port).fetch(url.format(port=port))).refusal == refusal


async def test_a_large_medium_is_left_where_it_is(server):
    """One link would fill the collector's memory."""
    port, _ = server
    found = await _resolver(port, bytes_max=100).fetch(
        f"http://media.example:{port}/large"
    )
    assert found.refusal == "size"


@pytest.mark.parametrize(
    "addresses", [("10.0.0.1",), ("93.184.216.34", "169.254.169.254")]
)
async def test_a_name_that_points_inside_is_refused(server, addresses):
    """An allowed name rebound to a metadata service would be asked."""
    port, asked = server
    resolver = _resolver(port, addresses=addresses, private_networks=False)
    assert (await resolver.fetch(f"http://media.example:{port}/a")).refusal == "address"
    assert asked == []


async def test_plain_http_needs_a_word(server):
    """Content would be fetched where anyone on the way can change it."""
    port, _ = server
    resolver = _resolver(port, plain_http=False)
    assert (await resolver.fetch(f"http://media.example:{port}/a")).refusal == "scheme"


@pytest.mark.parametrize(
    ("address", "private", "allowed"),
    [
        ("93.184.216.34", False, True),
        ("127.0.0.1", False, False),
        ("10.1.2.3", True, True),
        ("169.254.169.254", True, False),
        ("::ffff:169.254.169.254", True, False),
        ("::1", False, False),
        ("fe80::1%eth0", True, False),
        ("nonsense", True, False),
    ],
)
def test_addresses(address, private, allowed):
    """An address inside would pass for one outside."""
    assert address_allowed(address, private=private) is allowed


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("cdn.example.com", True),
        ("CDN.EXAMPLE.COM.", True),
        ("a.b.media.example", True),
        ("media.example", False),
        ("evilmedia.example", False),
    ],
)
def test_hosts(host, allowed):
    """A wildcard would let in its neighbours."""
    assert host_allowed(host, ("cdn.example.com", "*.media.example")) is allowed


def _call(url):
    part = {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    snapshot = Snapshot(
        snapshot_id="0" * 32,
        trace_id="0" * 32,
        span_id="0" * 16,
        service="s",
        operation="chat",
        modality="image",
        request=Request(
            api="openai_chat",
            body={"model": "m", "messages": [{"role": "user", "content": [part]}]},
        ),
        answer=Answer(),
        fidelity=Fidelity(
            level="unreplayable",
            missing=("messages.content.image_url.url",),
            reasons=("media_placeholder", "content_missing"),
        ),
        media=(
            Media(
                kind="image",
                mime="",
                state="placeholder",
                reference=url,
                path="messages.content.image_url.url",
            ),
        ),
    )
    return Call(snapshot=snapshot)


async def test_a_fetched_medium_makes_the_call_whole(server):
    """Bytes that a hook moved away would stay lost although they were fetched."""
    port, _ = server
    call = _call(f"http://media.example:{port}/a")
    found = await resolve_call(call, _resolver(port), 16)
    snapshot = found.call.snapshot
    content = snapshot.request.body["messages"][0]["content"]
    assert content[0]["image_url"] == {"url": MediaRef(0, "data_url"), "detail": "low"}
    assert found.call.blobs == {0: PNG}
    assert snapshot.media[0].mime == "image/png"
    assert snapshot.fidelity == Fidelity(level="exact")
    assert snapshot.notes == ("media_resolved_at_capture",)


async def test_a_refused_medium_leaves_the_call_as_it_was(server):
    """A failed fetch would change the record."""
    port, _ = server
    call = _call("http://other.example/a")
    found = await resolve_call(call, _resolver(port), 16)
    assert found.call is call
    assert found.refusals == ("host",)
