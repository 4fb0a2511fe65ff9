"""What a store promises when the object store behind it misbehaves."""

import asyncio
import random

import aiohttp
import pytest
from fakes import object_servers
from fakes.faulty_s3 import FAULTS, FaultySource, faulty
from fakes.filled_store import KEY, START_NS, put_segment, recorded
from fakes.leaping_loop import LoopClock
from fakes.waiting import until
from msgspec.structs import replace

from replayd import app
from replayd.cases.intake import Intake
from replayd.config import ReplaydConfig
from replayd.errors import LostLeadError
from replayd.ledger.lease import Lease
from replayd.ledger.ledger import Ledger
from snaptrace.runtime.backoff import Backoff
from snaptrace.runtime.config import Duration, load
from snaptrace.snapshot.errors import StoreUnavailableError
from snaptrace.store import episode, verify
from snaptrace.store.store import Store

LOUD = [name for name in FAULTS if name not in ("early_end", "short_body")]
COUNT = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port = object_servers.free_port()
    running = object_servers.S3(port)
    with object_servers.serving(running.argv, port, tmp_path_factory.mktemp("s3")):
        yield running


@pytest.fixture
def bucket(server, request):
    config = server.bucket(f"b{abs(hash(request.node.name)) % 10**12}")
    return replace(config, timeout=Duration(0.3), retries=8)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("snaptrace.store.store._RETRIES", Backoff(0.001, 0.01))


@pytest.mark.parametrize("fault", LOUD)
async def test_every_operation_gets_through_a_fault_that_comes_and_goes(
    server, bucket, fault
):
    """If it failed, an object would be lost, doubled or overwritten without a word."""
    source = FaultySource([fault], share=0.3, seed=7)
    async with faulty(server, bucket, source) as config:
        store = Store.open(config, random.Random(1))
        names = [f"v1/results/e/{number:012d}" for number in range(COUNT)]
        for name in names:
            created = await store.create(name, name.encode())
            # A refusal of a create that had arrived is told by its bytes.
            assert created or fault == "412_after"
        for name in names:
            assert await store.get(name) == name.encode()
            assert not await store.create(name, b"other")
            assert await store.exists(name)
        assert [i.name async for i in store.list("v1/results")] == names
        await store.delete(names[0])
        assert not await store.exists(names[0])
    assert source.made[fault] > 0


@pytest.mark.parametrize("fault", ["412_after", "lost_answer", "409_before"])
async def test_a_leader_does_not_take_its_own_writes_for_those_of_another(
    server, bucket, fault
):
    """If it failed, a lost answer would cost the lead, and what was in flight."""
    async with faulty(server, bucket, FaultySource([fault], share=0.5)) as config:
        store = Store.open(config)
        lease = Lease(store, "a", 15.0, LoopClock(START_NS))
        ledger = Ledger(store, "e1", LoopClock(START_NS), "a")
        assert [await lease.hold() for _ in range(6)] == [True] * 6
        await ledger.open()
        for number in range(6):
            await ledger.mark_tries([number])
        other = Ledger(store, "e1", LoopClock(START_NS), "b")
        other._term = ledger._term
        with pytest.raises(LostLeadError):
            await other.mark_tries([9])


@pytest.mark.parametrize("fault", ["half_body", "short_body"])
async def test_a_segment_cut_on_its_way_is_not_counted_as_damaged(
    server, bucket, fault
):
    """If it failed, a bad line would raise an alarm about damage, and lose cases."""
    plain = Store.open(bucket)
    for number in range(COUNT):
        await put_segment(plain, [recorded(number)], sequence=number + 1)
    source = FaultySource([fault], share=0.25, seed=3)
    async with faulty(server, bucket, source) as config:
        intake = Intake(Store.open(config), START_NS, 10**18)
        looks = [await intake.poll(START_NS) for _ in range(3)]
    assert source.made[fault] > 0
    assert [look.damaged for look in looks] == [()] * 3
    assert sum(len(look.cases) for look in looks) == COUNT


