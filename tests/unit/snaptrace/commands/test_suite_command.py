"""`snaptrace test`: a pinned suite from the command line, without a daemon."""

import asyncio
import json
import threading
from contextlib import contextmanager

import pytest
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import store_calls, text_call

from snaptrace import cli
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshots import pins
from snaptrace.snapshots.keys import FleetKey, make_secret
from snaptrace.snapshots.store import Store

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


@pytest.mark.parametrize(("text", "code"), [("It is 42.", 0), ("It is 57.", 1)])
def test_it_exits_as_a_gate(pinned, capfdbinary, text, code):
    """If it failed, a pipeline would not see what a pinned case says."""
    with served(lambda _body: completion(text)) as model:
        options = ["--suite", "release", "--canary", model.url, "--format", "jsonl"]
        assert cli.main(["test", *pinned, *options]) == code
    (case,) = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert case["answer"] == text
    assert case["state"] == ("failed" if code else "passed")


def test_without_a_model_the_recorded_one_is_asked(pinned, capfdbinary):
    """If it failed, a server with several models would refuse every case."""
    asked = []

    def answer(body):
        asked.append(body["model"])
        return completion("42")

    with served(answer) as model:
        options = ["--suite", "release", "--canary", model.url]
        assert cli.main(["test", *pinned, *options]) == 0
        assert cli.main(["test", *pinned, *options, "--model", "next"]) == 0
    assert asked == [text_call(1, at_ns=NOW).request.model, "next"]
    assert b"passed" in capfdbinary.readouterr().out


def test_an_unknown_suite_could_not_be_told(pinned, capfdbinary):
    """If it failed, a misspelt suite would be green for ever."""
    options = ["--suite", "relaese", "--canary", "http://127.0.0.1:9/v1"]
    assert cli.main(["test", *pinned, *options]) == 3
    assert b"no cases" in capfdbinary.readouterr().out
