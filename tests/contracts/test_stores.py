"""What every store promises, on every kind; S3, Azure and GCS are server processes."""

import asyncio
import os
import time

import pytest
from fakes import object_servers

from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot.errors import (
    MissingObjectError,
    StoreRefusedError,
    StoreUnavailableError,
)
from snaptrace.store.data_keys import EnvelopeKey, Keyring
from snaptrace.store.store import Store

KINDS = (
    "memory",
    "folder",
    "s3",
    "encrypted folder",
    pytest.param("azure", marks=pytest.mark.system),
    pytest.param("gcs", marks=pytest.mark.system),
)


def server_of(kind):
    """Return a fixture that runs a kind of object store while the tests need it."""

    @pytest.fixture(scope="session", name=f"{kind}_server")
    def server(tmp_path_factory):
        made = object_servers.KINDS[kind]
        if object_servers.found(made.command) is None:
            pytest.skip(f"{made.command} is not installed; make emulators does that")
        port = object_servers.free_port()
        running = made(port)
        folder = tmp_path_factory.mktemp(kind)
        with object_servers.serving(running.argv, port, folder):
            yield running

    return server


s3_server, azure_server, gcs_server = map(server_of, ("s3", "azure", "gcs"))


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """Return an empty store of every kind."""
    if request.param == "memory":
        return Store.open(StoreConfig(url="memory://"))
    if request.param in object_servers.KINDS:
        server = request.getfixturevalue(f"{request.param}_server")
        bucket = f"b{abs(hash(request.node.name)) % 10**12}"
        return Store.open(server.bucket(bucket))
    store = Store.open(StoreConfig(url=f"file://{tmp_path}/a%20store"))
    if request.param == "encrypted folder":
        keyring = Keyring((EnvelopeKey(b"k" * 32),))
        return Store(store._backend, url=store.url, keyring=keyring)
    return store


async def names(store, prefix, after=""):
    """Return the names below a prefix in the order of the listing."""
    return [info.name async for info in store.list(prefix, after)]


async def test_what_was_created_is_read(store):
    """The simplest thing would not work."""
    for data in (b"", b"x", os.urandom(300_000)):
        name = f"v1/results/epoch/{len(data):012d}"
        assert await store.create(name, data)
        assert await store.get(name) == data
        assert await store.exists(name)


async def test_a_second_create_changes_nothing(store):
    """Two leaders would both believe that a number is theirs."""
    assert await store.create("v1/plans/e/000000000001", b"first")
    assert not await store.create("v1/plans/e/000000000001", b"second")
    assert await store.get("v1/plans/e/000000000001") == b"first"


async def test_one_of_many_concurrent_creates_wins(store):
    """The fence between leaders would have a hole."""
    wins = []

    async def one(number):
        if await store.create("v1/plans/e/000000000007", b"%d" % number):
            wins.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(16):
            group.create_task(one(number))
    assert len(wins) == 1
    assert await store.get("v1/plans/e/000000000007") == b"%d" % wins[0]


async def test_listings_are_in_order_and_start_after(store):
    """A fold over results would apply them in the wrong order or twice."""
    wanted = [f"v1/results/e-{e}/{n:012d}" for e in "ab" for n in (1, 2, 10, 11)]
    wanted.append("v1/results/e/000000000003")
    for name in reversed(wanted):
        await store.create(name, b"x")
    await store.create("v1/results-other/e/000000000001", b"x")
    assert await names(store, "v1/results") == sorted(wanted)
    for name in sorted(wanted):
        assert await names(store, "v1/results", name) == [
            other for other in sorted(wanted) if other > name
        ]
    assert await names(store, "v1/results/e-a") == sorted(wanted)[:4]
    assert await names(store, "v1/nothing") == []


async def test_a_listing_tells_size_and_time(store):
    """Retention by bytes and age stands on it."""
    before = time.time_ns()
    await store.create("v1/media/2026-11/aa/x", b"12345")
    (info,) = [info async for info in store.list("v1/media")]
    assert info.size_bytes >= 5
    assert abs(info.modified_ns - before) < 600 * 10**9


async def test_deleting_is_harmless_when_repeated(store):
    """A retention run that was killed could not go on."""
    await store.create("v1/answers/e/000000000001", b"x")
    await store.delete("v1/answers/e/000000000001")
    await store.delete("v1/answers/e/000000000001")
    assert not await store.exists("v1/answers/e/000000000001")
    assert await names(store, "v1/answers") == []
    assert await store.create("v1/answers/e/000000000001", b"y")


async def test_a_missing_object_is_told_from_a_failing_store(store):
    """An erased snapshot would be retried for ever."""
    with pytest.raises(MissingObjectError):
        await store.get("v1/segments/none")
    with pytest.raises(MissingObjectError):
        await store.get_start("v1/segments/none", 10)


async def test_the_beginning_of_an_object_is_enough(store):
    """Reading a header would cost the whole segment."""
    await store.create("v1/segments/x", b"0123456789")
    start = await store.get_start("v1/segments/x", 4)
    assert start.startswith(b"0123")
    assert (await store.get_start("v1/segments/x", 100)) == b"0123456789"


