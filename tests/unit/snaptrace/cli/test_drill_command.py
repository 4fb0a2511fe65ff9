"""`snaptrace drill`: a certificate from stored answers, in a terminal and as JSON."""

import asyncio
import json

import pytest
from fakes.stored_calls import store_calls, text_call
from msgspec.structs import replace

from replayd.drills.certificate import certificates, store_certificate
from snaptrace.cli import main
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

FEW = ["--orders", "5", "--within", "200"]


@pytest.fixture
def recorded(tmp_path):
    """Return `--set` options of a store with forty recorded answers, and the store."""
    (tmp_path / "fleet").write_text("a secret of some thirty-two letters")
    url = f"file://{tmp_path}/store"
    now = SystemClock().now_ns()
    store = Store.open(StoreConfig(url=url))
    calls = [
        text_call(n, at_ns=now, answer=f"The total is {100 + n} euros.")
        for n in range(40)
    ]
    key = FleetKey.of_store(url, str(tmp_path / "fleet"))
    asyncio.run(store_calls(store, calls, at_ns=now, key=key))
    settings = (f"store.url={url}", f"store.key_file={tmp_path}/fleet")
    return [x for each in settings for x in ("--set", each)], store


def test_the_table_names_what_is_caught(recorded, capsys):
    """Nobody could read which faults a pass does not speak about."""
    options, _ = recorded
    assert main(["drill", *FEW, *options]) == 0
    out = capsys.readouterr().out
    digit = next(line for line in out.splitlines() if line.startswith("digit_changed"))
    assert "quality" in digit
    assert "recorded answers" in out


def test_the_certificate_is_kept_in_the_store(recorded, capsys):
    """Metrics and gate would know nothing of what was drilled."""
    options, store = recorded
    assert main(["drill", *FEW, *options, "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    (kept,) = asyncio.run(certificates(store, "offline"))
    assert kept.source == "recording"
    found = {(row.fault, row.rate): row.standing for row in kept.rows}
    assert found["digit_changed", 1.0] == "caught"
    assert found["argument_changed", 1.0] == "not_applicable"
    assert len(printed["rows"]) == len(kept.rows)
    # No word of an answer leaves the store.
    assert "total is" not in json.dumps(printed)


def test_a_fault_that_is_no_longer_caught_ends_in_an_error(recorded, capsys):
    """A scorer that went blind would go on under an old certificate."""
    options, store = recorded

    async def claim():
        (made,) = await certificates(store, "offline")
        rows = tuple(replace(row, standing="caught") for row in made.rows)
        claimed = replace(made, rows=rows)
        await store_certificate(store, claimed)

    assert main(["drill", *FEW, *options]) == 0
    asyncio.run(claim())
    before = capsys.readouterr()
    assert "was caught before" not in before.out
    code = main(["drill", "--orders", "3", "--within", "20", *options])
    out = capsys.readouterr().out
    assert code == 1
    assert "was caught before: text digit_changed at 0.1" in out
    assert len(asyncio.run(certificates(store, "offline"))) == 3


def test_an_empty_store_is_said(tmp_path, capsys):
    """A certificate about nothing would look like one."""
    (tmp_path / "store").mkdir()
    (tmp_path / "fleet").write_text("a secret of some thirty-two letters")
    options = [
        "--set",
        f"store.url=file://{tmp_path}/store",
        "--set",
        f"store.key_file={tmp_path}/fleet",
    ]
    assert main(["drill", *options]) == 1
    assert "no answer" in capsys.readouterr().err


def test_asking_says_first_what_it_takes(recorded, capsys):
    """Somebody would pay for calls that nobody asked for."""
    options, store = recorded
    control = '{"p": {"role": "control", "url": "http://127.0.0.1:9/v1", "model": "m"}}'
    arms = ["--set", f"replayd.arms={control}"]
    assert main(["drill", "--ask", "--pairs", "4", *options, *arms]) == 0
    said = capsys.readouterr().err
    # Twice untouched, and once at another temperature.
    assert "12 calls to p: 4 text" in said
    assert "no price for m" in said
    assert "nothing was sent" in said
    assert asyncio.run(certificates(store, "asked")) == []


def test_asking_needs_a_control(recorded, capsys):
    """The command would end in a stack trace."""
    options, _ = recorded
    assert main(["drill", "--ask", *options]) == 1
    assert "role control" in capsys.readouterr().err
