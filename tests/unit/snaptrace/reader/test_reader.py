"""A store read from Python: calls, media, weights, estimates, results, tables."""

import asyncio
import builtins
import importlib.util
import runpy
import sys
from pathlib import Path

import msgspec
import pytest
import zstandard
from fakes.stored_calls import image_call, store_calls, text_call

import snaptrace
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.language import FilterError
from snaptrace.reader import tables
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names
from snaptrace.snapshot.conversation import MediaPart, TextPart
from snaptrace.snapshot.model import Answer
from snaptrace.snapshot.segment import RANK_SPAN
from snaptrace.store import erase, pins
from snaptrace.store.store import Store

NOW = 1_800_000_000 * 10**9
DATA = b"\x89PNG\r\n\x1a\n" + b"chart"
NOTEBOOKS = sorted((Path(__file__).parents[4] / "docs" / "notebooks").glob("*.py"))


@pytest.fixture
def place(tmp_path):
    """Return a store's configuration, its store and key; four calls, half sampled."""
    (tmp_path / "fleet.key").write_text("k" * 40)
    config = StoreConfig(
        url=f"file://{tmp_path / 'store'}", key_file=str(tmp_path / "fleet.key")
    )
    store, key = Store.open(config), FleetKey.of_store(config.url, config.key_file)
    high = RANK_SPAN - 5
    refused = Answer(outcome="refused", text="I'm sorry, I can't help with that.")
    calls = [
        text_call(1, at_ns=NOW, rank=high),
        text_call(2, at_ns=NOW, rank=high - 1, service="cart"),
        image_call(3, DATA, key, at_ns=NOW, rank=high - 2),
        msgspec.structs.replace(
            text_call(4, at_ns=NOW, rank=high - 3, service="cart"), answer=refused
        ),
    ]

    async def fill():
        name = await store_calls(
            store, calls, at_ns=NOW, blobs=[DATA], key=key, threshold=RANK_SPAN // 2
        )
        await pins.pin(
            store,
            key,
            name,
            calls[2],
            suite="release",
            now_ns=NOW,
            assertion={"number": 12},
        )
        epoch = {"epoch": "e1", "canary": "canary", "control": ""}
        score = {"scorer": "claims", "canary": 0.4, "control": 1.0, "reason": "x"}
        pair = {
            "number": 0,
            "snapshot_id": calls[0].snapshot_id,
            "canary": {"outcome": "answered", "latency_ms": 7.0},
            "streams": {"quality": score},
        }
        for name, value in (
            (f"{object_names.ROOT}/epochs/canary/000000000000", epoch),
            (object_names.numbered(object_names.RESULTS, "e1", 0), {"results": [pair]}),
        ):
            packed = zstandard.compress(msgspec.msgpack.encode(value))
            await store.create(name, packed)
        shown = {"verdict": "pass", "difference": 0.0, "streams": {}}
        view = {"revision": "r1", "modalities": {"text": shown}}
        told = {"at_ns": 5, "verdicts": {"canaries": {"canary": view}}}
        await store.create(object_names.shown(0), msgspec.msgpack.encode(told))

    asyncio.run(fill())
    return config, store, key, calls


@pytest.fixture
def reader(place):
    """Return a reader of that store."""
    config, *_ = place
    with snaptrace.open(config.url, key_file=config.key_file) as found:
        yield found


def test_calls_have_messages_media_and_weights(reader, place):
    """If it failed, a notebook would have to parse every API by itself."""
    calls = {call.id: call for call in reader}
    assert len(calls) == 4
    picture = calls[place[3][2].snapshot_id]
    assert picture.media[0].data == DATA
    assert picture.media[0].mime == "image/png"
    parts = picture.messages[-1].parts
    assert [type(part) for part in parts] == [TextPart, MediaPart]
    assert picture.question == "Read every value."
    assert picture.weight == pytest.approx(2.0)
    assert picture.uniform


def test_filters_and_limits(reader):
    """If it failed, a notebook would read a whole store to see three calls."""
    assert [c.snapshot.service for c in reader.calls("service=cart")] == ["cart"] * 2
    assert len(list(reader.calls(limit=1))) == 1
    assert [c.media[0].data for c in reader.calls("modality=image", media=False)] == [
        None
    ]
    with pytest.raises(FilterError):
        list(reader.calls("srvice=cart"))


def test_an_iterator_may_be_left_early(reader):
    """If it failed, a loop that breaks would leave a request running."""
    for _ in reader.calls():
        break
    assert len(list(reader.calls())) == 4


def test_it_works_inside_a_running_loop(reader):
    """If it failed, it could not be used in a notebook, which has a loop of its own."""

    async def cell():
        return len(list(reader.calls()))

    assert asyncio.run(cell()) == 4


def test_estimates_use_the_weights(reader):
    """If it failed, an average over a stratified sample would be one of rows."""
    share = reader.estimate(lambda call: float(call.answer.outcome == "refused"))
    assert share.value == pytest.approx(0.25)
    assert share.standard_error > 0
    assert reader.total(lambda _call: 1.0).value == pytest.approx(8.0)
    assert reader.estimate(lambda _call: 1.0, "service=none") is None


def test_erased_calls_are_not_given_out(reader, place):
    """If it failed, an erasure would not reach notebooks."""
    _, store, key, calls = place
    trace = calls[0].trace_id
    asyncio.run(erase.erase(store, key, "trace", trace, NOW + 10**18))
    assert len(list(reader.calls())) == 3


def test_pins_results_and_verdicts_are_rows(reader, place):
    """If it failed, results could be looked at on the page only."""
    ((call, assertion),) = reader.pins("release")
    assert (call.media[0].data, assertion) == (DATA, {"number": 12})
    (row,) = reader.results()
    assert row["arm"] == "canary"
    assert row["quality.canary"] == 0.4
    assert row["canary.latency_ms"] == 7.0
    assert reader.results("other") == []
    (verdict,) = reader.verdicts()
    assert (verdict["modality"], verdict["verdict"]) == ("text", "pass")


def test_without_the_extra_it_says_what_to_install(reader, monkeypatch):
    """If it failed, a missing library would look like a defect of ours."""
    imported = builtins.__import__

    def refuse(name, *more, **named):
        if name in ("pyarrow", "pandas", "datasets"):
            raise ImportError(name)
        return imported(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for method in (reader.to_arrow, reader.to_pandas, reader.to_datasets):
        with pytest.raises(ImportError, match=r"snaptrace\["):
            method()


@pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="the extra `tables`"
)
def test_arrow_tables_have_every_column(reader):
    """If it failed, media or weights would be lost on the way into a table."""
    table = reader.to_arrow(media=True)
    assert table.column_names == list(tables.COLUMNS)
    rows = {row["modality"]: row for row in table.to_pylist()}
    assert rows["image"]["media"][0]["bytes"] == DATA
    assert rows["text"]["weight"] == pytest.approx(2.0)


def test_rows_of_tables_have_every_column(reader):
    """If it failed, a table would have a column that no row fills."""
    for call in reader.calls():
        assert tuple(tables.row_of(call)) == tables.COLUMNS


@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(script, place, monkeypatch, capsys):
    """If it failed, the first thing that a data scientist tries would not work."""
    config, *_ = place
    opened = snaptrace.open

    def with_key(url):
        return opened(url, key_file=config.key_file)

    monkeypatch.setattr(snaptrace, "open", with_key)
    monkeypatch.setattr(sys, "argv", [str(script), config.url])
    runpy.run_path(str(script))
    assert capsys.readouterr().out