async def test_the_probe_accepts_a_store_that_keeps_the_promise(store):
    """A good store would be refused, or the probe leave its objects behind."""
    await store.probe()
    left = await names(store, "v1")
    assert [name for name in left if not name.startswith("v1/keys/")] == []


async def test_sweeping_takes_no_object(store):
    """A repair would delete what it is to mend."""
    await store.create("v1/plans/e/000000000001", b"x")
    assert await store.sweep(2**63 - 1) == 0
    assert await store.get("v1/plans/e/000000000001") == b"x"


class ForgetfulBackend:
    """A store that overwrites, as some S3 look-alikes do."""

    def __init__(self):
        self.objects = {}

    async def create(self, name, data):
        self.objects[name] = data
        return True

    async def get(self, name):
        if name not in self.objects:
            raise FileNotFoundError(name)
        return self.objects[name]

    async def get_start(self, name, size_bytes):
        return (await self.get(name))[:size_bytes]

    async def exists(self, name):
        return name in self.objects

    async def delete(self, name):
        self.objects.pop(name, None)

    async def list(self, prefix, after):
        for name in sorted(self.objects):
            if name.startswith(prefix) and name > after:
                yield type("Info", (), {"name": name, "size_bytes": 0})()


async def test_the_probe_refuses_a_store_that_overwrites():
    """Verdicts would be lost where the store ignores If-None-Match."""
    with pytest.raises(StoreRefusedError, match="twice"):
        await Store(ForgetfulBackend()).probe()


class FlakyBackend(ForgetfulBackend):
    """Create-only, but answers get lost: `lost` of them after the write."""

    def __init__(self, lost, before=0):
        super().__init__()
        self.lost, self.before, self.calls = lost, before, 0

    async def create(self, name, data):
        self.calls += 1
        if self.before:
            self.before -= 1
            raise ConnectionResetError("before the write")
        if name in self.objects:
            return False
        self.objects[name] = data
        if self.lost:
            self.lost -= 1
            raise ConnectionResetError("after the write")
        return True


async def test_a_create_whose_answer_was_lost_is_known_as_ours(instant_sleep):
    """A leader would take its own plan for another's and stop leading."""
    store = Store(FlakyBackend(lost=1), retries=3)
    assert await store.create("v1/plans/e/000000000001", b"mine")


async def test_a_create_that_another_won_meanwhile_is_not_ours(instant_sleep):
    """Two leaders would both go on."""
    backend = FlakyBackend(lost=0, before=1)
    store = Store(backend, retries=3)
    backend.objects["v1/plans/e/000000000001"] = b"another's"
    assert not await store.create("v1/plans/e/000000000001", b"mine")


async def test_a_store_that_stays_away_is_reported_after_the_retries(instant_sleep):
    """A caller would wait for ever, or give up at the first lost packet."""
    backend = FlakyBackend(lost=0, before=10)
    with pytest.raises(StoreUnavailableError):
        await Store(backend, retries=3).create("v1/x/y", b"")
    assert backend.calls == 4


async def test_a_server_that_is_not_there_is_unavailable():
    """A collector would treat an outage as a mistake of its configuration."""
    options = {**object_servers.S3_OPTIONS, "aws_endpoint": "http://127.0.0.1:9"}
    store = Store.open(StoreConfig(url="s3://bucket", options=options, retries=0))
    with pytest.raises(StoreUnavailableError):
        await store.get("v1/x/y")


async def test_a_bucket_that_is_not_there_is_refused_or_missing(s3_server):
    """A wrong bucket name would look like an empty store."""
    options = s3_server.options
    store = Store.open(StoreConfig(url="s3://nowhere", options=options, retries=0))
    with pytest.raises((StoreRefusedError, MissingObjectError)):
        await store.create("v1/x/y", b"")


@pytest.mark.parametrize("url", ["ftp://x/y", "nothing", "", "http://x/y"])
def test_an_unknown_kind_of_store_is_refused(url):
    """A typing error would end in a store somewhere else."""
    with pytest.raises(StoreRefusedError):
        Store.open(StoreConfig(url=url))


@pytest.mark.parametrize(
    "name", ["../x", "v1/../../x", "/etc/x", "v1//x", "v1/.staging/x", "v1/a\0b"]
)
async def test_a_folder_store_stays_in_its_folder(tmp_path, name):
    """A name from a stranger would read or write files of the machine."""
    store = Store.open(StoreConfig(url=f"file://{tmp_path}/store"))
    with pytest.raises((StoreRefusedError, MissingObjectError)):
        await store.get(name)
    with pytest.raises(StoreRefusedError):
        await store.create(name, b"x")


@pytest.fixture
def instant_sleep(monkeypatch):
    """Let waits between retries pass at once."""

    async def no_wait(_seconds):
        return None

    monkeypatch.setattr("snaptrace.store.store.asyncio.sleep", no_wait)
