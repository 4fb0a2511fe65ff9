"""People's decisions in the store: once, in order, and whose they are."""

import asyncio

import msgspec
import pytest

from replayd.adjudication.decisions import (
    Decisions,
    canary_is_left,
    gets_second_opinion,
)
from replayd.adjudication.opinions import Opinion, OpinionBook, decisions_of, joined
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names
from snaptrace.store.store import Store


@pytest.fixture
def store():
    """An empty store."""
    return Store.open(StoreConfig(url="memory://"))


def opinion(number=0, better="left", **more):
    """Return a decision."""
    return Opinion(epoch="e1", number=number, better=better, **more)


async def test_the_first_decision_stands(store):
    """Whoever comes later could turn a verdict round."""
    book, other = OpinionBook(store), OpinionBook(store)
    taken = await asyncio.gather(
        book.put(opinion(by="ann")), other.put(opinion(better="right", by="ben"))
    )
    assert sorted(taken) == [False, True]
    (stored,) = (await book.read("e1")).values()
    assert stored.by == ("ann" if taken[0] else "ben")
    assert await book.put(opinion(turn=1, by="ben"))


async def test_each_object_is_read_once(store):
    """Every poll would read all decisions again."""
    book = OpinionBook(store)
    await book.put(opinion(0))
    assert set(await book.read("e1")) == {(0, 0)}
    await store.delete(object_names.opinion("e1", 0, 0))
    await book.put(opinion(7, turn=1))
    assert set(await book.read("e1")) == {(0, 0), (7, 1)}
    assert await book.read("e2") == {}


async def test_what_is_no_decision_is_counted_not_believed(store):
    """A stray object would take the queue down, or count."""
    book = OpinionBook(store)
    await store.create(object_names.opinion("e1", 3, 0), b"no msgpack")
    wrong = msgspec.msgpack.encode(opinion(4))
    await store.create(object_names.opinion("e1", 5, 0), wrong)
    assert await book.read("e1") == {}
    assert book.damaged == 1


def test_the_second_opinion_has_its_sides_swapped():
    """Two people who mean the same answer would count as two minds."""
    for number in range(20):
        first, second = opinion(number, "left"), opinion(number, "right", turn=1)
        left = canary_is_left("e1", number, "salt")
        assert first.difference("salt") == (1 if left else -1)
        assert second.difference("salt") == first.difference("salt")
    assert opinion(better="tie", turn=1).difference("") == 0


def test_only_first_opinions_count_and_a_file_comes_first():
    """A second opinion, or a late one, would move a verdict."""
    found = decisions_of([opinion(0), opinion(0, "right", turn=1), opinion(1)], "")
    assert set(found.differences) == {0, 1}
    known = Decisions({0: 0}, unreadable=2)
    both = joined(known, found)
    assert both.differences[0] == 0
    assert both.unreadable == 2
    assert 1 in both.differences


def test_second_opinions_are_a_share_drawn_beforehand():
    """People would choose whom to check."""
    drawn = [gets_second_opinion("e1", n, 0.2) for n in range(2_000)]
    assert 0.15 < sum(drawn) / 2_000 < 0.25
    assert not any(gets_second_opinion("e1", n, 0.0) for n in range(100))
    assert all(gets_second_opinion("e1", n, 1.0) for n in range(100))
