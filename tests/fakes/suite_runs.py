"""Suites of pinned calls, run against models that answer as told."""

import random
from contextlib import AsyncExitStack

from fakes.dict_store import dict_store
from fakes.leaping_loop import LoopClock
from fakes.provider import FakeProvider
from fakes.stored_calls import store_calls

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.cases.loader import CaseLoader
from replayd.config import ArmConfig
from replayd.offline.suite.entries import stored_entries
from replayd.offline.suite.outcome import outcome_of, settled
from replayd.offline.suite.run import Settings, SuiteRun
from replayd.providers import PROVIDERS
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.store import pins

NOW = 1_800_000_000 * 10**9
KEY = FleetKey(b"k" * 32)


async def pin_calls(calls, *, assertions=(), blobs=(), hard=()):
    """Return a store in which all `calls` are pinned in the suite `release`."""
    store = dict_store(0)
    name = await store_calls(store, calls, at_ns=NOW, blobs=blobs, key=KEY)
    for number, call in enumerate(calls):
        await pins.pin(
            store,
            KEY,
            name,
            call,
            suite="release",
            now_ns=NOW,
            assertion=assertions[number] if number < len(assertions) else None,
            hard=number in hard,
        )
    return store


async def run_release(
    store,
    answer,
    *,
    control=None,
    api="openai_chat",
    runs=5,
    entries=None,
    rubrics=None,
):
    """Ask a canary that answers so (and a control); return what the suite came to."""
    async with AsyncExitStack() as stack:
        arms = {}
        for name, told in (("canary", answer), ("control", control)):
            if told is None:
                continue
            server = await stack.enter_async_context(FakeProvider(told))
            config = ArmConfig(role=name, url=server.url, model="new", api=api)
            endpoint = Endpoint(
                endpoint_settings(name, config, {}),
                PROVIDERS[api],
                LoopClock(),
                random.Random(1),
            )
            arms[name] = Arm(name, config, await stack.enter_async_context(endpoint))
        run = SuiteRun(
            store,
            CaseLoader(store, KEY),
            arms["canary"],
            control=arms.get("control"),
            rubrics=rubrics,
            settings=Settings(hard_runs=runs),
        )
        entries = entries or await stored_entries(store, "release")
        cases = [case async for case in run.cases(entries.entries)]
    return outcome_of("release", settled(cases), entries.suite_hash, run.blind_to)
