"""The Node SDK's own exporters through the collector, over every protocol variant.

The packages are installed once into pytest's cache, from the committed lock file.
Without Node, npm or a package index the tests are skipped, and say which it was.
"""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from fakes.upstream import FakeUpstream
from system.forwarding import RunningCollector
from system.node_packages import installed

from collector.otlp.messages import REQUESTS

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

HERE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def exporters(pytestconfig):
    """Return the folder with the installed packages."""
    return installed(pytestconfig)


@pytest.mark.parametrize("upstream_protocol", ["grpc", "http"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("kind", ["grpc", "http", "proto"])
async def test_the_node_sdk_delivers(
    exporters, tmp_path, kind, compression, upstream_protocol
):
    """An exporter that people use would not get through."""
    async with FakeUpstream() as upstream:
        urls = {"grpc": f"grpc://{upstream.grpc}", "http": upstream.http}
        url = f"collector.upstream.url={urls[upstream_protocol]}"
        async with RunningCollector(tmp_path, url) as running:
            own = f"http://{running.http}/v1/traces"
            to = f"http://{running.grpc}" if kind == "grpc" else own
            done = await asyncio.to_thread(
                subprocess.run,
                ["node", str(HERE / "export.mjs"), kind, to, compression],
                env={**os.environ, "EXPORTERS": str(exporters)},
                capture_output=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
    ((signal, body),) = upstream.accepted
    assert signal == "traces"
    if kind == "http" and upstream_protocol == "http":
        assert b'"from node"' in body  # JSON stays JSON
        return
    message = REQUESTS["traces"].FromString(body)
    (span,) = message.resource_spans[0].scope_spans[0].spans
    assert span.name == "from node"
    assert [(a.key, a.value.int_value) for a in span.attributes] == [("n", 7)]
