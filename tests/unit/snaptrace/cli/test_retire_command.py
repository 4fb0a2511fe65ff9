"""`snaptrace plan --retire`: a date, and what a verdict before it takes."""

import asyncio
import json

import pytest
from fakes.stored_calls import store_calls, text_call

from snaptrace.cli import main
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store


@pytest.fixture
def asked(tmp_path):
    """Return `--set` options of a store whose calls ask assistant-7."""
    (tmp_path / "fleet").write_text("a secret of some thirty-two letters")
    url, now = f"file://{tmp_path}/store", SystemClock().now_ns()
    calls = [text_call(n, at_ns=now) for n in range(5)]
    key = FleetKey.of_store(url, str(tmp_path / "fleet"))
    store = Store.open(StoreConfig(url=url))
    asyncio.run(store_calls(store, calls, at_ns=now, key=key))
    settings = (
        f"store.url={url}",
        f"store.key_file={tmp_path}/fleet",
        'replayd.retirements={"assistant-7": "2099-12-31"}',
    )
    return [x for each in settings for x in ("--set", each)]


def test_the_plan_says_when_and_what(asked, capsys):
    """A team would start too late."""
    names = ["--retire", "assistant-7", "--successor", "assistant-8"]
    assert main(["plan", *names, *asked]) == 0
    out = capsys.readouterr().out
    assert "assistant-7 is shut down on 2099-12-31" in out
    assert "find a drop of 5 points" in out
    assert main(["plan", *names, *asked, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["on"] == "2099-12-31"
    assert found["plans"][0]["modality"] == "text"


def test_half_a_question_and_a_model_nobody_asks_are_refused(asked, capsys):
    """A plan about nothing would look like one."""
    assert main(["plan", "--retire", "assistant-7", *asked]) == 2
    names = ["--retire", "never-asked", "--successor", "assistant-8"]
    assert main(["plan", *names, *asked]) == 3
    assert "never-asked" in capsys.readouterr().err
