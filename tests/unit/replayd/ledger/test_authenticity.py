"""Results that somebody changed, took away or put back."""

import msgspec
import pytest
import zstandard
from fakes.dict_store import DictBackend
from fakes.filled_store import KEY
from fakes.leaping_loop import LoopClock
from fakes.pair_results import result_of

from replayd.errors import DamagedResultError
from replayd.ledger.ledger import Checkpoint, Ledger
from snaptrace.crypto.tags import untagged
from snaptrace.snapshot import object_names
from snaptrace.store.store import Store
from snaptrace.store.verify_ledger import check_ledger

RUNS, RUN = 4, 5  # runs of an epoch, results of a run


@pytest.fixture
async def backend():
    """Return the objects of an epoch of 20 results."""
    made = DictBackend(0)
    ledger = Ledger(store_over(made), "e", LoopClock(), "leader")
    for first in range(0, RUNS * RUN, RUN):
        await ledger.commit([result_of(first + n, 0.0) for n in range(RUN)], [])
    await ledger.save(Checkpoint(next_number=RUNS * RUN, fold=b""))
    return made


def store_over(backend, **settings):
    store = Store(backend)
    store.authenticate(KEY.tags, **settings)
    return store


def run_name(number):
    return object_names.result("e", number * RUN)


def made_better(data):
    """Return a run in which the canary lost no pair, as an attacker would write it."""
    run = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(data))
    for result in run["results"]:
        for score in result["streams"].values():
            score["canary"] = 1.0
    return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(run))


async def numbers(store):
    ledger = Ledger(store, "e", LoopClock())
    return [result.number async for run in ledger.runs() for result in run.results]


async def found(store):
    return [(one.problem, one.name) async for one in check_ledger(store)]


async def test_a_sound_epoch_is_read_and_checks_out(backend):
    """Nobody would look at findings that are always there."""
    assert await numbers(store_over(backend)) == list(range(RUNS * RUN))
    assert await found(store_over(backend)) == []


async def test_better_scores_under_the_old_tag_are_damage(backend):
    """Whoever can write to the bucket could let any checkpoint through."""
    data = backend.objects[run_name(2)]
    tag = data[len(untagged(data)) :]
    backend.objects[run_name(2)] = made_better(data) + tag
    with pytest.raises(DamagedResultError, match="tag does not fit"):
        await numbers(store_over(backend))
    assert await found(store_over(backend)) == [("corrupt", run_name(2))]


async def test_another_epochs_run_is_damage(backend):
    """An earlier canary's good results would count for this one."""
    store = store_over(backend)
    other = Ledger(store, "f", LoopClock(), "leader")
    await other.commit([result_of(n, 1.0) for n in range(RUN)], [])
    good = backend.objects[object_names.result("f", 0)]
    backend.objects[run_name(0)] = good
    with pytest.raises(DamagedResultError):
        await numbers(store)


async def test_a_tag_taken_off_is_told_and_refused_where_asked(backend):
    """Without its tag a rewritten run would pass as one of an earlier release."""
    backend.objects[run_name(1)] = made_better(backend.objects[run_name(1)])
    assert await numbers(store_over(backend)) == list(range(RUNS * RUN))
    assert await found(store_over(backend)) == [("untagged", "v1/results/e")]
    strict = store_over(backend, refuse_untagged=True)
    with pytest.raises(DamagedResultError, match="no tag"):
        await numbers(strict)
    assert await found(strict) == [("corrupt", run_name(1))]


@pytest.mark.parametrize("run", range(RUNS))
async def test_missing_results_are_told(backend, run):
    """Who deletes the pairs that a canary lost would hide its regression."""
    del backend.objects[run_name(run)]
    problems = await found(store_over(backend))
    assert [problem for problem, _ in problems] == ["gap"]


async def test_a_reader_without_the_secret_reads_but_cannot_check(backend):
    """A notebook of somebody who may read would find every result damaged."""
    store = Store(backend)
    assert await numbers(store) == list(range(RUNS * RUN))
    assert await found(store) == []


@pytest.mark.parametrize(
    "damage",
    [b"x" * 50, zstandard.compress(b"\x91" * 1_000_000), b"", b"\x28\xb5\x2f\xfd"],
    ids=["garbage", "nested", "empty", "cut"],
)
async def test_hostile_bytes_are_damage(backend, damage):
    """`verify` would end with a traceback at the object it was made for."""
    backend.objects[run_name(0)] = damage
    problems = dict.fromkeys(name for _, name in await found(store_over(backend)))
    assert run_name(0) in problems
