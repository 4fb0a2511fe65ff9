"""The forward path between real processes: nothing lost, nothing altered."""

import asyncio
import hashlib
import os
import random
import urllib.error
import urllib.request

import grpc
import grpc.aio
import pytest
from fakes.upstream import HANG, FakeUpstream
from system.forwarding import RunningCollector

from collector.answer import Answer, read_varint, refusal
from collector.signals import SIGNALS

pytestmark = [pytest.mark.system, pytest.mark.timeout(110)]

METHOD = SIGNALS["traces"].grpc_method


def frame(body):
    """Make a body that is one whole frame of an export request."""
    size = len(body)
    length = b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return b"\x0a" + length + bytes([size]) + body


async def get(address, path):
    def read():
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    return await asyncio.to_thread(read)


def frames_of(body):
    """Split what may have been joined back into what was sent."""
    at, found = 0, []
    while at < len(body):
        head = at
        size, at = read_varint(body, at + 1)
        at += size
        found.append(body[head:at])
    return found


def digest(body):
    return hashlib.sha256(body).digest()


class Clients:
    """Clients that send until told to stop, and remember what they were told."""

    def __init__(self, running, chance):
        self.running, self.chance = running, chance
        self.sent, self.acknowledged, self.told = set(), set(), set()
        self.over = asyncio.Event()

    async def send(self, number):
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_reconnect_backoff_ms", 300),
        ]
        async with grpc.aio.insecure_channel(self.running.grpc, options) as channel:
            call = channel.unary_unary(METHOD)
            while not self.over.is_set():
                size = self.chance.choice((40, 300, 5_000, 100_000))
                body = frame(b"%d/" % number + os.urandom(size))
                self.sent.add(digest(body))
                try:
                    await call(body, timeout=3)
                except grpc.aio.AioRpcError as error:
                    self.told.add(error.code())
                else:
                    self.acknowledged.add(digest(body))

    async def until_acknowledged(self, more):
        enough = len(self.acknowledged) + more
        while len(self.acknowledged) < enough:
            await asyncio.sleep(0.05)


async def test_what_was_acknowledged_is_upstream_whatever_is_killed(tmp_path):
    """A batch that a client believes delivered would be lost, or arrive altered."""
    chance = random.Random(4)
    moods = [
        Answer(),
        refusal(14, "restarting", 1),
        HANG,
        refusal(3, "not this one"),
    ]
    async with FakeUpstream(
        lambda *_: chance.choices(moods, weights=(90, 6, 1, 3))[0]
    ) as upstream:
        async with RunningCollector(
            tmp_path,
            f"collector.upstream.url=grpc://{upstream.grpc}",
            "collector.upstream.timeout=1s",
        ) as running:
            clients = Clients(running, chance)
            async with asyncio.TaskGroup() as tasks:
                for number in range(16):
                    tasks.create_task(clients.send(number))
                for _ in range(3):
                    await clients.until_acknowledged(600)
                    running.kill()
                    await running.start()
                await clients.until_acknowledged(600)
                clients.over.set()
            assert await running.stop() == 0
        arrived = {
            digest(one) for _, body in upstream.accepted for one in frames_of(body)
        }
        assert clients.acknowledged <= arrived
        assert arrived <= clients.sent
        lossy = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
        assert not clients.told & lossy


async def test_a_stop_drains_what_is_under_way(tmp_path):
    """A rollout would cost the batches in flight."""
    slow = asyncio.Event()

    async with FakeUpstream() as upstream:
        original = upstream._answer

        async def wait_then_answer(*arguments):
            await slow.wait()
            return await original(*arguments)

        upstream._answer = wait_then_answer
        url = f"collector.upstream.url=grpc://{upstream.grpc}"
        async with (
            RunningCollector(tmp_path, url) as running,
            grpc.aio.insecure_channel(running.grpc) as channel,
        ):
            calls = [
                channel.unary_unary(METHOD)(frame(b"x"), timeout=20) for _ in range(30)
            ]
            done = [asyncio.ensure_future(asyncio.wait_for(c, 20)) for c in calls]
            await asyncio.sleep(0.5)
            stopping = asyncio.ensure_future(running.stop())
            await asyncio.sleep(0.3)
            assert not stopping.done()
            slow.set()
            assert await asyncio.gather(*done) == [b""] * 30
            assert await stopping == 0


async def test_a_store_that_cannot_be_written_is_not_felt(tmp_path):
    """A broken disk would stop the team's telemetry."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    async with FakeUpstream() as upstream:
        settings = (
            f"collector.upstream.url={upstream.http}",
            f"store.url=file://{blocked}/store",
        )
        async with (
            RunningCollector(tmp_path, *settings) as running,
            grpc.aio.insecure_channel(running.grpc) as channel,
        ):
            for i in range(50):
                await channel.unary_unary(METHOD)(frame(b"gen_ai.%d" % i), timeout=5)
            assert len(upstream.accepted) > 0
            assert (await get(running.metrics, "/readyz"))[0] == 200
            _, page = await get(running.metrics, "/metrics")
            assert "snaptrace_collector_store_writable 0.0" in page
            async with asyncio.timeout(10):
                while str(blocked) not in running.log():
                    await asyncio.sleep(0.05)
            assert await running.stop() == 0


async def test_strict_ends_where_sampling_cannot_work(tmp_path):
    """An operator who asked to be told would not be."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    running = RunningCollector(
        tmp_path, f"store.url=file://{blocked}/store", arguments=("--strict",)
    )
    with pytest.raises(AssertionError, match="ended at start"):
        await running.start()
    assert running.process.wait() == 1


@pytest.mark.parametrize(
    "setting", ["collector.nope=1", "collector.limits.streams=0", "store.retries=-1"]
)
async def test_a_mistake_in_the_configuration_ends_with_its_key(tmp_path, setting):
    """A typo would be a default, silently."""
    running = RunningCollector(tmp_path, setting)
    with pytest.raises(AssertionError, match=setting.partition("=")[0]):
        await running.start()
    assert running.process.wait() == 2
