"""A pod is told to go in the middle of its traffic, with two seconds to do it."""

import asyncio
import json
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fakes.waiting import until
from forwarding import RunningCollector

pytestmark = pytest.mark.system

GRACE_SECONDS = 2.0
CLIENTS = 4
SPAN = Path(__file__).parents[2] / "helm" / "snaptrace" / "files" / "send_span.py"
TRACE = re.compile(rb'"traceId": ?"([0-9a-f]{32})"')


class Upstream:
    """An OTLP/HTTP backend that is a little slow, so that requests are under way."""

    def __init__(self):
        self.received = set()
        known = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(0.05)
                known.update(TRACE.findall(body))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def keep_sending(address, acknowledged, stop):
    """Send one span after the other until told to stop; note what was accepted."""
    export_request = runpy.run_path(str(SPAN))["export_request"]
    while not stop.is_set():
        body = json.dumps(export_request(time.time_ns())).encode()
        request = urllib.request.Request(
            f"http://{address}/v1/traces",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5):
                acknowledged.update(TRACE.findall(body))
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)  # as a client that tries again later


def sealed(folder):
    """Return the traces of all snapshots in the store."""
    store = f"store.url=file://{folder}/store"
    command = [sys.executable, "-m", "snaptrace", "ls", "--format", "jsonl"]
    listing = subprocess.run(
        [*command, "--set", store], capture_output=True, check=True, timeout=60
    ).stdout
    return {json.loads(row)["trace_id"].encode() for row in listing.splitlines()}


def is_sampling(metrics):
    """Return whether calls were recognised already."""
    with urllib.request.urlopen(f"http://{metrics}/metrics", timeout=5) as page:
        return b'stage="recognised"' in page.read()


# A drain that fits into the grace, and the default, which the kubelet cuts short.
@pytest.mark.parametrize("drain_seconds", [GRACE_SECONDS - 0.3, 25.0])
async def test_terminated_in_mid_traffic(tmp_path, drain_seconds):
    """Telemetry would be lost at every roll-out, or the open window with it."""
    acknowledged, stop = set(), threading.Event()
    with Upstream() as upstream:
        async with RunningCollector(
            tmp_path,
            f"collector.upstream.url={upstream.url}",
            f"collector.drain={drain_seconds}s",
            "collector.reservoir.size=10000",  # all of them: none is missed unseen
        ) as collector:
            clients = [
                threading.Thread(
                    target=keep_sending, args=(collector.http, acknowledged, stop)
                )
                for _ in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            # In the middle: its sampling process is up, too, and at work.
            await until(lambda: len(acknowledged) >= 100)
            await until(lambda: is_sampling(collector.metrics))
            collector.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(GRACE_SECONDS)
            collector.kill()  # as the kubelet, if it has not ended by itself
            stop.set()
            for client in clients:
                client.join()
    # What was journaled and not sealed by then is sealed by the pod's next container.
    async with RunningCollector(tmp_path) as successor:
        assert await successor.stop() == 0
    assert len(acknowledged) >= 100
    assert acknowledged - upstream.received == set()
    # The tap may lose by design; on a stop it must not lose what it was handed.
    sampled = sealed(tmp_path)
    assert len(sampled & acknowledged) >= 0.9 * len(acknowledged)
