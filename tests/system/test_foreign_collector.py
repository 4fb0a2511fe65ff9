"""Somebody else's collector in front of ours, over every protocol variant.

rotel comes with the environment; an OpenTelemetry Collector is taken where the
variable SNAPTRACE_OTELCOL names a binary with the OTLP receiver, its gRPC and its HTTP
exporter (`bench/otelcol.yaml` builds one). What is not there is skipped by name.
"""

import asyncio
import importlib.util
import os
import socket
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
import pytest
import yaml
from fakes.upstream import FakeUpstream
from fakes.waiting import until
from system.forwarding import RunningCollector

from collector.otlp.export_result import ExportResult, refusal
from collector.otlp.messages import REQUESTS
from collector.otlp.signals import SIGNALS

pytestmark = [pytest.mark.system, pytest.mark.timeout(110)]

COUNT = 20  # requests of each signal


def rotel_command():
    """Return how to start rotel, or skip."""
    found = importlib.util.find_spec("rotel")
    if found is None or found.origin is None:
        pytest.skip("the rotel wheel is not installed (Linux on x86-64 only)")
    return str(Path(found.origin).with_name("rotel-agent"))


def rotel(_folder, listen, ours, protocol, compression):
    """Return the command of a rotel that exports to our collector."""
    host = listen.rpartition(":")[0]
    return [
        rotel_command(),
        "start",
        f"--otlp-grpc-endpoint={listen}",
        f"--otlp-http-endpoint={host}:{free_port()}",
        f"--otlp-exporter-endpoint=http://{ours[protocol]}",
        f"--otlp-exporter-protocol={protocol}",
        f"--otlp-exporter-compression={compression}",
        "--batch-timeout=100ms",
    ]


def otelcol(folder, listen, ours, protocol, compression):
    """Return the command of an OpenTelemetry Collector that exports to ours."""
    binary = os.environ.get("SNAPTRACE_OTELCOL")
    if not binary:
        pytest.skip("SNAPTRACE_OTELCOL names no OpenTelemetry Collector")
    if protocol == "grpc":
        name, settings = "otlp", {"endpoint": ours["grpc"], "tls": {"insecure": True}}
    else:
        name, settings = "otlphttp", {"endpoint": f"http://{ours['http']}"}
    settings |= {"compression": compression, "retry_on_failure": RETRY}
    pipeline = {"receivers": ["otlp"], "exporters": [name]}
    config = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": listen}}}},
        "exporters": {name: settings},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": dict.fromkeys(("traces", "metrics", "logs"), pipeline),
        },
    }
    file = folder / "otelcol.yaml"
    file.write_text(yaml.safe_dump(config))
    return [binary, "--config", str(file)]


RETRY = {"initial_interval": "100ms", "max_interval": "1s"}
FOREIGN = {"rotel": rotel, "otelcol": otelcol}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def foreign(name, folder, running, protocol, compression):
    """Run a foreign collector before ours; yields a channel to it."""
    listen = f"127.0.0.1:{free_port()}"
    ours = {"grpc": running.grpc, "http": running.http}
    command = FOREIGN[name](folder, listen, ours, protocol, compression)
    with (folder / "foreign.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - outlives this loop
            command, stdout=log, stderr=log
        )
    try:
        async with grpc.aio.insecure_channel(listen) as channel:
            yield channel
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


def numbered(signal, number):
    """Make a request whose one item carries its number."""
    message = REQUESTS[signal]()
    if signal == "traces":
        span = message.resource_spans.add().scope_spans.add().spans.add()
        span.name, span.trace_id, span.span_id = f"n{number}", b"t" * 16, b"s" * 8
    elif signal == "metrics":
        scope = message.resource_metrics.add().scope_metrics.add()
        metric = scope.metrics.add(name=f"n{number}")
        metric.gauge.data_points.add(as_int=number, time_unix_nano=1)
    else:
        record = message.resource_logs.add().scope_logs.add().log_records.add()
        record.body.string_value, record.time_unix_nano = f"n{number}", 1
    return message.SerializeToString()


def names_in(signal, body):
    """Return the numbers that a request of any number of items carries."""
    message = REQUESTS[signal].FromString(body)
    if signal == "traces":
        scopes = [s for r in message.resource_spans for s in r.scope_spans]
        return [span.name for scope in scopes for span in scope.spans]
    if signal == "metrics":
        scopes = [s for r in message.resource_metrics for s in r.scope_metrics]
        return [metric.name for scope in scopes for metric in scope.metrics]
    scopes = [s for r in message.resource_logs for s in r.scope_logs]
    return [r.body.string_value for scope in scopes for r in scope.log_records]


@pytest.mark.parametrize("upstream_protocol", ["grpc", "http"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("name", sorted(FOREIGN))
async def test_everything_that_another_collector_exports_arrives_once(
    tmp_path, name, protocol, compression, upstream_protocol
):
    """A team that keeps its collector would lose or double telemetry behind it."""
    told_to_wait = 0

    def behave(*_):
        nonlocal told_to_wait
        told_to_wait += 1
        return refusal(14, "wait", 1) if told_to_wait == 2 else accepted

    accepted = ExportResult()
    async with FakeUpstream(behave) as upstream:
        urls = {"grpc": f"grpc://{upstream.grpc}", "http": upstream.http}
        url = f"collector.upstream.url={urls[upstream_protocol]}"
        async with (
            RunningCollector(tmp_path, url) as running,
            foreign(name, tmp_path, running, protocol, compression) as channel,
        ):
            signals = ("traces", "metrics", "logs")
            for signal in signals:
                call = channel.unary_unary(SIGNALS[signal].grpc_method)
                for number in range(COUNT):
                    body = numbered(signal, number)
                    await call(body, timeout=20, wait_for_ready=True)

            def arrived():
                return [
                    (s, n) for s, body in upstream.accepted for n in names_in(s, body)
                ]

            await until(lambda: len(arrived()) >= len(signals) * COUNT, 40)
    expected = [(s, f"n{n}") for s in signals for n in range(COUNT)]
    assert sorted(arrived()) == sorted(expected)
    assert told_to_wait > 2
