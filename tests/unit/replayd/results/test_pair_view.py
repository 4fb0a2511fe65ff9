"""What was judged, told again from the store."""

import io
import json
import random

import pytest
from fakes.judged_epoch import KEY, image_pair, said, store_epoch, text_pair
from fakes.leaping_loop import LoopClock
from fakes.pair_results import result_of
from fakes.shown_page import drawing_pair
from rich.console import Console

from replayd.errors import DamagedResultError
from replayd.results.history import History, Ranking, badness
from replayd.results.pair_view import result_lines, worst_pairs, write_media
from replayd.results.terminal import worst_panel
from snaptrace.snapshot import object_names

PAIRS = [
    text_pair(0, "The total is 42."),
    image_pair(1, "North: 42\nSouth: 3100\nEast: 875"),
    image_pair(2, "I'm sorry, but I can't help with that."),
    text_pair(3, said("", "timeout")),
    text_pair(4, "It is 42 in total."),
]


async def told(pairs=PAIRS, **more):
    """Store `pairs` and return the worst of them."""
    keep = more.pop("keep_answers", True)
    store, _ = await store_epoch(pairs, keep_answers=keep)
    history = History(store, KEY, LoopClock())
    epoch = await history.epoch("canary")
    return [pair async for pair in worst_pairs(history, epoch, **more)]


async def test_worst_first_and_only_what_was_worse():
    """A person would look at good answers and miss the bad ones."""
    found = await told()
    assert [pair.number for pair in found] == [3, 2, 1]
    assert [pair.stream for pair in found] == ["answered", "invariants", "quality"]
    assert [p.number for p in await told(modality="image", limit=1)] == [2]


async def test_a_pair_says_what_everybody_said(tmp_path):
    """The reader could not tell what went wrong."""
    (pair,) = await told([PAIRS[1]], media_to=tmp_path)
    assert pair.question == "Read every value."
    assert pair.recorded.text.startswith("North: 4211")
    assert pair.said_canary.text.startswith("North: 42\n")
    assert pair.said_control.text == pair.recorded.text
    assert pair.scores["quality"].scorer == "cell_values"
    assert pair.difference == pytest.approx(-2 / 3)
    (path,) = pair.media
    data = (tmp_path / path.rsplit("/", 1)[-1]).read_bytes()
    assert data.startswith(b"\x89PNG")


async def test_media_of_every_answer_are_written(tmp_path):
    """A person at a terminal could not look at the pictures that were drawn."""
    drawn = drawing_pair(0)
    store, epoch = await store_epoch([drawn])
    pair = await History(store, KEY, LoopClock()).pair(epoch, 0)
    files = await write_media(pair, tmp_path)
    assert [path.rsplit("-", 2)[1] for path in files] == [
        "recorded",
        "control",
        "canary",
    ]
    found = [(tmp_path / path).read_bytes() for path in files]
    assert found == [drawn[3], drawn[2].blobs[0], drawn[1].blobs[0]]


async def test_erased_answers_leave_the_numbers():
    """Erasure would take a verdict's reasons with it."""
    (first, *_) = await told(keep_answers=False)
    assert first.number == 3
    assert first.said_canary is None
    assert first.scores["answered"].canary == 0.0


async def test_an_erased_snapshot_is_said_to_be_gone():
    """A missing recording would read as an empty one."""
    store, epoch = await store_epoch([PAIRS[1]])
    async for info in store.list(object_names.SEGMENTS):
        await store.delete(info.name)
    history = History(store, KEY, LoopClock())
    (pair,) = [p async for p in worst_pairs(history, epoch)]
    assert pair.gone == "erased"
    assert pair.recorded is None
    assert pair.said_canary.text.startswith("North")


async def test_results_are_lines_without_content():
    """A script would have to parse objects, or get to see prompts."""
    store, epoch = await store_epoch(PAIRS)
    history = History(store, KEY, LoopClock())
    lines = [line async for line in result_lines(history, epoch)]
    assert [json.loads(line)["number"] for line in lines] == [0, 1, 2, 3, 4]
    first = json.loads(lines[1])
    assert first["arm"] == "canary"
    assert first["revision"] == "r1"
    assert first["streams"]["quality"]["control"] == 1.0
    assert first["canary"]["outcome"] == "answered"
    assert b"North" not in b"".join(lines)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)


async def test_a_damaged_result_is_refused_by_name():
    """Half of an epoch would be taken for the whole."""
    store, epoch = await store_epoch(PAIRS)
    await store.delete(object_names.result(epoch.epoch, 2))
    history = History(store, KEY, LoopClock())
    with pytest.raises(DamagedResultError, match="expected number 2"):
        _ = [line async for line in result_lines(history, epoch)]


async def test_a_ranking_takes_up_what_is_new():
    """A page would show yesterday's worst, or read everything at every look."""
    store, epoch = await store_epoch(PAIRS)
    history = History(store, KEY, LoopClock())
    first = await history.ranking(epoch)
    assert await history.ranking(epoch) is first
    assert first.next_number == 5
    assert first.pairs == {"text": 3, "image": 2}
    assert first.worse == {"text": 1, "image": 2}


def test_a_ranking_is_bounded_and_keeps_the_worst():
    """A week of regressions would fill the memory, or the worst would be pushed out."""
    rng = random.Random(1)
    rows = [result_of(n, rng.random()) for n in range(400)]
    ranking = Ranking(most=20)
    ranking.add(rows)
    kept = [r.number for r in ranking.worst("text")]
    expected = sorted(rows, key=badness)
    assert kept == [r.number for r in expected[:20]]


def test_excluded_pairs_rank_nowhere():
    """A case that nobody could judge would be shown as the canary's fault."""
    ranking = Ranking()
    ranking.add([result_of(0, 0.0, excluded="unscorable_redacted")])
    assert list(ranking.worst()) == []


async def test_answers_cannot_command_the_terminal():
    """A model's answer could move the cursor, set a title, or forge markup."""
    call, _, control, blob = PAIRS[1]
    hostile = "\x1b]0;owned\x07 \x1b[2J [bold red]fake[/] North: 1"
    (pair,) = await told([(call, hostile, control, blob)])
    console = Console(width=400, record=True, file=io.StringIO())
    console.print(worst_panel(pair))
    text = console.export_text()
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold red]fake[/]" in text
