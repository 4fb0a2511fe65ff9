"""The Go SDK's own exporters through the collector, over every protocol variant.

Built once into pytest's cache, from the committed sums. Without a Go toolchain or a
place to get the modules from the tests are skipped, and say which it was.
"""

import asyncio
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from fakes.upstream import FakeUpstream
from system.forwarding import RunningCollector

from collector.otlp.messages import REQUESTS

# The first one builds; on a slow machine with nothing cached that takes minutes.
pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

HERE = Path(__file__).parent / "go"
ENVIRON = {
    **os.environ,
    "GOFLAGS": "-mod=readonly -buildvcs=false",
    "GOTOOLCHAIN": "local",
    "CGO_ENABLED": "0",
}


@pytest.fixture(scope="module")
def exporters(pytestconfig):
    """Return the program."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go toolchain")
    sources = b"".join(p.read_bytes() for p in sorted(HERE.iterdir()))
    name = f"go-exporters-{hashlib.sha256(sources).hexdigest()[:12]}"
    program = pytestconfig.cache.mkdir(name) / "exporters"
    if program.exists():
        return program

    def run(*arguments):
        return subprocess.run(
            [go, *arguments], cwd=HERE, env=ENVIRON, capture_output=True, check=False
        )

    if run("mod", "download").returncode:
        pytest.skip("go mod download could not get the exporters")
    unfinished = program.with_suffix(".unfinished")
    built = run("build", "-o", str(unfinished), ".")
    assert built.returncode == 0, built.stderr.decode()
    unfinished.replace(program)
    return program


@pytest.mark.parametrize("upstream_protocol", ["grpc", "http"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("kind", ["grpc", "http"])
async def test_the_go_sdk_delivers_all_signals(
    exporters, tmp_path, kind, compression, upstream_protocol
):
    """An exporter that people use would not get through."""
    async with FakeUpstream() as upstream:
        urls = {"grpc": f"grpc://{upstream.grpc}", "http": upstream.http}
        url = f"collector.upstream.url={urls[upstream_protocol]}"
        async with RunningCollector(tmp_path, url) as running:
            to = running.grpc if kind == "grpc" else running.http
            done = await asyncio.to_thread(
                subprocess.run,
                [str(exporters), kind, to, compression],
                capture_output=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
    assert sorted(signal for signal, _ in upstream.accepted) == [
        "logs",
        "metrics",
        "traces",
    ]
    got = {s: REQUESTS[s].FromString(body) for s, body in upstream.accepted}
    (span,) = got["traces"].resource_spans[0].scope_spans[0].spans
    (metric,) = got["metrics"].resource_metrics[0].scope_metrics[0].metrics
    (record,) = got["logs"].resource_logs[0].scope_logs[0].log_records
    assert (span.name, span.attributes[0].value.int_value) == ("from go", 7)
    assert (metric.name, metric.sum.data_points[0].as_int) == ("a_counter", 7)
    assert record.body.string_value == "a record"
