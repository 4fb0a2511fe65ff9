"""Retries: calls that repeat a failed request of their trace, found in any way."""

import pytest
from fakes.dict_store import dict_store
from fakes.stored_calls import hexed, store_calls, text_call
from msgspec.structs import replace

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query import columns
from snaptrace.query.language import parse
from snaptrace.query.retries import Retries
from snaptrace.query.search import Search, build_indexes, current_indexes
from snaptrace.snapshot.model import Answer
from snaptrace.store import hour_index
from snaptrace.store.segment_watcher import HOUR_NS

KEY = FleetKey(b"k" * 32)
NOW = 1_800_000_000 * 10**9 // HOUR_NS * HOUR_NS
SECOND = 10**9


def attempt(number, second, *, outcome="answered", question="Hello", model="m"):
    """Return one attempt of the same trace, a second long."""
    at_ns = NOW + second * SECOND
    call = text_call(
        number,
        at_ns=at_ns + SECOND,
        body={"model": model, "messages": [{"role": "user", "content": question}]},
        trace_id=hexed("trace", "one"),
        rank=7,
        started_at_ns=at_ns,
    )
    return replace(call, answer=Answer(outcome=outcome, text="x"))


FAILED = attempt(1, 0, outcome="error")
AGAIN = attempt(2, 2, model="fallback")
OTHERS = [
    attempt(3, 4, question="Something else"),
    attempt(4, 0, question="Hello"),  # beside the failed one, not after it
    replace(attempt(5, 6), trace_id=hexed("trace", "two")),
]


def test_only_what_failed_before_in_the_trace_is_repeated():
    """If it failed, every repeated question would look like a retry."""
    assert Retries().of([FAILED, AGAIN, *OTHERS]) == {1}
    assert Retries().of([attempt(1, 0), AGAIN]) == frozenset()


async def test_a_retry_in_another_segment_of_the_hour_is_one():
    """If it failed, what is found would hang on how calls were packed."""
    store = dict_store(0)
    for sequence, calls in enumerate([[FAILED], [AGAIN, *OTHERS]]):
        await store_calls(store, calls, at_ns=NOW + SECOND, sequence=sequence)
    await hour_index.close_hours(store, NOW + 10 * HOUR_NS)
    assert await found(store, "outcome=retried") == {AGAIN.snapshot_id}
    assert await build_indexes(store) == 1
    assert await found(store, "outcome=retried") == {AGAIN.snapshot_id}


async def store_of(calls):
    """Return a store of one closed hour with these calls."""
    store = dict_store(0)
    await store_calls(store, calls, at_ns=NOW + SECOND)
    await hour_index.close_hours(store, NOW + 10 * HOUR_NS)
    return store


async def found(store, where):
    """Return the ids that a filter finds."""
    search = Search(store, KEY)
    await search.refresh()
    query = parse(where, NOW)
    return {hit.facts.snapshot_id async for hit in search.hits(query)}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("outcome=retried", [AGAIN]),
        ("outcome!=retried", [FAILED, *OTHERS]),
        ("outcome=retried,error", [FAILED, AGAIN]),
        ("outcome=answered", [AGAIN, *OTHERS]),
    ],
)
async def test_an_index_finds_the_same_as_the_segments(where, expected):
    """If it failed, retries would vanish when their hour is closed."""
    store = await store_of([FAILED, AGAIN, *OTHERS])
    ids = {call.snapshot_id for call in expected}
    assert await found(store, where) == ids
    assert await build_indexes(store) == 1
    assert await found(store, where) == ids


async def test_an_index_of_an_earlier_release_has_no_retries(monkeypatch):
    """If it failed, a search after an upgrade would end in an error."""
    store = await store_of([FAILED, AGAIN])
    with monkeypatch.context() as earlier:
        earlier.delitem(columns.CODED, "retried")
        assert await build_indexes(store) == 1
    (name,) = (await current_indexes(store)).values()
    assert "retried" not in columns.Index(await store.get(name), name).head.columns
    assert await found(store, "outcome=retried") == set()
    assert await found(store, "outcome=error") == {FAILED.snapshot_id}
