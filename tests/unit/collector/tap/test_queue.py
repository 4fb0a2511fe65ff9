"""The tap, its supervisor and the sampling process, with a pipeline that tests made."""

import asyncio
import socket
import sys

import pytest
from fakes.waiting import turns, until

from collector.errors import TapUnavailableError
from collector.metrics.families import counter
from collector.metrics.instruments import Registry
from collector.metrics.relay import RelayMetrics
from collector.otlp.signals import OtlpRequest
from collector.recognise.prefilter import has_marker
from collector.tap import protocol
from collector.tap.queue import Tap
from collector.tap.supervisor import Supervisor
from collector.tap.worker import serve
from snaptrace.runtime.clock import SystemClock

MODEL_CALL = b"..gen_ai.request.model.."


def request(body=MODEL_CALL, signal="traces"):
    return OtlpRequest(signal=signal, encoding="protobuf", body=body, received_at_ns=7)


def tap_of(queue_bytes=10_000, marker=has_marker):
    registry = Registry()
    tap = Tap(queue_bytes, RelayMetrics(registry), marker)

    def dropped(reason):
        return registry.value("snaptrace_collector_tap_dropped_requests", reason)

    tap.dropped = dropped
    return tap


def test_only_requests_with_a_marker_are_taken():
    """The sampling process would be sent all telemetry, or none of it."""
    tap = tap_of()
    assert tap.offer(request()) is True
    assert tap.offer(request(signal="logs")) is True
    assert tap.offer(request(b"GET /orders")) is False
    assert tap.offer(request(signal="metrics")) is False


def test_the_queue_is_bounded_in_bytes_and_counts_what_it_drops():
    """A child that hangs would take the memory of the relay."""
    tap = tap_of(queue_bytes=3000)
    big = request(MODEL_CALL + bytes(1000))
    assert [tap.offer(big) for _ in range(4)] == [True, True, False, False]
    assert tap.dropped("queue_full") == 2


def test_a_request_alone_may_be_twice_the_bound():
    """Requests with many images, the largest ones, would never be sampled."""
    tap = tap_of(queue_bytes=3000)
    assert not tap.offer(request(MODEL_CALL + bytes(6000)))
    assert tap.offer(request(MODEL_CALL + bytes(5000)))
    assert not tap.offer(request())
    assert tap.dropped("queue_full") == 2


def test_a_broken_scan_is_counted_and_not_felt():
    """A defect in recognition would fail requests that were forwarded well."""

    def broken(_body):
        raise RuntimeError

    tap = tap_of(marker=broken)
    assert tap.offer(request()) is False
    assert tap.dropped("error") == 1


async def read_requests(receiving, count):
    reader, writer = await asyncio.open_connection(sock=receiving)
    try:
        return [await protocol.read(reader) for _ in range(count)]
    finally:
        writer.close()


async def test_frames_arrive_whole_and_in_order():
    """A frame would be torn where the socket takes only a piece of it."""
    tap = tap_of(queue_bytes=10**8)
    bodies = [MODEL_CALL + bytes([i]) * (i * 200_000) for i in range(8)]
    sending, receiving = socket.socketpair()
    sending.settimeout(0)
    for body in bodies[:4]:
        tap.offer(request(body))
    tap.connect(sending)
    for body in bodies[4:]:
        tap.offer(request(body))
    got = await read_requests(receiving, 8)
    assert [protocol.request_of(*frame) for frame in got] == [
        request(b) for b in bodies
    ]
    await tap.emptied.wait()
    tap.disconnect()


async def test_a_child_that_dies_costs_at_most_the_frame_being_sent():
    """What waits would be lost, or a torn frame be sent to the next child."""
    tap = tap_of(queue_bytes=10**8)
    sending, receiving = socket.socketpair()
    sending.settimeout(0)
    tap.connect(sending)
    for i in range(3):
        tap.offer(request(MODEL_CALL + bytes([i]) * 2_000_000))
    await turns()
    receiving.close()
    await until(lambda: tap.dropped("sampler_died"))
    sending, receiving = socket.socketpair()
    sending.settimeout(0)
    tap.connect(sending)
    got = await read_requests(receiving, 2)
    assert [body[-1] for _, body in got] == [1, 2]
    assert tap.dropped("sampler_died") == 1
    tap.disconnect()


def test_closing_takes_nothing_more():
    """Requests would be queued for a child that is already sealing."""
    tap = tap_of()
    tap.close()
    assert tap.offer(request()) is False
    assert tap.dropped("stopping") == 1


