"""Filters, exports, coverage and refreshing, from the command line."""

import asyncio
import json
from base64 import b64encode
from typing import get_args

import pytest
from fakes.pinned_suite import NOW
from fakes.stored_calls import text_call
from fakes.suite_files import CALLS, DATA

from snaptrace.export.shapes import Shape
from snaptrace.query.search import build_indexes
from snaptrace.snapshot import object_names
from snaptrace.store import hour_index, pins

SHAPES = get_args(Shape)


def test_one_filter_language_for_every_command(suite):
    """If it failed, what `ls` shows could not be exported, replayed or pinned."""
    where = "service=shop text~'order 1'"
    code, out = suite.run("ls", where, "--format", "json")
    assert code == 0
    assert [row["snapshot_id"] for row in json.loads(out)] == [CALLS[0].snapshot_id]
    code, out = suite.run("export", where)
    assert json.loads(out.splitlines()[0])["snapshot_id"] == CALLS[0].snapshot_id
    code, out = suite.run("replay", "--where", where, "--dry-run")
    assert json.loads(out.splitlines()[0])["snapshot_id"] == CALLS[0].snapshot_id
    for command in (["ls"], ["export"], ["replay", "--dry-run", "--where"]):
        code, out = suite.run(*command, "srvice=shop")
        assert (code, "did you mean service?" in out) == (2, True)


def test_an_index_changes_no_answer(suite):
    """If it failed, a list would be another one after the hour was closed."""
    before = suite.run("ls", "route=r2", "--format", "jsonl")

    async def close():
        await hour_index.close_hours(suite.store, NOW + 10**16)
        return await build_indexes(suite.store)

    assert asyncio.run(close()) == 1
    assert suite.run("ls", "route=r2", "--format", "jsonl") == before
    assert len(before[1].splitlines()) == 2


def test_pins_are_exported_beyond_retention(suite):
    """If it failed, a suite would lose its cases once their segments are gone."""
    suite.write(f"suite: a\npin:\n  - id: {CALLS[0].snapshot_id}\n")
    suite.run("suite", "lock", suite.file)

    async def expire():
        for info in [i async for i in suite.store.list(object_names.SEGMENTS)]:
            await suite.store.delete(info.name)

    asyncio.run(expire())
    pin = ["pin", CALLS[0].snapshot_id[:8], "--suite", "a", "--replace"]
    assert suite.run(*pin, "--expect", '{"number": 43}')[0] == 0
    _, out = suite.run("export", "--suite", "a")
    assert json.loads(out.splitlines()[0])["snapshot_id"] == CALLS[0].snapshot_id
    assert suite.run("export", "service=none", "--suite", "a") == (0, "")


def test_fields_are_listed_and_terms_completed(suite):
    """If it failed, nobody could find out what a filter may ask for."""
    assert "outcome" in suite.run("fields", store=False)[1]
    assert suite.run("fields", "modality=im", store=False) == (0, "modality=image\n")


def test_coverage_says_what_has_no_pin(suite):
    """If it failed, a suite would look complete while a route has no case."""
    suite.write(f"suite: a\npin:\n  - id: {CALLS[0].snapshot_id}\n")
    suite.run("suite", "lock", suite.file)
    options = ("suite", "coverage", suite.file, "--where", "service=shop,cart")
    code, out = suite.run(*options)
    assert code == 0, out
    assert "a covers 25.0% ± 0.0% of calls: 1 of 4 kinds" in out
    assert "cart route r2 text" in out
    assert suite.run(*options, "--least", "0.5")[0] == 1
    found = json.loads(suite.run(*options, "--format", "json")[1])
    assert len(found["uncovered"]) == 3
    assert suite.run("suite", "coverage", "other")[0] == 2
    nothing = ("suite", "coverage", suite.file, "--where", "service=none")
    assert suite.run(*nothing)[0] == 3


def test_exports_carry_media_or_say_what_is_left_out(suite, tmp_path):
    """If it failed, a picture's case would be exported as a question without one."""
    code, out = suite.run("export", "modality=image", "--shape", "inspect")
    assert code == 0
    assert "data:image/png;base64," in out
    assert "left out" not in out
    file = tmp_path / "out.jsonl"
    _, said = suite.run("export", "modality=image", "--no-media", "--output", file)
    assert b"base64," not in file.read_bytes()
    assert "--media writes the bytes" in said

    async def lose():
        digest = suite.picture.media[0].digest
        name = object_names.medium(object_names.media_folder(NOW), digest)
        await suite.store.delete(name)

    asyncio.run(lose())
    code, out = suite.run("export", "modality=image", "--shape", "openai")
    assert code == 0
    assert "1 medium left out" in out
    assert f"snaptrace:media:{suite.picture.media[0].digest}" in out


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_drops_a_picture_without_a_word(suite, shape):
    """If it failed, one tool's dataset would ask about pictures that are not there."""
    where = ("modality=image", "--shape", shape)
    code, out = suite.run("export", *where)
    has_picture = b64encode(DATA).decode() in out
    assert code == 0
    assert has_picture or "1 medium left out" in out
    assert has_picture != ("left out" in out)
    assert has_picture == (shape != "snapshot")
    assert b64encode(DATA).decode() in suite.run("export", *where, "--media")[1]


def test_parquet_is_a_file(suite, tmp_path):
    """If it failed, a terminal would be filled with bytes, or media be lost."""
    code, said = suite.run("export", "--shape", "parquet")
    assert (code, "--output" in said) == (2, True)
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "calls.parquet"
    assert suite.run("export", "--shape", "parquet", "--output", file)[0] == 0
    rows = parquet.read_table(file).to_pylist()
    assert len(rows) == 4
    media = [row["media"] for row in rows if row["modality"] == "image"]
    assert media[0][0]["bytes"] == DATA


def test_refresh_proposes_stale_pins_out_and_uncovered_kinds_in(suite):
    """If it failed, a suite would stay as it was in the week when it was written."""
    old = text_call(9, at_ns=NOW - 10**18, route="gone")

    async def pin_old():
        await pins.pin(suite.store, suite.key, "x", old, suite="a", now_ns=NOW)

    asyncio.run(pin_old())
    text = (
        "suite: a\npin:\n"
        f"  - id: {old.snapshot_id}\n    why: an old case\n"
        f"  # kept\n  - id: {CALLS[0].snapshot_id}\n\n# end\n"
    )
    suite.write(text)

    async def pin_live():
        await pins.pin(suite.store, suite.key, "x", CALLS[0], suite="a", now_ns=NOW)

    asyncio.run(pin_live())
    options = ("suite", "refresh", suite.file, "--where", "service=shop,cart")
    code, out = suite.run(*options, "--most", "1")
    assert code == 1
    assert f"-  - id: {old.snapshot_id}" in out
    assert "-    why: an old case" in out
    assert "+  - id: " in out
    assert suite.file.read_text() == text
    suite.run(*options, "--write")
    now = suite.file.read_text()
    assert "an old case" not in now
    assert CALLS[0].snapshot_id in now
    assert now.endswith("\n# end\n")
    assert suite.run("suite", "lock", suite.file)[0] == 0
    assert suite.run(*options)[0] == 0
