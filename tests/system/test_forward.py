"""The forward path between real processes: nothing lost, nothing altered."""

import asyncio
import hashlib
import os
import random
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import grpc
import grpc.aio
import pytest
from fakes.upstream import HANG, FakeUpstream
from fakes.waiting import holds, until
from system.forwarding import RunningCollector

from collector.otlp.export_result import ExportResult, read_varint, refusal
from collector.otlp.messages import REQUESTS
from collector.otlp.signals import SIGNALS

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


def random_frame(number, rng):
    size = rng.choice((40, 300, 5_000, 100_000))
    return frame(b"%d/" % number + os.urandom(size))


class Door:
    """The upstream's address: connections through it can be reset, or refused.

    For the relay this is an upstream that crashes, and one that starts again.
    """

    def __init__(self, behind):
        self._behind = behind  # host:port
        self._ends = set()
        self.address = ""

    async def __aenter__(self):
        await self._listen(0)
        return self

    async def __aexit__(self, *_):
        self.reset()
        self._server.close()

    async def _listen(self, port):
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", port)
        port = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{port}"

    def reset(self):
        """Cut every connection, whatever is under way on it."""
        for writer in self._ends:
            writer.transport.abort()

    async def restart(self, away_seconds):
        """Refuse connections for a while."""
        self._server.close()
        self.reset()
        await asyncio.sleep(away_seconds)
        await self._listen(int(self.address.rpartition(":")[2]))

    async def _enter(self, reader, writer):
        host, _, port = self._behind.rpartition(":")
        to_reader, to_writer = await asyncio.open_connection(host, int(port))
        ends = {writer, to_writer}
        self._ends |= ends
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._carry(reader, to_writer))
                ways.create_task(self._carry(to_reader, writer))
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    @staticmethod
    async def _carry(reader, writer):
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.transport.abort()


class Clients:
    """Clients that send until told to stop, and remember what they were told."""

    timeout_seconds = 3

    def __init__(self, running, rng, body_of=random_frame):
        self.running, self.rng, self.body_of = running, rng, body_of
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
                body = self.body_of(number, self.rng)
                self.sent.add(digest(body))
                try:
                    await call(body, timeout=self.timeout_seconds)
                except grpc.aio.AioRpcError as error:
                    self.told.add(error.code())
                else:
                    self.acknowledged.add(digest(body))

    async def until_acknowledged(self, more):
        enough = len(self.acknowledged) + more
        await until(lambda: len(self.acknowledged) >= enough)


MOODS = [
    ExportResult(),
    refusal(14, "restarting", 1),
    HANG,
    refusal(3, "not this one"),
]


async def deliver_through_trouble(
    folder, protocol, *, legs, acknowledged_per_leg, body_of
):
    """Send while everything fails in turn; return the clients.

    Each leg ends with the collector killed; in the middle of it the upstream resets
    its connections, and then is away for a moment.
    """
    rng = random.Random(4)
    settings = ("collector.upstream.timeout=1s", "collector.upstream.join.wait=5ms")
    async with (
        FakeUpstream(
            lambda *_: rng.choices(MOODS, weights=(90, 6, 1, 3))[0]
        ) as upstream,
        Door(
            urlsplit(upstream.http).netloc if protocol == "http" else upstream.grpc
        ) as door,
    ):
        url = f"collector.upstream.url={protocol}://{door.address}"
        async with RunningCollector(folder, url, *settings) as running:
            clients = Clients(running, rng, body_of)
            third = acknowledged_per_leg // 3
            async with asyncio.TaskGroup() as tasks:
                for number in range(16):
                    tasks.create_task(clients.send(number))
                for _ in range(legs):
                    await clients.until_acknowledged(third)
                    door.reset()
                    await clients.until_acknowledged(third)
                    await door.restart(0.3)
                    await clients.until_acknowledged(third)
                    running.kill()
                    await running.start()
                await clients.until_acknowledged(third)
                clients.over.set()
            assert await running.stop() == 0
        arrived = {
            digest(one) for _, body in upstream.accepted for one in frames_of(body)
        }
    assert clients.acknowledged <= arrived
    assert arrived <= clients.sent
    lossy = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
    assert not clients.told & lossy
    return clients


@pytest.mark.parametrize("protocol", ["grpc", "http"])
async def test_what_was_acknowledged_is_upstream_whatever_is_killed(tmp_path, protocol):
    """A batch that a client believes delivered would be lost, or arrive altered."""
    clients = await deliver_through_trouble(
        tmp_path, protocol, legs=3, acknowledged_per_leg=600, body_of=random_frame
    )
    assert grpc.StatusCode.UNAVAILABLE in clients.told


SPANS_PER_REQUEST = 250


class SpansOfAService:
    """Export requests of real spans, each different, made without encoding each."""

    def __init__(self, rng):
        scope = REQUESTS["traces"]().resource_spans.add().scope_spans.add()
        for _ in range(SPANS_PER_REQUEST):
            span = scope.spans.add(name="GET /orders", kind=2)
            span.trace_id, span.span_id = rng.randbytes(16), rng.randbytes(8)
            span.start_time_unix_nano = 1_700_000_000 * 10**9
            span.end_time_unix_nano = span.start_time_unix_nano + 1
        encoded = scope.SerializeToString()
        # Field 2 of ResourceSpans; field 3 is its schema's URL, and makes it unique.
        self._scope = b"\x12" + frame(encoded)[1:]

    def __call__(self, number, rng):
        unique = b"%03d/%s" % (number, rng.randbytes(16).hex().encode())
        return frame(self._scope + b"\x1a" + bytes([len(unique)]) + unique)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("protocol", ["grpc", "http"])
async def test_a_million_spans_arrive_whatever_is_killed(tmp_path, protocol):
    """A loss too rare for the short test would go unseen."""
    body_of = SpansOfAService(random.Random(5))
    clients = await deliver_through_trouble(
        tmp_path, protocol, legs=4, acknowledged_per_leg=999, body_of=body_of
    )
    assert len(clients.acknowledged) * SPANS_PER_REQUEST >= 1_000_000


async def test_a_stop_drains_what_is_under_way(tmp_path):
    """A rollout would cost the batches in flight."""
    slow, arrived = asyncio.Event(), []

    async with FakeUpstream() as upstream:
        original = upstream._answer

        async def wait_then_answer(*arguments):
            arrived.append(arguments)
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
            await until(lambda: len(arrived) == 30)
            stopping = asyncio.ensure_future(running.stop())
            await holds(lambda: not stopping.done(), 0.3)
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
            await until(lambda: str(blocked) in running.log(), 10)
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
