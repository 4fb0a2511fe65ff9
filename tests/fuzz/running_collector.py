"""A fuzz target: damaged gRPC and HTTP/1.1 sessions into a running collector.

`make fuzz TARGET=running_collector SECONDS=60 SEED=1` starts a collector as a process,
sends it damaged sessions over sockets, several at a time, and exports beside them like
an honest client. The measure is that client: a request that it loses, or half of them
later than `SLOWEST_SECONDS`, ends the run, as does the end of the process.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import grpc
import grpc.aio
from forwarding import RunningCollector
from fuzz import http1_sessions, http2_sessions

from collector.otlp.messages import REQUESTS
from collector.otlp.signals import SIGNALS

SESSIONS_AT_ONCE = 4
EXPORTS_A_SECOND = 20
SLOWEST_SECONDS = 0.25


class HonestExporter:
    """Exports at a rate; keeps how long each took, and what was lost."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.seconds: list[float] = []
        self.lost: list[str] = []
        message = REQUESTS["traces"]()
        span = message.resource_spans.add().scope_spans.add().spans.add()
        span.name, span.trace_id, span.span_id = "honest", bytes(16), bytes(8)
        self._body = message.SerializeToString()

    async def run(self, stop: asyncio.Event) -> None:
        """Export until `stop`, each at its time whatever became of the one before."""
        async with (
            grpc.aio.insecure_channel(self._address) as channel,
            asyncio.TaskGroup() as group,
        ):
            call = channel.unary_unary(SIGNALS["traces"].grpc_method)
            while not stop.is_set():
                group.create_task(self._export(call))
                await asyncio.sleep(1 / EXPORTS_A_SECOND)

    async def _export(self, call) -> None:
        began = time.monotonic()
        try:
            await call(self._body, timeout=10)
        except grpc.aio.AioRpcError as error:
            self.lost.append(error.details() or str(error.code()))
        self.seconds.append(time.monotonic() - began)

    def p99(self) -> float:
        """Return the 99th percentile of the exports' seconds."""
        return statistics.quantiles(self.seconds, n=100)[98]


async def _send(address: str, data: bytes, rng: random.Random) -> None:
    """Send one damaged session in pieces, and leave in one way or another."""
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            for piece in http2_sessions.pieces(data, rng):
                writer.write(piece)
                async with asyncio.timeout(1):
                    await writer.drain()
            async with asyncio.timeout(rng.choice((0.001, 0.05))):
                await reader.read(2**16)
        finally:
            writer.transport.abort()


async def attacked(collector: RunningCollector, seconds: float, seed: int) -> str:
    """Fuzz a running collector for so long; return what came of it.

    Raises:
        AssertionError: the honest client lost something, or waited long.
    """
    rng, played = random.Random(seed), 0
    damaged = http2_sessions.damaged_sessions()
    exporter, stop = HonestExporter(collector.grpc), asyncio.Event()

    async def fuzz() -> None:
        nonlocal played
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if rng.random() < 0.5:
                await _send(collector.grpc, damaged(rng), rng)
            else:
                await _send(collector.http, http1_sessions.mutated(rng), rng)
            played += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(exporter.run(stop))
        async with asyncio.TaskGroup() as fuzzing:
            for _ in range(SESSIONS_AT_ONCE):
                fuzzing.create_task(fuzz())
        stop.set()
    assert collector.process.poll() is None, collector.log()[-2000:]
    assert exporter.lost == [], exporter.lost[:5]
    p99 = exporter.p99()
    told = f"{played} damaged sessions; {len(exporter.seconds)} honest exports, none"
    told += f" lost, median {1000 * statistics.median(exporter.seconds):.1f} ms,"
    told += f" p99 {1000 * p99:.1f} ms"
    assert statistics.median(exporter.seconds) < SLOWEST_SECONDS, told
    assert "Traceback" not in collector.log(), collector.log()[-2000:]
    return told


async def run(seconds: float, seed: int) -> str:
    """Start a collector and fuzz it; see `attacked`."""
    with tempfile.TemporaryDirectory() as folder:
        async with RunningCollector(
            Path(folder), "collector.upstream.url=none"
        ) as collector:
            return await attacked(collector, seconds, seed)


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    sys.stdout.write(asyncio.run(run(options.seconds, options.seed)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