class FakePipeline:
    """Stands in for the real one; a test looks at what it was given."""

    name = "pipeline"

    def __init__(self, tree):
        self.tree, self.requests, self.sealed_with = tree, [], None
        self.store_error = ""

    def families(self):
        seen = {"": len(self.requests)}
        return [counter("snaptrace_collector_fake", "Seen.", (), seen)]

    async def offer(self, request):
        self.requests.append(request)

    async def run(self, ready, stop):
        ready()
        await stop.wait()

    async def seal_and_close(self, deadline_seconds):
        self.sealed_with = deadline_seconds


class Worker:
    """The sampling process' loop, in this process."""

    def __init__(self, build=None):
        self.pipeline = None
        data, child_data = socket.socketpair()
        control, child_control = socket.socketpair()
        self.data, self.control = data, control
        self.serving = asyncio.ensure_future(
            serve(child_data, child_control, build or self._build)
        )

    def _build(self, tree):
        self.pipeline = FakePipeline(tree)
        return self.pipeline

    async def __aenter__(self):
        self.requests = (await asyncio.open_connection(sock=self.data))[1]
        self.answers, self.questions = await asyncio.open_connection(sock=self.control)
        self.questions.write(
            protocol.pack(protocol.Ask("configure"), b'{"a":1}') + b'{"a":1}'
        )
        return self

    async def __aexit__(self, *_):
        self.requests.close()
        self.questions.close()
        await self.serving

    async def told(self):
        frame = await asyncio.wait_for(protocol.read(self.answers), 5)
        return None if frame is None else (frame[0].what, frame[0].why, frame[1])

    def send(self, body):
        header = protocol.RequestHeader("traces", "protobuf", 7)
        self.requests.write(protocol.pack(header, body) + body)


async def test_the_worker_reads_answers_and_seals():
    """Requests would be lost at the end, or metrics and states not told."""
    async with Worker() as worker:
        assert await worker.told() == ("ready", "", b"")
        assert await worker.told() == ("status", "", b"")
        assert worker.pipeline.tree == {"a": 1}
        for i in range(100):
            worker.send(MODEL_CALL + bytes([i]))
        worker.requests.close()
        worker.questions.write(protocol.pack(protocol.Ask("metrics")))
        what, _, page = await worker.told()
        assert (what, b"snaptrace_collector_fake" in page) == ("metrics", True)
        worker.pipeline.store_error = "file:///x: no space left"
        assert await worker.told() == ("status", "file:///x: no space left", b"")
        worker.questions.write(protocol.pack(protocol.Ask("seal", 4.0)))
        assert await worker.told() == ("sealed", "", b"")
        assert len(worker.pipeline.requests) == 100
        assert 2 < worker.pipeline.sealed_with <= 4


async def test_questions_are_answered_while_requests_never_end():
    """Under more than it can take, no window would close and no page be shown."""
    async with Worker() as worker:
        assert await worker.told() == ("ready", "", b"")
        assert await worker.told() == ("status", "", b"")
        header = protocol.RequestHeader("traces", "protobuf", 7)
        frame = protocol.pack(header, MODEL_CALL) + MODEL_CALL
        answered = False

        async def offer(_request):
            if not answered:
                worker.data.send(frame)

        worker.pipeline.offer = offer
        worker.data.send(frame)
        worker.questions.write(protocol.pack(protocol.Ask("metrics")))
        what, _, _ = await worker.told()
        answered = True
        assert what == "metrics"


async def test_the_worker_seals_when_the_relay_is_gone():
    """Killing the relay would lose the window that was open."""
    async with Worker() as worker:
        assert await worker.told() == ("ready", "", b"")
        worker.send(MODEL_CALL)
    assert worker.pipeline.sealed_with is not None
    assert len(worker.pipeline.requests) == 1
    assert worker.serving.result() == 0


async def test_a_pipeline_that_cannot_be_built_says_why():
    """An operator would see a process that dies without a word."""

    def build(_tree):
        raise OSError("file:///nowhere: permission denied")

    async with Worker(build) as worker:
        told = ("failed", "OSError: file:///nowhere: permission denied", b"")
        assert await worker.told() == told
    assert worker.serving.result() == 1


