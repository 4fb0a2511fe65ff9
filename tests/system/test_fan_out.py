"""The collector as one more exporter target, behind a real OpenTelemetry Collector.

The binary is given by the environment variable SNAPTRACE_OTELCOL; it needs the OTLP
receiver and exporter. Without it the test is skipped, and says so.
"""

import asyncio
import os
import random
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
from system.test_forward import METHOD, get
from system.test_forward_disk import model_call

BINARY = os.environ.get("SNAPTRACE_OTELCOL", "")
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(110),
    pytest.mark.skipif(
        not BINARY, reason="SNAPTRACE_OTELCOL names no OpenTelemetry Collector"
    ),
]
PASTED = Path(__file__).parents[2] / "deploy/existing-collector/fan-out.yaml"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def existing_collector(folder, backend, snaptrace):
    """Run what an operator pastes, with this machine's addresses in it."""
    config = yaml.safe_load(PASTED.read_text())
    port = free_port()
    config["receivers"]["otlp"]["protocols"] = {
        "grpc": {"endpoint": f"127.0.0.1:{port}"}
    }
    exporters = config["exporters"]
    exporters["otlp/backend"] = {"endpoint": backend, "tls": {"insecure": True}}
    exporters["otlp/snaptrace"]["endpoint"] = snaptrace
    # The batch processor is theirs, and not in every build.
    config["processors"] = {}
    for pipeline in config["service"]["pipelines"].values():
        pipeline["processors"] = []
    config["service"]["telemetry"] = {"metrics": {"level": "none"}}
    file = folder / "fan-out.yaml"
    file.write_text(yaml.safe_dump(config))
    with (folder / "otelcol.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - outlives this loop
            [BINARY, "--config", str(file)], stderr=log
        )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


def handed_over(page):
    mark = 'snaptrace_collector_tap_requests_total{outcome="handed_over"} '
    return sum(
        float(line.removeprefix(mark))
        for line in page.splitlines()
        if line.startswith(mark)
    )


async def test_a_copy_arrives_and_its_loss_is_not_felt(tmp_path):
    """The pasted configuration would give no sample, or hold the team's traffic up."""
    rng = random.Random(3)
    async with (
        FakeUpstream() as backend,
        RunningCollector(tmp_path) as running,
        existing_collector(tmp_path, backend.grpc, running.grpc) as address,
        grpc.aio.insecure_channel(address) as channel,
    ):
        call = channel.unary_unary(METHOD)

        async def send(count):
            for _ in range(count):
                await call(model_call(rng), timeout=20, wait_for_ready=True)

        await send(10)

        async def are_handed_over():
            _, page = await get(running.metrics, "/metrics")
            return handed_over(page) >= 10

        await until(are_handed_over)
        running.kill()
        await send(10)
        await until(lambda: len(backend.accepted) >= 20, 30)
