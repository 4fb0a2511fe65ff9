"""What `doctor` hears: both of OTLP's protocols, plain and compressed."""

import asyncio
import gzip
import json

import aiohttp
import grpc
import pytest

from collector.otlp.signals import SIGNALS
from snaptrace.cli.otlp_probe import listen_for
from snaptrace.cli.output import CommandError
from snaptrace.cli.up.processes import free_ports

CALL = json.dumps({"resourceSpans": [{"name": "gen_ai.request.model"}]}).encode()


async def heard(say):
    """Return what `take` got while `say` spoke to (gRPC, HTTP)."""
    found, ready = [], asyncio.get_running_loop().create_future()
    (port,) = free_ports(1)
    listening = asyncio.ensure_future(
        listen_for(
            f"127.0.0.1:{port}",
            60.0,
            found.append,
            http="127.0.0.1:0",
            ready=ready.set_result,
        )
    )
    await say(f"127.0.0.1:{port}", f"http://{await ready}")
    listening.cancel()
    await listening
    return found


async def test_an_exporter_over_http_is_heard():
    """Most SDKs export over HTTP: they would find nobody, and the doctor nothing."""

    async def say(_grpc, http):
        url = http + SIGNALS["traces"].http_path
        packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        binary = {"Content-Type": "application/x-protobuf"}
        async with aiohttp.ClientSession() as session:
            sent = gzip.compress(CALL)
            async with session.post(url, data=sent, headers=packed) as answer:
                assert (answer.status, await answer.text()) == (200, "{}")
            async with session.post(url, data=CALL, headers=binary) as answer:
                assert (answer.status, await answer.read()) == (200, b"")
                assert answer.content_type == "application/x-protobuf"
            async with session.post(url, data=b"quiet", headers=binary) as answer:
                assert answer.status == 200

    found = await heard(say)
    assert [(r.signal, r.encoding, r.body) for r in found] == [
        ("traces", "json", CALL),
        ("traces", "protobuf", CALL),
    ]


async def test_an_exporter_over_grpc_is_heard():
    """The default of many SDKs would find nobody."""

    async def say(address, _http):
        async with grpc.aio.insecure_channel(address) as channel:
            assert await channel.unary_unary(SIGNALS["logs"].grpc_method)(CALL) == b""

    (request,) = await heard(say)
    assert (request.signal, request.encoding, request.body) == (
        "logs",
        "protobuf",
        CALL,
    )


async def test_a_taken_port_is_named_with_its_option():
    """Beside a running `up`, a traceback would end the diagnosis."""

    async def say(address, http):
        taken = http.removeprefix("http://")
        (free,) = free_ports(1)
        with pytest.raises(CommandError, match="--listen-http"):
            await listen_for(f"127.0.0.1:{free}", 0.0, print, http=taken)
        with pytest.raises(CommandError, match=r"--listen$"):
            await listen_for(address, 0.0, print, http="127.0.0.1:0")

    await heard(say)
