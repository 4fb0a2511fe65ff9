"""`snaptrace worksheet --format csv` and `snaptrace decide`: pairs in a spreadsheet."""

import asyncio
import csv
import io
import json

import pytest
from fakes.judged_epoch import store_epoch, text_pair

from replayd.adjudication.decisions import canary_is_left
from replayd.adjudication.opinions import OpinionBook, decisions_of
from snaptrace.cli import main
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

EVERYBODY_TWICE = "replayd.second_opinions=1.0"


@pytest.fixture
def store(tmp_path, capfd):
    """Return how commands are run on a store with two pairs that need people."""
    key = tmp_path / "fleet.key"
    key.write_bytes(b"k" * 32)
    url = f"file://{tmp_path / 'store'}"
    pairs = [
        text_pair(0, "The total is 42."),
        text_pair(1, "The total is 24."),
        text_pair(2, "=HYPERLINK(13)"),
    ]
    asyncio.run(store_epoch(pairs, url=url))

    def run(*arguments):
        settings = ("--set", f"store.url={url}", "--set", f"store.key_file={key}")
        code = main([*arguments, *settings, "--set", EVERYBODY_TWICE])
        return code, capfd.readouterr()

    run.url = url
    return run


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def filled(tmp_path, rows):
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def opinions(url):
    return asyncio.run(OpinionBook(Store.open(StoreConfig(url=url))).read("e1"))


def sides_of_control(row):
    """Return the side that a person finds better who sees that 42 is right."""
    return "left" if "42" in row["left"] else "right"


def test_decisions_in_a_spreadsheet_count_like_those_of_the_page(store, tmp_path):
    """People who cannot reach the page could not label anything."""
    code, said = store("worksheet", "--format", "csv")
    rows = rows_of(said.out)
    assert (code, [row["number"] for row in rows]) == (0, ["1", "2"])
    assert {row["turn"] for row in rows} == {"0"}
    for row in rows:
        row["better"], row["reasons"] = sides_of_control(row), "wrong_number; missing"
    code, said = store("decide", filled(tmp_path, rows), "--by", "ann")
    assert (code, said.out) == (0, "2 stored, 0 known, 0 open\n")
    kept = opinions(store.url)
    assert decisions_of(kept.values(), "").differences == {1: -1, 2: -1}
    assert kept[1, 0].reasons == ("wrong_number", "missing")
    assert (kept[1, 0].by, kept[1, 0].via) == ("ann", "csv")
    audited = [json.loads(line) for line in said.err.splitlines() if "audit" in line]
    assert [(line["audit"], line["who"]) for line in audited] == [
        ("decision", "ann")
    ] * 2
    # Said again, it is known; and nobody gets a second opinion on what is theirs.
    _, said = store("decide", filled(tmp_path, rows), "--by", "ann")
    assert said.out == "0 stored, 2 known, 0 open\n"
    _, said = store("worksheet", "--format", "csv", "--by", "ann")
    assert rows_of(said.out) == []


def test_a_second_person_sees_the_sides_swapped(store, tmp_path):
    """Two people who prefer the left answer would seem to agree."""
    _, said = store("worksheet", "--format", "csv")
    first = rows_of(said.out)
    for row in first:
        row["better"] = sides_of_control(row)
    store("decide", filled(tmp_path, first), "--by", "ann")
    _, said = store("worksheet", "--format", "csv", "--by", "bob")
    second = rows_of(said.out)
    assert {row["turn"] for row in second} == {"1"}
    sides = {row["number"]: (row["left"], row["right"]) for row in first}
    assert {row["number"]: (row["right"], row["left"]) for row in second} == sides
    for row in second:
        row["better"] = sides_of_control(row)
    store("decide", filled(tmp_path, second), "--by", "bob")
    differences = {key: o.difference("") for key, o in opinions(store.url).items()}
    assert set(differences.values()) == {-1}
    assert len(differences) == 4


def test_nothing_tells_whose_answer_is_whose_and_nothing_runs(store):
    """A label would follow the name; an answer could run a formula at a desk."""
    _, said = store("worksheet", "--format", "csv")
    rows = rows_of(said.out)
    assert "canary" not in said.out
    (row,) = (row for row in rows if row["number"] == "2")
    side = "left" if canary_is_left("e1", 2) else "right"
    assert row[side] == "'=HYPERLINK(13)"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"better": "LEFT!"}, "none of left, right, tie"),
        ({"better": "tie", "reasons": "because"}, "'because' is none of"),
        ({"better": "tie", "number": "-1"}, "have to stay"),
        ({"better": "tie", "number": "77"}, "no pair 77"),
        ({"better": "tie", "epoch": "e9"}, "no epoch 'e9'"),
        ({"better": "tie", "turn": "2"}, "have to stay"),
    ],
)
def test_a_wrong_row_is_named_and_the_others_are_stored(store, tmp_path, changed, why):
    """An afternoon's work would be lost for a typing mistake, or half of it unseen."""
    _, said = store("worksheet", "--format", "csv")
    first, second = rows_of(said.out)
    first |= changed
    second["better"] = "tie"
    code, said = store("decide", filled(tmp_path, [first, second]), "--by", "ann")
    assert (code, said.out) == (1, "1 stored, 0 known, 0 open\n")
    assert why in said.err.replace("\n", " ")
    assert set(opinions(store.url)) == {(2, 0)}


@pytest.mark.parametrize(
    "data", [b"number,better\n1,tie\n", b'epoch,number,better\n"', b"\xff\xfe", b""]
)
def test_a_file_that_is_no_worksheet_is_refused(store, tmp_path, data):
    """It would be read as a worksheet without decisions."""
    path = tmp_path / "pairs.csv"
    path.write_bytes(data)
    code, said = store("decide", str(path), "--by", "ann")
    assert code != 0
    assert "pairs.csv" in said.err
    assert "Traceback" not in said.err
