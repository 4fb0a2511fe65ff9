"""`snaptrace.demo.traffic`: varied calls, real spans, and an end that is an end."""

import asyncio
import json
import os
import random
import signal
import sys
from concurrent import futures

import grpc
import pytest
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1 import (
    trace_service_pb2,
    trace_service_pb2_grpc,
)

from snaptrace.demo import server as demo
from snaptrace.demo.traffic import MODALITIES, SHARES, Customers


class Sink(trace_service_pb2_grpc.TraceServiceServicer):
    """A collector that only keeps spans."""

    def __init__(self):
        self.spans = []

    def Export(self, request, _context):  # noqa: N802 - the name on the wire
        """Keep the spans of one export."""
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def sink():
    """The sink on a free port."""
    made = Sink()
    grpc_server = grpc.server(futures.ThreadPoolExecutor(1))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(made, grpc_server)
    made.port = grpc_server.add_insecure_port("127.0.0.1:0")
    grpc_server.start()
    yield made
    grpc_server.stop(0).wait()


def texts(span):
    """String attributes of a span."""
    return {it.key: it.value.string_value for it in span.attributes}


async def start(otlp_port, model_port, *more):
    """The traffic program as a process."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "snaptrace.demo.traffic"),
        *("--otlp", f"http://127.0.0.1:{otlp_port}"),
        *("--model-url", f"http://127.0.0.1:{model_port}/v1"),
        *more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "OTEL_SDK_DISABLED": "true"},
    )


async def test_every_call_arrives_as_a_trace_with_its_content(sink):
    """The collector would see nothing to sample, or not who spoke."""
    pytest.importorskip("openinference.instrumentation.openai")
    assistant = demo.Assistant(
        demo.ServerSettings(model="assistant-7", modalities=("text",))
    )
    async with TestServer(demo.application(assistant)) as model:
        settings = ("--seed", "3", "--rate", "500", "--count", "12")
        program = await start(sink.port, model.port, *settings)
        out, _ = await program.communicate()
    assistant.close()
    assert program.returncode == 0
    counts = json.loads(out)
    calls = [texts(it) for it in sink.spans if it.name == "ChatCompletion"]
    roots = [it for it in sink.spans if it.name == "app.request"]
    assert counts["asked"] == len(calls) == len(roots) == 12
    assert len({it.trace_id for it in roots}) == 12
    assert all(it["openinference.span.kind"] == "LLM" for it in calls)
    answered = [it for it in calls if "output.value" in it]
    assert len(answered) == counts["answered"] > 0
    for call in calls:
        facts = json.loads(call["metadata"])
        asked = json.loads(call["input.value"])["messages"][-1]["content"]
        if facts["feature"] == "voice":
            assert facts["accent"] in {"en-US", "en-GB", "en-DE"}
            assert len(asked[1]["input_audio"]["data"]) > 10_000
        if facts["feature"] == "charts":
            assert asked[1]["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.slow
async def test_it_ends_well_without_collector_and_without_model():
    """`snaptrace demo` could not be stopped while a part of it is down."""
    pytest.importorskip("openinference.instrumentation.openai")
    called, callers = asyncio.Event(), []

    async def never_answer(_reader, writer):
        callers.append(writer)
        called.set()

    deaf = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    port = deaf.sockets[0].getsockname()[1]
    program = await start(port, port, "--modalities", "text", "--rate", "50")
    async with asyncio.timeout(50):
        await called.wait()
        program.send_signal(signal.SIGTERM)
        out, _ = await program.communicate()
    for writer in callers:
        writer.close()
    deaf.close()
    await deaf.wait_closed()
    assert program.returncode == 0
    assert json.loads(out)["answered"] == 0


def test_the_stream_is_varied_and_can_be_drawn_again():
    """The suite would see the same few calls over and over."""
    first, second = (Customers(MODALITIES, random.Random(7)) for _ in range(2))
    calls = [first.next_call() for _ in range(200)]
    assert [second.next_call() for _ in range(20)] == calls[:20]
    features = {it.facts["feature"] for it in calls}
    assert features == {"questions", "charts", "voice"}
    sent = [json.dumps(it.messages) for it in calls]
    assert len(set(sent)) >= 190


def test_shares_cover_every_modality():
    """A modality would never be asked."""
    assert set(SHARES) == set(MODALITIES)
    assert sum(SHARES.values()) == pytest.approx(1.0)
