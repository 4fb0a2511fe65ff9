"""A store with one pinned call, and a model served beside a command's own loop."""

import asyncio
import threading
from contextlib import contextmanager

import pytest
from fakes.provider import FakeProvider
from fakes.stored_calls import store_calls, text_call

from snaptrace.crypto.fleet_key import FleetKey, make_secret
from snaptrace.runtime.config import StoreConfig
from snaptrace.store import pins
from snaptrace.store.store import Store

NOW = 1_800_000_000 * 10**9


@contextmanager
def served(answer):
    """Serve a model from a thread of its own: the command has its own loop."""
    started, stop = threading.Event(), []
    found = []

    async def serve():
        async with FakeProvider(answer) as provider:
            found.append(provider)
            over = asyncio.Event()
            loop = asyncio.get_running_loop()
            stop.append(lambda: loop.call_soon_threadsafe(over.set))
            started.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    try:
        yield found[0]
    finally:
        stop[0]()
        thread.join()


@pytest.fixture
def pinned(tmp_path):
    """Return the options that name a store with one pinned call."""
    key_file = tmp_path / "fleet.key"
    make_secret(key_file)
    config = StoreConfig(url=f"file://{tmp_path / 'store'}", key_file=str(key_file))

    async def fill():
        store = Store.open(config)
        key = FleetKey.of_store(config.url, config.key_file)
        call = text_call(1, at_ns=NOW)
        name = await store_calls(store, [call], at_ns=NOW)
        await pins.pin(
            store,
            key,
            name,
            call,
            suite="release",
            now_ns=NOW,
            assertion={"number": "42"},
        )

    asyncio.run(fill())
    return ["--set", f"store.url={config.url}", "--set", f"store.key_file={key_file}"]
