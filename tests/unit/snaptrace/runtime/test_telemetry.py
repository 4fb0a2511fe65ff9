"""`snaptrace.runtime.telemetry`: logs on one line, metrics and health over HTTP."""

import asyncio
import logging

import aiohttp
from prometheus_client import CollectorRegistry, Counter

from snaptrace.runtime.config import Address
from snaptrace.runtime.telemetry import TelemetryServer, set_up_logging


async def test_metrics_health_and_readiness():
    """Prometheus and the kubelet could not tell how a program is."""
    registry = CollectorRegistry()
    Counter("snaptrace_seen", "Calls seen.", registry=registry).inc()
    why = ["the store is not writable"]
    bound, stop = asyncio.get_running_loop().create_future(), asyncio.Event()
    server = TelemetryServer(
        Address("127.0.0.1:0"), registry, lambda: why[0], on_bound=bound.set_result
    )
    async with asyncio.TaskGroup() as group, aiohttp.ClientSession() as session:
        group.create_task(server.run(lambda: None, stop))
        base = f"http://{await bound}"

        async def get(path):
            async with session.get(base + path) as response:
                return response.status, await response.text()

        assert "snaptrace_seen_total 1.0" in (await get("/metrics"))[1]
        assert "_created" not in (await get("/metrics"))[1]
        assert await get("/healthz") == (200, "ok\n")
        assert await get("/readyz") == (503, "the store is not writable\n")
        why[0] = ""
        assert await get("/readyz") == (200, "ok\n")
        stop.set()


def test_a_log_line_is_one_line_with_facts(capsys):
    """A newline in a fact would forge a second log entry."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        set_up_logging()
        logging.getLogger("room").warning("lost", extra={"why": "a\nb c", "n": 2})
    finally:
        root.handlers[:], root.level = before[0], before[1]
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.endswith('warning room: lost why="a\\nb c" n=2\n')
