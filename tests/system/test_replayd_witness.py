"""Token counts of a provider verify one library and lower another, through a kill."""

import re
import time

import pytest
from fakes.provider import completion
from fakes.stored_calls import hexed, store_calls, text_call
from fakes.waiting import until
from msgspec.structs import replace
from system.test_replayd_crash import World

from replayd.config import WitnessConfig
from replayd.evidence.token_witness import installation
from snaptrace.runtime.clock import SystemClock
from snaptrace.snapshot.model import Answer, Fidelity, Request, Usage

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
NEW, LOSSY = 170, 80
SYSTEM = {"role": "system", "content": "Answer with the total alone. " * 8}
WORD = re.compile(r"\w+|[^\w\s]")


def tokens(body):
    """Return what the stand-in provider counts: words and signs, 4 a message."""
    return sum(4 + len(WORD.findall(m["content"])) for m in body["messages"])


def counted(text):
    """Return an `answer` of a provider that counts its input."""

    def answer(body):
        found = completion(text, model="m7")
        found["usage"] = {"prompt_tokens": tokens(body), "completion_tokens": 5}
        return found

    return answer


def call(number, scope, *, lost=False, doubted=False, at_ns):
    """Return a stored call of a library that may have lost its system prompt."""
    question = {"role": "user", "content": f"What is the total of order {number}?"}
    sent = {"model": "m7", "messages": [SYSTEM, question]}
    kept = {"model": "m7", "messages": [question]} if lost else sent
    fidelity = (
        Fidelity(level="unverified", reasons=("scope_unrecorded",))
        if doubted
        else Fidelity(level="exact")
    )
    made = text_call(
        f"{scope}{number}", at_ns=at_ns, scope=scope, scope_version="1", body=kept
    )
    usage = Usage(input_tokens=tokens(sent), output_tokens=5)
    return replace(
        made,
        request=Request(api="openai_chat", model="m7", body=kept),
        answer=Answer(text="The total is 42.", model="m7", usage=usage),
        fidelity=fidelity,
        service=scope,
    )


async def _fill(world):
    now = time.time_ns()
    calls = [call(n, "new-lib", doubted=True, at_ns=now) for n in range(NEW)]
    calls += [call(n, "lossy-lib", lost=n % 4 == 0, at_ns=now) for n in range(LOSSY)]
    await store_calls(world.store, calls, at_ns=now)


def _daemon(world):
    daemon = world.daemon("one")
    daemon._sets |= {
        "replayd.fidelity": "unverified",
        "replayd.schedule.quota_share": 0.5,
        "replayd.drain": 2,
    }
    return daemon


async def _standing(daemon, scope):
    """Return the word of a scope's row, "" while there is none."""
    for line in (await daemon.get("/metrics")).splitlines():
        if line.startswith("snaptrace_replayd_witness_cases") and (
            f'scope="{scope}"' in line
        ):
            return re.search(r'standing="(\w+)"', line)[1]
    return ""


async def _live(daemon):
    """Return the live calls by why they are in no verdict."""
    lines = (await daemon.get("/metrics")).splitlines()
    series = [n for n in lines if n.startswith("snaptrace_replayd_live_calls{")]
    return {
        re.search(r'reason="(\w*)"', line)[1]: int(float(line.rpartition(" ")[2]))
        for line in series
    }


async def _in_traffic(world, scope):
    """Return the ids of a scope's cases that fed the traffic stream."""
    results = [r for r in await world.results() if r.lane == "traffic"]
    return [r.snapshot_id for r in results if r.service == scope]


async def test_counts_decide_which_library_gates(tmp_path):
    """A library that loses prompts would gate, and a sound new one would not."""
    world = World(tmp_path)
    world.canary.answer = world.control.answer = counted("The total is 42.")
    world.canary.delay_seconds = world.control.delay_seconds = 0.01
    async with world.canary, world.control:
        await _fill(world)
        daemon = await _daemon(world).start()

        async def decided():
            return (
                await _standing(daemon, "new-lib"),
                await _standing(daemon, "lossy-lib"),
            ) == ("verified", "differs")

        await until(decided)
        await until(lambda: _in_traffic(world, "new-lib"))
        await daemon.end()  # killed: what was decided is folded again

        before = len(await _in_traffic(world, "lossy-lib"))
        daemon = await _daemon(world).start()
        await until(decided)

        async def all_drawn():
            return len(await _in_traffic(world, "new-lib")) == NEW

        await until(all_drawn)
        assert len(await _in_traffic(world, "lossy-lib")) <= before + LOSSY // 4
        assert await _live(daemon) == {"": NEW, "tokens_differ": LOSSY}
        await daemon.end()
        rows = await installation(world.store, SystemClock(), WitnessConfig())
    by_scope = {row.scope: standing for row, standing in rows.items()}
    assert by_scope["new-lib"].verified_by_tokens
    lost = {hexed("snapshot", f"lossy-lib{n}") for n in range(0, LOSSY, 4)}
    assert {case.snapshot_id for case in by_scope["lossy-lib"].worst} <= lost
    assert by_scope["lossy-lib"].worst
