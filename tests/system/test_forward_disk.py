"""A full disk under the tap: the forward path shows nothing, the metrics do."""

import asyncio
import os
import random
import subprocess
from contextlib import contextmanager

import grpc.aio
import pytest
from fakes.upstream import FakeUpstream
from system.forwarding import RunningCollector
from system.test_forward import METHOD, get

from collector.otlp.messages import REQUESTS

pytestmark = [pytest.mark.system, pytest.mark.timeout(110)]

DISK_KIB = 512
_IMAGE_BYTES = 40_000


@contextmanager
def small_disk(folder):
    """Mount a disk of DISK_KIB; needs the right to mount, and says so if it lacks."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "none", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if mounted.returncode:
        pytest.skip("a disk of a fixed size needs the right to mount (CAP_SYS_ADMIN)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def model_call(rng):
    """Make a call whose prompt no compression makes small."""
    message = REQUESTS["traces"]()
    span = message.resource_spans.add().scope_spans.add().spans.add(name="chat m")
    span.trace_id, span.span_id = rng.randbytes(16), rng.randbytes(8)
    span.start_time_unix_nano = span.end_time_unix_nano = 1_700_000_000 * 10**9
    prompt = rng.randbytes(_IMAGE_BYTES // 2).hex()
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text",'
        f'"content":"{prompt}"}}]}}]',
        "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text",'
        '"content":"no"}]}]',
    }
    for name, text in texts.items():
        span.attributes.add(key=name).value.string_value = text
    return message.SerializeToString()


def lost_to_the_disk(page):
    return sum(
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith("snaptrace_collector_sampled_calls_total{")
        and 'reason="journal_error"' in line
    )


async def test_a_full_disk_is_counted_and_not_felt(tmp_path):
    """A disk that fills up would fail, slow or end the team's telemetry."""
    rng = random.Random(7)
    with small_disk(tmp_path / "disk") as disk:
        async with FakeUpstream() as upstream:
            settings = (
                f"collector.upstream.url=grpc://{upstream.grpc}",
                f"collector.journal_dir={disk}/journal",
                f"store.url=file://{disk}/store",
                "collector.recognise.quiet=100ms",
            )
            async with (
                RunningCollector(tmp_path, *settings) as running,
                grpc.aio.insecure_channel(running.grpc) as channel,
            ):
                call = channel.unary_unary(METHOD)
                sent = []
                page = ""
                async with asyncio.timeout(60):
                    while lost_to_the_disk(page) < 5:
                        body = model_call(rng)
                        await call(body, timeout=10)
                        sent.append(body)
                        _, page = await get(running.metrics, "/metrics")
                free = os.statvfs(disk)
                assert free.f_bavail * free.f_frsize < 2 * _IMAGE_BYTES
                for _ in range(20):
                    body = model_call(rng)
                    await call(body, timeout=10)
                    sent.append(body)
                assert (await get(running.metrics, "/readyz"))[0] == 200
                assert "snaptrace_collector_tap_restarts_total 0.0" in page
                assert await running.stop() == 0
            assert [body for _, body in upstream.accepted] == sent
