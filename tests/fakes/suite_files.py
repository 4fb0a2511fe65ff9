"""A store with four calls, a suite file beside it, and commands on both."""

import asyncio
import json

import pytest
from fakes.pinned_suite import NOW
from fakes.stored_calls import image_call, store_calls, text_call

from snaptrace import cli
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

DATA = b"\x89PNG\r\n\x1a\n" + b"chart"
CALLS = [
    text_call(1, at_ns=NOW, answer="The total is 42."),
    text_call(2, at_ns=NOW + 1, answer="The total is 42.", route="r2"),
    text_call(3, at_ns=NOW + 2, answer="The total is 42.", route="r2", service="cart"),
]


class Suite:
    """A store, a suite file, and commands on both."""

    def __init__(self, folder, capfdbinary):
        self.file, self._out = folder / "suite.yaml", capfdbinary
        self.config = StoreConfig(
            url=f"file://{folder / 'store'}", key_file=str(folder / "fleet.key")
        )
        (folder / "fleet.key").write_text("k" * 40)
        self.options = ["--set", f"store.url={self.config.url}"]
        self.options += ["--set", f"store.key_file={self.config.key_file}"]
        self.store = Store.open(self.config)
        self.key = FleetKey.of_store(self.config.url, self.config.key_file)

    def run(self, *arguments, store=True):
        """Run a command; return its exit code and what it printed."""
        options = self.options if store else []
        code = cli.main([*map(str, arguments), *options])
        out = self._out.readouterr()
        return code, (out.out + out.err).decode()

    def write(self, text):
        """Write the suite file."""
        self.file.write_text(text)

    def rows(self, command):
        """Return what `check` or `diff` prints, as (what, where, why)."""
        code, out = self.run("suite", command, self.file, "--format", "json")
        return code, [
            (row["what"], row["where"], row["why"]) for row in json.loads(out)
        ]


@pytest.fixture
def suite(tmp_path, capfdbinary):
    """Return commands over a store with four calls, one with a picture."""
    found = Suite(tmp_path, capfdbinary)

    async def fill():
        picture = image_call(4, DATA, found.key, at_ns=NOW, answer="North 12, South 30")
        await store_calls(
            found.store, [*CALLS, picture], at_ns=NOW, blobs=[DATA], key=found.key
        )
        return picture

    found.picture = asyncio.run(fill())
    return found
