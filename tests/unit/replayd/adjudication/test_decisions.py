"""What a blind judge is given and what becomes of the decisions."""

import json
import os

import msgspec
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from fakes.judged_epoch import KEY, image_pair, store_epoch, text_pair
from fakes.leaping_loop import LoopClock

from replayd.adjudication.decisions import (
    Decision,
    Decisions,
    canary_is_left,
    difference_of,
    read_decisions,
)
from replayd.adjudication.source import DecisionSource, DecisionsUnreadableError
from replayd.results.history import History
from replayd.results.worksheet import sheet


def line(number, better, epoch="e1"):
    """Return one decision as a judge writes it."""
    row = {"epoch": epoch, "number": number, "better": better}
    return json.dumps(row).encode() + b"\n"


def test_sides_are_drawn_and_stay():
    """A judge would learn that the canary is always on the left, or never agree."""
    left = [canary_is_left("e1", number) for number in range(1000)]
    assert 430 < sum(left) < 570
    assert left == [canary_is_left("e1", number) for number in range(1000)]
    assert left != [canary_is_left("e2", number) for number in range(1000)]


@pytest.mark.parametrize("number", range(20))
def test_a_decision_is_turned_back_to_the_canary(number):
    """Better and worse would be exchanged for half of the pairs."""
    side = "left" if canary_is_left("e1", number) else "right"
    other = {"left": "right", "right": "left"}[side]
    for better, expected in ((side, 1), (other, -1), ("tie", 0)):
        decision = Decision(epoch="e1", number=number, better=better)
        assert difference_of(decision) == expected


def test_the_first_decision_stands_and_broken_lines_are_counted():
    """A judge could be asked until the answer is liked, or one line lose all."""
    side = "left" if canary_is_left("e1", 3) else "right"
    other = {"left": "right", "right": "left"}[side]
    lines = [
        line(3, side),
        line(3, other),
        b"{",
        b'{"epoch": "e1", "number": 4, "better": "canary"}',
        b'{"epoch": "e1", "number": "4", "better": "tie"}',
        b"x" * 70_000,
        b"\n",
        line(5, "tie", epoch="e0"),
    ]
    found = read_decisions(lines, "e1")
    assert found.differences == {3: 1}
    assert (found.unreadable, found.foreign) == (4, 1)


async def test_a_file_is_read_when_it_grows(tmp_path):
    """A judge's work would go unseen, or be read in half lines."""
    path = tmp_path / "decisions.jsonl"
    source = DecisionSource(str(path), None)
    assert await source.read("e1") is None
    path.write_bytes(line(1, "tie") + b'{"epoch": "e1", "num')
    found = await source.read("e1")
    assert (found.differences, found.unreadable) == ({1: 0}, 0)
    assert await source.read("e1") is None
    path.write_bytes(line(1, "tie") + line(2, "tie"))
    os.utime(path, ns=(1, 1))
    assert (await source.read("e1")).differences == {1: 0, 2: 0}
    assert (await source.read("e2")).foreign == 2  # a new epoch reads it anew


async def test_an_address_is_asked_and_may_be_away():
    """A judge that is down would end the daemon."""
    answers = [web.Response(body=line(1, "tie")), web.Response(status=500)]

    async def serve(_request):
        return answers.pop(0)

    app = web.Application()
    app.router.add_get("/d", serve)
    async with TestServer(app) as server, ClientSession() as session:
        source = DecisionSource(str(server.make_url("/d")), session)
        assert (await source.read("e1")).differences == {1: 0}
        with pytest.raises(DecisionsUnreadableError, match="status 500"):
            await source.read("e1")
    async with ClientSession() as session:
        source = DecisionSource("http://127.0.0.1:9/", session)
        with pytest.raises(DecisionsUnreadableError):
            await source.read("e1")


def test_sides_cannot_be_computed_from_a_worksheet():
    """A judge who knows how sides are drawn would know whose answer it reads."""
    epochs = [(salt, n) for salt in ("a" * 32, "b" * 32) for n in range(1000)]
    sides = [canary_is_left("e1", n, salt) for salt, n in epochs]
    unsalted = [canary_is_left("e1", n) for _, n in epochs]
    alike = sum(a == b for a, b in zip(sides, unsalted, strict=True))
    assert 900 < alike < 1100
    side = "left" if canary_is_left("e1", 3, "a" * 32) else "right"
    assert read_decisions([line(3, side)], "e1", "a" * 32).differences == {3: 1}


async def test_the_sheet_names_no_side(tmp_path):
    """A judge who sees whose answer it is judges the name."""
    pairs = [
        text_pair(0, "The total is 42."),
        image_pair(1, "North: 42\nSouth: 3100\nEast: 875"),
        text_pair(2, "The total is 24."),
        text_pair(3, "The total is 13."),
    ]
    store, epoch = await store_epoch(pairs)
    history = History(store, KEY, LoopClock())
    known = Decisions({3: 1})
    rows = [msgspec.to_builtins(row) async for row in sheet(history, epoch, known)]
    assert [row["number"] for row in rows] == [1, 2]
    for row in rows:
        assert set(row["left"]) == set(row["right"]) == {"text", "tool_calls"}
        canary = row["left" if canary_is_left("e1", row["number"]) else "right"]
        assert canary["text"] == pairs[row["number"]][1]
        assert "canary" not in json.dumps(row)
        assert "assistant" not in json.dumps(row)
    assert rows[0]["question"] == "Read every value."
    rows = [
        msgspec.to_builtins(row)
        async for row in sheet(history, epoch, known, limit=1, media_to=tmp_path)
    ]
    assert len(rows) == 1
    assert rows[0]["media"][0].endswith(".png")
