"""The first hour on own traffic: `init`, `up`, a verdict, from the alert to the pair.

Black box: commands and files only. The app is the demo's, with a real SDK and a real
instrumentation; its model is a small program; the candidate is a proxy before it that
spoils three answers of ten.
"""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from aiohttp import ClientSession, web
from system.test_up import wait_for

from snaptrace.cli.up.processes import free_ports

pytest.importorskip("openinference.instrumentation.openai", reason="make test-system")
pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]
MODEL = "assistant-7"
SPOILT = "I am afraid that I do not know."


class Spoiling:
    """The candidate: production's model, wrong in a share of what it is asked."""

    def __init__(self, target, share):
        self._target, self._share = target, share
        self._ready, self._over = threading.Event(), threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    async def _serve(self):
        async with ClientSession() as session:

            async def handle(request):
                body = await request.read()
                drawn = int(hashlib.sha256(body).hexdigest()[:4], 16) / 2**16
                url = self._target + request.path.removeprefix("/v1")
                kind = {"content-type": "application/json"}
                async with session.post(url, data=body, headers=kind) as answer:
                    found = await answer.json()
                    status = answer.status
                if drawn < self._share:
                    for choice in found.get("choices", []):
                        choice["message"]["content"] = SPOILT
                return web.json_response(found, status=status)

            app = web.Application(client_max_size=2**26)
            app.router.add_post("/{path:.*}", handle)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            self._ready.set()
            await asyncio.to_thread(self._over.wait)
            await runner.cleanup()


class Place:
    """A folder in which a person works, and what runs for it."""

    def __init__(self, folder):
        self.folder = folder
        self._grpc, *others = free_ports(6)
        self.model_port = others.pop()
        keys = (
            "collector.http.listen",
            "collector.metrics.listen",
            "replayd.metrics.listen",
            "replayd.page.listen",
        )
        ports = dict(zip(keys, others, strict=True))
        ports["collector.grpc.listen"] = self._grpc
        self.settings = [
            part
            for key, port in ports.items()
            for part in ("--set", f"{key}=127.0.0.1:{port}")
        ]
        self.running = []

    def start(self, *argv):
        with (self.folder / f"{argv[0]}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *argv],
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.running.append(process)
        return process

    def say(self, *argv, configured=True):
        """Run one command as a person would; return its exit code and output."""
        found = subprocess.run(
            [
                *(sys.executable, "-m", "snaptrace", *argv),
                *(self.settings if configured else ()),
            ],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return found.returncode, found.stdout + found.stderr

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def place(tmp_path):
    """Return a folder whose processes end with the test."""
    made = Place(tmp_path)
    yield made
    for process in reversed(made.running):
        process.terminate()
    for process in made.running:
        process.wait(60)


def test_a_defect_is_found_within_five_minutes_of_own_traffic(place):
    """A small team would wait for hours, and not know for which key."""
    url = f"http://127.0.0.1:{place.model_port}/v1"
    served = ("--port", str(place.model_port), "--modalities", "text")
    place.start("snaptrace.demo.server", "--model", MODEL, *served)
    with Spoiling(url, 0.3) as candidate:
        named = ("--production-model", MODEL, "--canary-model", MODEL)
        urls = ("--production-url", url, "--canary-url", candidate.url)
        init = ("init", "--force", "--yes", *named, *urls)
        wait_for(lambda: place.say(*init, configured=False)[0] == 0)
        place.start("snaptrace", "up", *place.settings)
        wait_for(lambda: "no telemetry yet" in place.log("snaptrace"))
        begun = time.monotonic()
        place.start(
            "snaptrace.demo.traffic",
            *("--otlp", f"http://127.0.0.1:{place._grpc}", "--model-url", url),
            *("--rate", "5", "--modalities", "text", "--model", MODEL),
        )
        code, said = place.say("gate", "--canary", "canary", "--wait", "5m")
        seconds = time.monotonic() - begun
        sys.stdout.write(f"\nfirst verdict after {seconds:.0f} s of traffic\n")
        assert code == 1, said
        assert "text: regressed" in said
        # What the board said on the way, and says with its next lines.
        assert "a verdict in about" in place.log("snaptrace")
        wait_for(lambda: "regressed" in place.log("snaptrace"))
        # One step from the alert's text to the worst pair. The ledger writes results
        # before answers, so the newest pair may be without its words for a moment.
        worst = ("worst", "-n", "1", "--format", "jsonl")
        wait_for(lambda: SPOILT in place.say(*worst)[1])
        assert place.say(*worst)[0] == 0
        code, said = place.say("gate", "--canary", "canary", "--format", "jsonl")
        assert json.loads(said.splitlines()[0])["state"] == "regressed"
