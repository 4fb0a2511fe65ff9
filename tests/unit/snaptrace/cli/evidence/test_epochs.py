"""`snaptrace epochs` and `worst`: from a fired alert to the pair, over two epochs."""

import asyncio
import json
import random

import pytest
from fakes.judged_epoch import planned_of
from fakes.leaping_loop import LoopClock
from fakes.pair_results import SECOND, START, epoch_of, result_of
from fakes.stored_calls import text_call

from replayd.ledger.ledger import Ledger, open_epoch
from replayd.results.epoch_list import named, why_ended
from snaptrace.cli import main
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

GOOD, BAD = 150, 150  # pairs before and after the canary got worse


async def _write(store, epoch, results):
    await open_epoch(store, epoch)
    ledger = Ledger(store, epoch.epoch, LoopClock(), "leader-1")
    blocks = [
        planned_of(result.number, text_call(result.number, at_ns=START), "none", 0)
        for result in results
    ]
    if results:
        await ledger.plan(blocks)
        await ledger.commit(results, [])


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Store an epoch that regressed half-way, and a newer one that is undecided."""
    monkeypatch.chdir(tmp_path)
    rng = random.Random(1)
    results = [
        result_of(n, 1.0 if n < GOOD else float(rng.random() > 0.5))
        for n in range(GOOD + BAD)
    ]
    newer = {
        "epoch": "f" * 24,
        "sequence": 1,
        "revision": "r2",
        "carried": ("text",),
        "started_at_ns": START + 900 * SECOND,
    }

    async def write():
        store = Store.open(StoreConfig(url=f"file://{tmp_path}/store"))
        await _write(store, epoch_of("text", epoch="e" * 24), results)
        await _write(store, epoch_of("text", **newer), [result_of(n) for n in range(8)])

    asyncio.run(write())
    return ["--set", f"store.url=file://{tmp_path}/store"]


def test_every_epoch_says_what_it_found_and_why_it_ended(judged, capsys):
    """On call nobody could tell a new revision's state from the old one's."""
    assert main(["epochs", *judged, "--format", "json"]) == 0
    newest, older = json.loads(capsys.readouterr().out)
    assert (older["revision"], newest["revision"]) == ("r1", "r2")
    assert older["modalities"]["text"]["verdict"] == "regressed"
    assert older["modalities"]["text"]["since_ns"] > START + GOOD * SECOND
    assert older["ended"] == "revision r2 was declared"
    assert older["ended_at_ns"] == newest["started_at_ns"]
    assert newest["modalities"]["text"]["verdict"] == "regressed_previous_epoch"
    assert newest["ended"] == ""


def test_worst_in_a_new_epoch_leads_to_the_one_that_regressed(judged, capsys):
    """`worst` would say that no pair did worse, under an alert about them."""
    assert main(["worst", *judged]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "no pair in which the canary did worse" in said
    assert "text regressed in an earlier epoch (revision r1)" in said
    assert "--epoch previous" in said


@pytest.mark.parametrize("name", ["previous", "r1", "eeee"])
def test_worst_since_the_alert_shows_the_pairs_that_the_alarm_speaks_of(
    judged, capsys, name
):
    """Pairs from before the fault would stand beside it, or none would."""
    argv = ["worst", *judged, "--since-alert", "--epoch", name]
    assert main([*argv, "--format", "jsonl", "-n", "400"]) == 0
    output = capsys.readouterr()
    numbers = [json.loads(line)["number"] for line in output.out.splitlines()]
    assert numbers
    # The stretch may begin before the change; no pair before it is worse.
    assert min(numbers) >= GOOD
    assert "text: the alarm speaks of pairs from #" in output.err
    first = int(output.err.partition("from #")[2].split()[0].rstrip(","))
    assert first <= min(numbers)


def test_since_alert_without_an_alarm_says_so(judged, capsys):
    """An empty answer would look like a healthy canary."""
    assert main(["worst", *judged, "--since-alert"]) == 1
    said = capsys.readouterr().err
    assert "no alarm stands in this epoch" in said
    assert "--epoch previous" in said


def test_an_unknown_epoch_names_the_command_that_lists_them(judged, capsys):
    """A person would have to guess ids."""
    assert main(["worst", *judged, "--epoch", "zzz"]) == 1
    assert "snaptrace epochs" in capsys.readouterr().err
    assert main(["epochs", *judged, "--canary", "nobody"]) == 1
    assert "'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ({"margins": "{}"}, "margins changed"),
        ({"served": "m-2"}, "the provider served another model"),
        ({}, "the same settings began anew"),
    ],
)
def test_an_end_is_said_in_an_operators_words(key, words):
    """`key changed` would send a person into the source."""
    older = epoch_of("text", key={})
    assert why_ended(older, epoch_of("text", key=key, sequence=1)) == words


def test_epochs_are_named_as_people_do():
    """An id of 24 digits would have to be typed in an outage."""
    known = [
        epoch_of("text", epoch="aa11", revision="v1"),
        epoch_of("text", epoch="ab22", revision="v2"),
        epoch_of("text", epoch="cc33", revision="v1"),
    ]
    assert [e.epoch for e in named(known, "")] == ["cc33"]
    assert [e.epoch for e in named(known, "previous")] == ["ab22"]
    assert [e.epoch for e in named(known, "v1")] == ["cc33"]
    assert [e.epoch for e in named(known, "aa")] == ["aa11"]
    assert len(named(known, "a")) == 2
    assert named(known[:1], "previous") == []
