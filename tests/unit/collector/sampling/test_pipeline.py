"""`collector.sampling.pipeline`: what reaches the store, and what must not stop it."""

import asyncio

import pytest
from fakes.waiting import until
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.metrics import exposition
from collector.otlp.signals import OtlpRequest
from collector.sampling.pipeline import build_pipeline
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.browser import Browser
from snaptrace.store.store import Store

NOW_NS = 1_800_000_000 * 10**9


class _Clock:
    """Stands still until a test moves it."""

    def __init__(self):
        self.now = NOW_NS

    def now_ns(self):
        return self.now

    def monotonic_seconds(self):
        return self.now / 1e9


def _tree(tmp_path, store=None, **collector):
    return {
        "store": {"url": store or f"file://{tmp_path / 'store'}"},
        "collector": {"journal_dir": str(tmp_path / "journal"), **collector},
    }


def _request(count=1, text="hello", first=0):
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(first, first + count):
        span = scope.spans.add(
            trace_id=(number + 1).to_bytes(16, "big"),
            span_id=(number + 1).to_bytes(8, "big"),
            name="chat m",
            start_time_unix_nano=NOW_NS - 10**9,
            end_time_unix_nano=NOW_NS,
        )
        message = f'[{{"role":"user","parts":[{{"type":"text","content":"{text}"}}]}}]'
        for key, value in {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "m",
            "gen_ai.input.messages": message,
        }.items():
            span.attributes.add(key=key).value.string_value = value
    return _otlp(request.SerializeToString())


def _otlp(body):
    return OtlpRequest(
        signal="traces", encoding="protobuf", body=body, received_at_ns=NOW_NS
    )


async def _stored(tmp_path):
    url = f"file://{tmp_path / 'store'}"
    browser = Browser(
        Store.open(StoreConfig(url=url)), FleetKey.of_store(url, ""), print
    )
    await browser.poll()
    return [found.snapshot async for found in browser.snapshots()]


def _metric(pipeline, line):
    page = exposition.page(pipeline.families()).decode()
    return next(
        (float(x.rsplit(" ", 1)[1]) for x in page.splitlines() if x.startswith(line)), 0
    )


async def test_a_call_reaches_the_store_redacted(tmp_path):
    """Personal data would lie in a bucket."""
    pipeline = build_pipeline(_tree(tmp_path), _Clock())
    await pipeline.offer(_request(text="write to ann.example@example.com please"))
    await pipeline.seal_and_close(30)
    (snapshot,) = await _stored(tmp_path)
    assert "ann.example" not in str(snapshot)
    assert snapshot.redaction.counts == {"email": 1}
    everything = b"".join(
        path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )
    assert b"ann.example" not in everything


@pytest.mark.parametrize(
    "body",
    [b"\xff" * 40, b"gen_ai.request.model", b"\x0a\x7fgen_ai.", b"gen_ai.{" * 5000],
    ids=["noise", "a name", "cut off", "braces"],
)
async def test_hostile_bytes_cost_nothing_but_a_counter(tmp_path, body):
    """One crafted request would end sampling for everybody."""
    pipeline = build_pipeline(_tree(tmp_path), _Clock())
    await pipeline.offer(_otlp(body))
    await pipeline.offer(_request())
    await pipeline.seal_and_close(30)
    assert len(await _stored(tmp_path)) == 1


async def test_a_defect_of_redaction_loses_the_call_and_stores_nothing(
    tmp_path, monkeypatch
):
    """What could not be cleaned would be stored as it came."""
    pipeline = build_pipeline(_tree(tmp_path), _Clock())

    def broken(_call):
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline._redactor, "redact", broken)
    await pipeline.offer(_request())
    await pipeline.seal_and_close(30)
    assert await _stored(tmp_path) == []
    failed = 'snaptrace_collector_calls_failed_total{stage="redact"}'
    assert _metric(pipeline, failed) == 1


async def test_every_call_is_counted_where_it_ended(tmp_path):
    """Seen and kept would not add up, and nobody could say why a call is missing."""
    tree = _tree(tmp_path, reservoir={"size": 5, "quota": 0})
    pipeline = build_pipeline(tree, _Clock())
    await pipeline.offer(_request(40))
    await pipeline.seal_and_close(30)
    seen = _metric(pipeline, 'snaptrace_collector_calls_total{modality="text"}')
    name = 'snaptrace_collector_sampled_calls_total{modality="text",reason='
    kept = _metric(pipeline, name + '"kept"')
    rejected = _metric(pipeline, name + '"below_threshold"')
    assert (seen, kept + rejected) == (40, 40)
    assert len(await _stored(tmp_path)) == 5


async def test_a_store_that_cannot_be_written_is_said_and_tried_again(tmp_path):
    """Nobody would see that nothing is kept, or it would stay so for ever."""
    (tmp_path / "store").write_text("a file where a folder should be")
    key = tmp_path / "key"
    key.write_text("k" * 64)
    tree = _tree(tmp_path)
    tree["store"]["key_file"] = str(key)
    clock, stop = _Clock(), asyncio.Event()
    pipeline = build_pipeline(tree, clock)
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(pipeline.run(ready.set, stop))
        await ready.wait()
        assert "store" in pipeline.store_error
        (tmp_path / "store").unlink()
        clock.now += 60 * 10**9
        await until(lambda: not pipeline.store_error, 20)
        stop.set()


async def test_an_open_window_survives_its_process(tmp_path):
    """Ten minutes of sample would be lost with every restart."""
    clock, stop, ready = _Clock(), asyncio.Event(), asyncio.Event()
    first = build_pipeline(_tree(tmp_path), clock)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(first.run(ready.set, stop))
        await ready.wait()
        await first.offer(_request(3))
        clock.now += 6 * 10**9
        await until(lambda: first.totals()["kept"] >= 3, 20)
        task.cancel()
    second = build_pipeline(_tree(tmp_path), clock)
    await second.seal_and_close(30)
    assert len(await _stored(tmp_path)) == 3
