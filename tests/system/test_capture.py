"""Real clients and exporters through a real collector: every call exact when stored."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from fakes.provider import FakeProvider, completion
from fakes.upstream import FakeUpstream
from system.forwarding import RunningCollector
from system.node_packages import installed

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot.model import Snapshot
from snaptrace.store.browser import Browser
from snaptrace.store.store import Store

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

HERE = Path(__file__).parent / "capture"
ROOT = Path(__file__).parents[2]
SDK = importlib.util.find_spec("openai") is not None
CLIENTS = [
    pytest.param(
        client,
        instrumented,
        marks=pytest.mark.skipif(not SDK, reason="the extra `demo` is not installed"),
        id=f"{client}{'-instrumented' if instrumented else ''}",
    )
    for client in ("openai_sync", "openai_async")
    for instrumented in (False, True)
]


def answer(body):
    """Answer as the API does, streamed where it is asked to."""
    if not body.get("stream"):
        return completion("777 km", model="gpt-5-2026")

    async def stream(request):
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for piece, finish in (("777 ", None), ("km", "stop")):
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": finish}
            chunk = {"id": "chatcmpl-2", "model": "gpt-5-2026", "choices": [choice]}
            chunk |= {"object": "chat.completion.chunk", "created": 1}
            await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        return response

    return stream


async def stored(folder) -> list[Snapshot]:
    """Return the snapshots in the store, in the order of their calls."""
    store = Store.open(StoreConfig(url=f"file://{folder}/store"))
    browser = Browser(store, FleetKey(b"of nobody who erases anything!!!"), pytest.fail)
    await browser.poll()
    found = [located.snapshot async for located in browser.snapshots()]
    return sorted(found, key=lambda s: s.started_at_ns)


async def run(command, folder, exporter, **environment):
    """Run an application against a collector; return requests sent and snapshots."""
    async with FakeUpstream() as upstream, FakeProvider(answer) as provider:
        url = f"collector.upstream.url={upstream.http}"
        async with RunningCollector(folder, url) as running:
            to = running.grpc if exporter == "grpc" else running.http
            kept = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
            done = await asyncio.to_thread(
                subprocess.run,
                [*command, provider.url],
                env={
                    **kept,
                    **environment,
                    "EXPORTER": exporter,
                    "PYTHONPATH": str(ROOT / "capture" / "python"),
                    "SNAPTRACE_CAPTURE": "1",
                    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{to}",
                    "OTEL_EXPORTER_OTLP_INSECURE": "true",
                },
                capture_output=True,
                timeout=100,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
            assert await running.stop() == 0
        forwarded = b"".join(body for _, body in upstream.accepted)
    assert b"sk-secret" not in forwarded
    return [body for _, body in provider.requests], await stored(folder)


@pytest.mark.parametrize("exporter", ["grpc", "http"])
@pytest.mark.parametrize(("client", "instrumented"), [("requests", False), *CLIENTS])
async def test_every_call_is_exact(tmp_path, client, instrumented, exporter):
    """A call would be lost, doubled, or stored other than it was sent."""
    command = [sys.executable, str(HERE / "app.py"), client]
    more = {"INSTRUMENTED": "1"} if instrumented else {}
    sent, found = await run(command, tmp_path, exporter, **more)
    assert [s.request.body for s in found] == sent
    assert [s.fidelity.level for s in found] == ["exact"] * len(sent)
    assert [s.answer.text for s in found] == ["777 km"] * len(sent)


@pytest.mark.parametrize("exporter", ["grpc", "http"])
async def test_every_call_of_node_is_exact(tmp_path, pytestconfig, exporter):
    """The Node package would only work against a stand-in of OpenTelemetry."""
    packages = installed(pytestconfig) / "node_modules"
    command = ["node", str(HERE / "app.js"), "fetch"]
    sent, found = await run(command, tmp_path, exporter, NODE_PATH=str(packages))
    assert [s.request.body for s in found] == sent
    assert [s.fidelity.level for s in found] == ["exact"] * len(sent)
    assert [s.answer.text for s in found] == ["777 km"] * len(sent)
