"""A pinned suite against one canary, for pipelines."""

import random

import pytest
from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import store_calls, text_call

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.cases.loader import CaseLoader
from replayd.config import ArmConfig
from replayd.offline.suite import exit_code, run_suite
from replayd.providers import PROVIDERS
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.store import pins

NOW = 1_800_000_000 * 10**9
KEY = FleetKey(b"k" * 32)


async def run(answer, *, assertion=None, api="openai_chat"):
    """Pin one call, ask a canary that answers so; return the cases."""
    store = dict_store(0)
    call = text_call(1, at_ns=NOW)
    name = await store_calls(store, [call], at_ns=NOW)
    await pins.pin(
        store, KEY, name, call, suite="release", now_ns=NOW, assertion=assertion
    )
    async with FakeProvider(answer) as server:
        config = ArmConfig(role="canary", url=server.url, model="new", api=api)
        settings = endpoint_settings("canary", config, {})
        endpoint = Endpoint(settings, PROVIDERS[api], LoopClock(), random.Random(1))
        async with endpoint:
            arm = Arm("canary", config, endpoint)
            content = CaseLoader(store, KEY)
            return [case async for case in run_suite(store, content, arm, "release")]


@pytest.mark.parametrize(
    ("answer", "assertion", "state", "code"),
    [
        ("It is 42.", {"number": "42"}, "passed", 0),
        ("It is 57.", {"number": "42"}, "failed", 1),
        ("Quite another wording: 42.", None, "passed", 0),
        ("", None, "failed", 1),
        ("I'm sorry, but I can't help with that.", None, "failed", 1),
    ],
)
async def test_what_passes_and_what_fails(answer, assertion, state, code):
    """If it failed, a pipeline would ship what a person said must not be."""
    cases = await run(lambda _b: completion(answer), assertion=assertion)
    assert [case.state for case in cases] == [state], cases
    assert exit_code(cases) == code


async def test_a_canary_that_does_not_answer_fails():
    """If it failed, a dead canary would pass its suite."""
    cases = await run(lambda _b: 400)
    assert cases[0].outcome == "bad_request"
    assert exit_code(cases) == 1


async def test_what_could_not_be_judged_is_no_pass():
    """If it failed, an empty or unsendable suite would be green."""
    cases = await run(lambda _b: completion("x"), api="openai_embeddings")
    assert cases[0].state == "not_judged"
    assert exit_code(cases) == 2
    assert exit_code([]) == 3
