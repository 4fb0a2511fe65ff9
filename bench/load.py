"""Sends export requests over gRPC and reports what came of them, as JSON on stdout.

`python bench/load.py ADDRESS '{"spans":512,…}'`. Closed loop with `in_flight` requests,
or open loop at `rate` requests a second, where latency counts from the planned time.
"""

import asyncio
import json
import sys
import time

import grpc.aio
from bodies import requests

_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


async def run(address: str, case: dict) -> dict:
    """Run one case against one address."""
    bodies = requests(
        case["spans"],
        case["model_share"],
        case.get("distinct", 32),
        case["seed"],
        case.get("media_bytes", 0),
    )
    latencies: list[float] = []
    refused = sent_bytes = 0
    total = case["requests"]
    rate = case.get("rate", 0)
    numbers = iter(range(total))
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_send_message_length", -1),
    ]
    channels = [
        grpc.aio.insecure_channel(address, options) for _ in range(case["connections"])
    ]
    calls = [channel.unary_unary(_METHOD, None, None) for channel in channels]
    await _warm_up(calls, bodies[0], case.get("warm_up", 20))
    start = time.perf_counter()

    async def work(call) -> None:  # noqa: ANN001 - grpc has no type for it
        nonlocal refused, sent_bytes
        for number in numbers:
            body = bodies[number % len(bodies)]
            begin = time.perf_counter()
            if rate:
                planned = start + number / rate
                if planned > begin:
                    await asyncio.sleep(planned - begin)
                begin = planned
            try:
                await call(body, timeout=30)
            except grpc.aio.AioRpcError:
                refused += 1
            else:
                latencies.append(time.perf_counter() - begin)
                sent_bytes += len(body)

    async with asyncio.TaskGroup() as workers:
        for index in range(case["in_flight"]):
            workers.create_task(work(calls[index % len(calls)]))
    seconds = time.perf_counter() - start
    for channel in channels:
        await channel.close()
    latencies.sort()
    return {
        "seconds": seconds,
        "accepted": len(latencies),
        "refused": refused,
        "bytes": sent_bytes,
        "spans_per_second": len(latencies) * case["spans"] / seconds,
        "p50_ms": 1000 * latencies[len(latencies) // 2],
        "p99_ms": 1000 * latencies[len(latencies) * 99 // 100],
    }


async def _warm_up(calls: list, body: bytes, times: int) -> None:
    """Connect, and load what is loaded on first need."""
    for call in calls:
        for _ in range(times):
            await call(body, timeout=30)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], json.loads(sys.argv[2])))))