CHILD = """
import asyncio, os, signal, socket, sys
from collector.tap import worker
from collector.metrics.families import counter
from collector.metrics.instruments import Registry

class Pipeline:
    name = "p"
    store_error = {store_error!r}
    def __init__(self, tree):
        self.seen = 0
    def families(self):
        return [counter("snaptrace_collector_fake", "Seen.", (), {{"": self.seen}})]
    async def offer(self, request):
        if b"die" in request.body:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"hang" in request.body:
            import time
            time.sleep(60)
        self.seen += 1
    async def run(self, ready, stop):
        ready()
        await stop.wait()
    async def seal_and_close(self, deadline_seconds):
        open({sealed!r}, "w").write("sealed")

sockets = [socket.socket(fileno=int(fd)) for fd in sys.argv[1:3]]
sys.exit(asyncio.run(worker.serve(*sockets, Pipeline)))
"""


class Running:
    """A supervisor with a child that a test wrote."""

    def __init__(self, tmp_path, *, strict=False, store_error="", command=None):
        self.sealed = tmp_path / "sealed"
        code = CHILD.format(store_error=store_error, sealed=str(self.sealed))
        self.registry = Registry()
        metrics = RelayMetrics(self.registry)
        self.tap = Tap(10**6, metrics, has_marker)
        self.stopping, self.stop, self.ready = (asyncio.Event() for _ in range(3))
        self.supervisor = Supervisor(
            self.tap,
            metrics,
            SystemClock(),
            {},
            stopping=self.stopping,
            drain_seconds=10,
            strict=strict,
            command=command or (sys.executable, "-c", code),
        )
        self.registry.register(self.supervisor)

    async def __aenter__(self):
        self.running = asyncio.ensure_future(
            self.supervisor.run(self.ready.set, self.stop)
        )
        return self

    async def __aexit__(self, *_):
        self.stopping.set()
        self.stop.set()
        await asyncio.wait([self.running], timeout=20)
        self.running.cancel()

    def value(self, name):
        return self.registry.value(f"snaptrace_collector_{name}")

    async def shows(self, name, value):
        async def is_shown():
            await self.supervisor.refresh()
            return self.value(name) == value

        await until(is_shown)


async def test_a_child_samples_reports_and_seals(tmp_path):
    """Two processes would not show as one, or the end would lose what was sent."""
    async with Running(tmp_path) as it:
        await it.shows("store_writable", 1)
        for _ in range(5):
            assert it.tap.offer(request())
        await it.shows("fake", 5)
        assert it.value("tap_up") == 1
    assert it.sealed.read_text() == "sealed"
    await it.running


async def test_a_child_that_dies_is_started_again(tmp_path):
    """One crash would end sampling for good."""
    async with Running(tmp_path) as it:
        await it.shows("store_writable", 1)
        it.tap.offer(request(MODEL_CALL + b"die"))
        await it.shows("tap_restarts", 1)
        await it.shows("store_writable", 1)
        it.tap.offer(request())
        await it.shows("fake", 1)


async def test_a_child_that_hangs_is_left_out_and_ended_at_the_deadline(tmp_path):
    """A scrape or a stop would wait for a child that never answers."""
    async with Running(tmp_path) as it:
        it.supervisor._drain_seconds = 3
        await it.shows("store_writable", 1)
        it.tap.offer(request(MODEL_CALL + b"hang"))
        await it.shows("tap_up", 0)
        assert it.supervisor.families() == ()
    assert it.running.done()
    assert not it.sealed.exists()


async def test_an_unwritable_store_is_a_gauge_and_only_strict_ends(tmp_path):
    """A full disk would stop forwarding, or --strict would start all the same."""
    async with Running(tmp_path, store_error="file:///x: read-only") as it:
        await until(lambda: it.supervisor.why_not_up == "file:///x: read-only", 10)
        assert it.value("store_writable") == 0
        assert it.ready.is_set()
        assert not it.running.done()
    failing = (sys.executable, "-c", "raise SystemExit(3)")
    async with Running(tmp_path, strict=True, command=failing) as it:
        with pytest.raises(TapUnavailableError, match="status 3"):
            await it.running
        assert not it.ready.is_set()
    async with Running(tmp_path, strict=True, store_error="no disk") as it:
        with pytest.raises(TapUnavailableError, match="no disk"):
            await it.running
        assert not it.ready.is_set()


async def test_a_child_that_cannot_start_leaves_forwarding_alone(tmp_path):
    """A missing interpreter would take the telemetry path down."""
    async with Running(tmp_path, command=("/does/not/exist",)) as it:
        await it.shows("tap_restarts", 1)
        assert it.ready.is_set()
        assert "cannot be started" in it.supervisor.why_not_up