async def test_a_segment_that_is_damaged_in_the_store_is_counted_once(server, bucket):
    """If it failed, damage would go unseen, or be counted at every look."""
    plain = Store.open(bucket)
    name = await put_segment(plain, [recorded(1)])
    data = await plain.get(name)
    await plain.delete(name)
    await plain.create(name, data[: len(data) // 2])
    intake = Intake(plain, START_NS, 10**18)
    looks = [await intake.poll(START_NS) for _ in range(4)]
    assert [name for look in looks for name in look.damaged] == [name]


async def test_nothing_is_deleted_for_a_listing_that_ended_early(server, bucket):
    """If it failed, repair would delete media whose segments a listing left out."""
    plain = Store.open(bucket)
    for number in range(COUNT):
        blob = bytes([number]) * 500
        await put_segment(plain, [recorded(number, image=blob)], sequence=number + 1)
    before = [info.name async for info in plain.list("v1/media")]
    late = START_NS + 10**18
    for seed in range(5):
        source = FaultySource(["early_end"], share=0.1, seed=seed)
        async with faulty(server, bucket, source) as config:
            store = Store.open(config)
            try:
                found = [f async for f in verify.verify(store, KEY, late, repair=True)]
            except StoreUnavailableError:
                continue  # told, and nothing was done
            assert [f.problem for f in found if f.problem == "orphan_medium"] == []
    assert [info.name async for info in plain.list("v1/media")] == before


async def test_an_episode_is_two_lines_whoever_runs_into_it(
    server, bucket, caplog, monkeypatch
):
    """If it failed, an hour without a store would fill a log with the same line."""
    monkeypatch.setattr(episode, "QUIET_SECONDS", 0.05)
    caplog.set_level("INFO")
    source = FaultySource(["500"])
    async with faulty(server, bucket, source) as config:
        store = Store.open(replace(config, retries=1))
        for _ in range(20):
            with pytest.raises(StoreUnavailableError):
                await store.get("v1/a")
            with pytest.raises(StoreUnavailableError):
                [info async for info in store.list("v1")]
        source.faults = ()
        await until(lambda: _works(store, caplog))
    said = [r.getMessage() for r in caplog.records if r.name == episode.__name__]
    assert said == ["object store unavailable", "object store available again"]


async def _works(store, caplog):
    await store.create("v1/probe/b", b"b")
    return "available again" in caplog.text


async def test_a_start_waits_for_its_store_alive_and_not_ready(
    server, bucket, tmp_path, monkeypatch
):
    """If it failed, a store that is away for a minute would crash-loop the daemon."""
    monkeypatch.setattr(app, "STORE_RETRIES", Backoff(0.02, 0.1))
    monkeypatch.setattr(app, "STORE_PATIENCE_SECONDS", 0.05)
    (tmp_path / "key").write_text("k" * 40)
    port = object_servers.free_port()
    source = FaultySource(["500", "403"])
    async with faulty(server, bucket, source) as config:
        settings = [f"replayd.metrics.listen=127.0.0.1:{port}"]
        settings += ["replayd.page.listen=127.0.0.1:0"]
        canary = '{"role": "canary", "url": "http://127.0.0.1:9/v1", "model": "m"}'
        settings += [f"replayd.arms.canary={canary}"]
        arms = load(None, {}, settings).section("replayd", ReplaydConfig)
        stop = asyncio.Event()
        own = replace(config, retries=0, key_file=str(tmp_path / "key"))
        running = asyncio.ensure_future(app.run(arms, own, stop))

        at = f"http://127.0.0.1:{port}"

        async def answers(path):
            if running.done():
                running.result()
            try:
                async with aiohttp.request("GET", f"{at}{path}") as found:
                    return found.status, await found.text()
            except aiohttp.ClientError:
                return 0, ""

        async def waits():
            status, text = await answers("/readyz")
            return status == 503 and "object store unavailable" in text

        async def is_ready():
            return (await answers("/readyz"))[0] == 200

        await until(waits)
        assert (await answers("/healthz"))[0] == 200
        source.faults = ()
        await until(is_ready)
        stop.set()
        await running
