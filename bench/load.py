"""Sends export requests and reports what came of them, as JSON on stdout.

`python bench/load.py ADDRESS '{"spans":512,…}'`. Closed loop with `in_flight` requests,
or open loop at `rate` requests a second, where latency counts from the planned time.
gRPC runs on the product's own HTTP/2 client and `"protocol":"http"` on a few lines of
HTTP/1.1, alike against every target, so that on few cores the load does not crowd out
what is measured.
"""

import asyncio
import json
import re
import selectors
import sys
import time
from collections.abc import Iterator

from bodies import requests

from collector.net.h2_call import BrokenCallError
from collector.net.h2_client import Http2Connection
from collector.net.h2_hpack import header_field

_METHOD = b"/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_HEADERS = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", _METHOD),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc"),
    (b"user-agent", b"snaptrace-bench"),
    (b"grpc-timeout", b"30S"),
)
_TIMEOUT_SECONDS = 30.0


class Load:
    """One case against one address."""

    def __init__(self, address: str, case: dict) -> None:
        self._address, self._case = address, case
        self._is_http = case.get("protocol") == "http"
        self._bodies = [
            _http_request(address, body) if self._is_http else _grpc_message(body)
            for body in requests(
                case["spans"],
                case["model_share"],
                case.get("distinct", 32),
                case["seed"],
                case.get("media_bytes", 0),
            )
        ]
        fields = (*_HEADERS, (b":authority", address.encode()))
        self._block = b"".join(header_field(*field) for field in sorted(fields))
        self._connections: list[Http2Connection] | list[HttpConnection] = []
        self._idle: asyncio.LifoQueue[HttpConnection] = asyncio.LifoQueue()
        self._latencies: list[float] = []
        self._refused = self._sent_bytes = 0

    async def run(self) -> dict:
        """Connect, warm up, send all requests."""
        case = self._case
        host, _, port = self._address.rpartition(":")
        loop = asyncio.get_running_loop()
        for _ in range(case["connections"]):
            _, connection = await loop.create_connection(
                HttpConnection
                if self._is_http
                else lambda: Http2Connection(lambda _greeted: None),
                host,
                int(port),
            )
            self._connections.append(connection)
            if self._is_http:
                self._idle.put_nowait(connection)
            for number in range(case.get("warm_up", 20)):
                await self._send(number, time.perf_counter())
        self._latencies.clear()
        self._refused = self._sent_bytes = 0
        start, processor = time.perf_counter(), time.process_time()
        if case.get("rate", 0):
            await self._at_rate(start)
        else:
            numbers = iter(range(case["requests"]))
            async with asyncio.TaskGroup() as workers:
                for _ in range(case["in_flight"]):
                    workers.create_task(self._one_after_another(numbers))
        seconds = time.perf_counter() - start
        processor = time.process_time() - processor
        for connection in self._connections:
            connection.close()
        return self._report(seconds, processor)

    def _report(self, seconds: float, processor: float) -> dict:
        latencies = sorted(self._latencies)
        accepted = len(latencies)
        return {
            "seconds": seconds,
            "accepted": accepted,
            "refused": self._refused,
            "bytes": self._sent_bytes,
            "spans_per_second": accepted * self._case["spans"] / seconds,
            "p50_ms": 1000 * latencies[accepted // 2],
            "p99_ms": 1000 * latencies[accepted * 99 // 100],
            "load_cpu_us_per_request": 1e6 * processor / accepted,
        }

    async def _one_after_another(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            await self._send(number, time.perf_counter())

    async def _at_rate(self, start: float) -> None:
        """Send at planned times; above `in_flight` a request is sent late."""
        places = asyncio.Semaphore(self._case["in_flight"])

        async def send(number: int, planned: float) -> None:
            await self._send(number, planned)
            places.release()

        async with asyncio.TaskGroup() as calls:
            for number in range(self._case["requests"]):
                planned = start + number / self._case["rate"]
                if (wait := planned - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                await places.acquire()
                calls.create_task(send(number, planned))

    async def _send(self, number: int, begin: float) -> None:
        body = self._bodies[number % len(self._bodies)]
        if self._is_http:
            connection = await self._idle.get()
            if await connection.send(body):
                self._latencies.append(time.perf_counter() - begin)
                self._sent_bytes += len(body)
            else:
                self._refused += 1
            self._idle.put_nowait(connection)
            return
        connection = self._connections[number % len(self._connections)]
        try:
            reply = await connection.send(self._block, (body,), _TIMEOUT_SECONDS)
        except BrokenCallError:
            self._refused += 1
            return
        if reply.trailers.get("grpc-status") != "0":
            self._refused += 1
            return
        self._latencies.append(time.perf_counter() - begin)
        self._sent_bytes += len(body) - 5


class HttpConnection(asyncio.Protocol):
    """One request at a time on a connection that stays open."""

    def connection_made(self, transport) -> None:  # noqa: ANN001 - asyncio's
        """Wait to be asked for a request."""
        self._transport, self._answer, self._read = transport, None, b""

    async def send(self, request: bytes) -> bool:
        """Send a whole request; True where it was accepted."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        """Take what there is of a response."""
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if len(body) >= (int(size[1]) if size else 0):
            self._read = b""
            self._answer.set_result(head.split(b" ", 2)[1] == b"200")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Count what was under way as refused."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(False)

    def close(self) -> None:
        """Close."""
        self._transport.close()


def _grpc_message(body: bytes) -> bytes:
    return bytes(1) + len(body).to_bytes(4, "big") + body


def _http_request(address: str, body: bytes) -> bytes:
    head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench\r\n"
        f"Content-Type: application/x-protobuf\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _precise_loop() -> asyncio.AbstractEventLoop:
    """Make a loop that waits to the microsecond; others round up to a millisecond."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_precise_loop) as runner:
        load = Load(sys.argv[1], json.loads(sys.argv[2]))
        print(json.dumps(runner.run(load.run())))
