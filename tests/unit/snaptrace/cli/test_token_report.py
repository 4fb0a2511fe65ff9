"""What replays' token counts prove, as a person and a script read it."""

import asyncio
import json

import pytest
from fakes.leaping_loop import LoopClock
from fakes.pair_results import epoch_of
from fakes.stored_calls import hexed, store_calls, text_call
from fakes.witnessed import ROW, VOUCHED, counted

from replayd.ledger.ledger import Ledger, open_epoch
from snaptrace.cli import main
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot.model import Fidelity
from snaptrace.store.store import Store

NOW = 1_800_000_000 * 10**9


@pytest.fixture
def filled(tmp_path):
    """Return `--set` options of a store with one verified and one lowered row."""
    (tmp_path / "fleet").write_text("a secret of some thirty-two letters")
    url = f"file://{tmp_path}/store"
    image = VOUCHED._replace(medium="image", scope="opentelemetry.instrumentation.long")
    results = [counted(n) for n in range(160)]
    results += [
        counted(160 + n, 90 * (n % 4 == 0), row=image, case=f"i{n}") for n in range(40)
    ]

    async def fill():
        store = Store.open(StoreConfig(url=url))
        doubted = Fidelity(level="unverified", reasons=("scope_unrecorded",))
        calls = [
            text_call(1, at_ns=NOW, scope="lib", scope_version="1.0", fidelity=doubted),
            text_call(2, at_ns=NOW, scope="other", scope_version="1.0"),
        ]
        key = FleetKey.of_store(url, str(tmp_path / "fleet"))
        await store_calls(store, calls, at_ns=NOW, key=key)
        await open_epoch(store, epoch_of("text", epoch="e1"))
        ledger = Ledger(store, "e1", LoopClock(), "one")
        await ledger.commit(results, [])

    asyncio.run(fill())
    settings = (f"store.url={url}", f"store.key_file={tmp_path}/fleet")
    return [x for each in settings for x in ("--set", each)]


def test_the_table_names_cases(filled, capsys):
    """On call nobody would see which library lost what."""
    assert main(["doctor", "--replays", *filled]) == 0
    out = capsys.readouterr().out
    assert "verified" in out
    assert "differs" in out
    assert "recorded 290, replayed 200: 90 missing" in out


def test_a_script_gets_every_number(filled, capsys):
    """A job that watches a library would have to read a table."""
    assert main(["doctor", "--replays", "--format", "json", *filled]) == 0
    verified, lowered = json.loads(capsys.readouterr().out)
    assert (verified["scope"], verified["doubt"]) == (ROW.scope, ROW.doubt)
    assert verified["verified_by_tokens"]
    assert (verified["cases"], verified["equal"]) == (160, 160)
    assert (lowered["standing"], lowered["different"]) == ("differs", 10)
    assert lowered["difference_quantiles"] == [0, 0, 0, 90, 90]
    assert len(lowered["worst"]) == 8


def test_ls_and_show_name_the_level_that_tokens_gave(filled, capsys):
    """A call would gate while every list calls it unverified."""
    assert main(["ls", "--format", "json", *filled]) == 0
    rows = {row["snapshot_id"]: row for row in json.loads(capsys.readouterr().out)}
    first = rows[hexed("snapshot", 1)]
    assert (first["fidelity"], first["fidelity_now"]) == (
        "unverified",
        "verified by tokens",
    )
    assert rows[hexed("snapshot", 2)]["fidelity_now"] == "as_observed"
    assert main(["show", hexed("snapshot", 1)[:12], *filled]) == 0
    assert "verified by tokens (unverified at capture)" in capsys.readouterr().out


def test_without_replays_it_says_so(tmp_path, capsys):
    """An empty table would look like a finding."""
    settings = ["--set", f"store.url=file://{tmp_path}/store"]
    (tmp_path / "store").mkdir()
    assert main(["doctor", "--replays", *settings]) == 1
    assert "no replay's tokens were compared yet" in capsys.readouterr().out
