"""Canaries that answer wrongly, by real processes, as the gate of a pipeline sees."""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import pytest
from daemons import Daemon, World
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import hexed, store_calls
from fakes.waiting import until
from msgspec import structs

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from canaries.material import instances

from snaptrace.snapshot.codec import unpack_snapshot

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
COUNT = 330
EVERYTHING = frozenset()


def completed(arm):
    """Return an answer of the material as a server words it."""
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in arm.answer.tool_calls
    ]
    if calls:
        return completion(None, finish="tool_calls", tool_calls=calls)
    return completion(arm.answer.text)


class Traffic(World):
    """A store with calls of the bench's material; the canary is wrong where told."""

    def __init__(self, folder, parts):
        super().__init__(folder)
        self._rng = random.Random(7)
        self._by_question = {}
        self._drawn = []
        for name, share, is_wrong in parts:
            cases = instances(name, "worse", EVERYTHING)
            for each in cases:
                question = json.dumps(self._snapshot(each).request.body["messages"])
                self._by_question[question] = each, is_wrong
            for _ in range(round(share * COUNT)):
                self._drawn.append(self._rng.choice(cases))
        self.canary = FakeProvider(lambda body: self._answer(body, canary=True))
        self.control = FakeProvider(lambda body: self._answer(body, canary=False))

    @staticmethod
    def _snapshot(each):
        return unpack_snapshot(each.recorded.packed)

    def _answer(self, body, *, canary):
        each, is_wrong = self._by_question[json.dumps(body["messages"])]
        kind = each.worse if canary and is_wrong else each.same
        return completed(self._rng.choice(kind))

    async def fill(self):
        """Store every drawn call as a trace of its own."""
        now = time.time_ns()
        window_ns = 600 * 10**9
        calls = [
            structs.replace(
                self._snapshot(each),
                snapshot_id=hexed("snapshot", number),
                trace_id=hexed("trace", number),
                span_id=hexed("span", number, size=8),
                rank=int(hexed("rank", number, size=7), 16),
                ended_at_ns=now,
                arrived_at_ns=now,
                window_start_ns=now - now % window_ns,
            )
            for number, each in enumerate(self._drawn)
        ]
        await store_calls(self.store, calls, at_ns=now)


async def gate(daemon):
    """Return exit code and answer of `snaptrace gate`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "snaptrace", "gate", "--canary", "canary"),
        *("--url", f"http://{daemon.ports['metrics']}", "--format", "json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    return process.returncode, json.loads(out or b"{}")


async def codes_until_judged(folder, parts):
    """Judge all traffic; return every exit code of the gate, and the last answer."""
    world = Traffic(folder, parts)
    codes = []
    async with world.canary, world.control:
        await world.fill()
        daemon = await Daemon(
            folder, "one", world.canary.url, world.control.url
        ).start()

        async def is_judged():
            code, _ = await gate(daemon)
            codes.append(code)
            return await world.committed(len(world._drawn))

        await until(is_judged, 300)

        async def shown():
            found = (await daemon.verdicts())["canaries"].get("canary") or {}
            return found.get("number", 0) >= len(world._drawn)

        await until(shown)
        code, answer = await gate(daemon)
        await daemon.end()
    return [*codes, code], answer


async def test_ruined_prose_never_opens_the_gate(tmp_path):
    """Six answers of ten were prose, all of them wrong, and the gate said pass."""
    parts = [("prose", 0.6, True), ("tools", 0.4, False)]
    codes, answer = await codes_until_judged(tmp_path, parts)
    assert 0 not in codes
    text = answer["canaries"]["canary"]["modalities"]["text"]
    assert text["verdict"] == "regressed" or text["reason"] == "unscored"
    assert codes[-1] == (1 if text["verdict"] == "regressed" else 2)


async def test_a_wrong_argument_closes_the_gate(tmp_path):
    """Tool calls with one argument wrong would be let through."""
    codes, answer = await codes_until_judged(tmp_path, [("tools", 0.5, True)])
    assert codes[-1] == 1
    text = answer["canaries"]["canary"]["modalities"]["text"]
    assert (text["verdict"], text["deciding"]) == ("regressed", "quality")


async def test_rewording_twins_open_the_gate(tmp_path):
    """A gate that nothing passes would be switched off."""
    codes, answer = await codes_until_judged(tmp_path, [("tools", 1.0, False)])
    assert codes[-1] == 0
    text = answer["canaries"]["canary"]["modalities"]["text"]
    assert (text["verdict"], text["scored_share"]) == ("pass", 1.0)
