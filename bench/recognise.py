"""CPU of recognition: per model call of about 8 KB, and per span that is none.

python bench/recognise.py [--repetitions 10] [--out FILE]

One process, one thread, CPU time. `read` is split, decode and dialect; `call` adds join
and assembly, which only calls that were read come to. Every repetition is printed.
On cores shared with other work CPU time itself grows: `yardstick_us` is a fixed loop
timed in the same repetition, to read the others against.
"""

import argparse
import functools
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.otlp.signals import OtlpRequest
from collector.recognise.prefilter import has_marker, split
from collector.recognise.recogniser import Recogniser

_CALLS = 200
_SPANS = 512
_GOAL = "at most 150 us of CPU per model call of 8 KB, 2 us per span that is none"


def _chat(kind: str) -> dict[str, str]:
    """Return the attributes of one model call of about 8 KB."""
    words = "The quick brown fox jumps over the lazy dog. " * 80
    tools = [
        {
            "type": "function",
            "function": {
                "name": f"tool_{n}",
                "description": "Look something up.",
                "parameters": {
                    "type": "object",
                    "properties": {"query": {"type": "string"}},
                    "required": ["query"],
                },
            },
        }
        for n in range(4)
    ]
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": words},
    ]
    answer = {"choices": [{"message": {"role": "assistant", "content": words[:900]}}]}
    if kind == "openinference":
        body = {"model": "m", "temperature": 0, "messages": messages, "tools": tools}
        return {
            "openinference.span.kind": "LLM",
            "llm.system": "openai",
            "input.value": json.dumps(body),
            "input.mime_type": "application/json",
            "output.value": json.dumps(answer),
            "llm.invocation_parameters": '{"model": "m", "temperature": 0}',
            "llm.input_messages.1.message.content": words[:1500],
        }
    parts = [
        {"role": m["role"], "parts": [{"type": "text", "content": m["content"]}]}
        for m in messages
    ]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.input.messages": json.dumps(parts),
        "gen_ai.output.messages": json.dumps(
            [{"role": "assistant", "parts": [{"type": "text", "content": words[:900]}]}]
        ),
        "gen_ai.tool.definitions": json.dumps(tools),
        "app.note": words[:1500],
    }


def _request(attributes: dict[str, str], count: int) -> OtlpRequest:
    message = ExportTraceServiceRequest()
    spans = message.resource_spans.add().scope_spans.add().spans
    for number in range(1, count + 1):
        span = spans.add(
            name="work",
            trace_id=number.to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            start_time_unix_nano=number * 10**9,
            end_time_unix_nano=number * 10**9 + 10**8,
        )
        for key, value in attributes.items():
            span.attributes.add(key=key).value.string_value = value
    return OtlpRequest(
        signal="traces",
        encoding="protobuf",
        body=message.SerializeToString(),
        received_at_ns=0,
    )


def _microseconds(work: Callable[[], object], count: int) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6 / count


def _read(recogniser: Recogniser, request: OtlpRequest) -> None:
    for raw in split(request):
        recogniser.read(raw)


def _whole(request: OtlpRequest) -> None:
    fresh = Recogniser()
    list(fresh.feed(request))
    list(fresh.flush(0))


def _yardstick() -> int:
    """Do a fixed amount of interpreted work."""
    total = 0
    for number in range(20_000):
        total += number * number % 7
    return total


def _measure() -> dict[str, float]:
    found = {"yardstick_us": _microseconds(_yardstick, 1)}
    for kind in ("openinference", "otel_genai"):
        request = _request(_chat(kind), _CALLS)
        recogniser = Recogniser()

        found[f"{kind}_bytes"] = len(request.body) / _CALLS
        read = functools.partial(_read, recogniser, request)
        whole = functools.partial(_whole, request)
        found[f"{kind}_read_us"] = _microseconds(read, _CALLS)
        found[f"{kind}_call_us"] = _microseconds(whole, _CALLS)
    plain = {
        "http.request.method": "GET",
        "url.path": "/orders/17",
        "http.response.status_code": "200",
        "server.address": "shop.example",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64)",
    }
    quiet = _request(plain, _SPANS)
    found["plain_bytes"] = len(quiet.body) / _SPANS
    found["plain_us"] = _microseconds(lambda: has_marker(quiet.body), _SPANS)
    mixed = ExportTraceServiceRequest.FromString(quiet.body)
    span = mixed.resource_spans[0].scope_spans[0].spans.add()
    span.attributes.add(key="gen_ai.x").value.string_value = "y"
    beside = OtlpRequest(
        signal="traces",
        encoding="protobuf",
        body=mixed.SerializeToString(),
        received_at_ns=0,
    )
    found["plain_beside_a_call_us"] = _microseconds(lambda: list(split(beside)), _SPANS)
    return found


def main(argv: list[str]) -> None:
    """Print every repetition, with the median and the best of each number."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(argv)
    before = os.getloadavg()[0]
    runs = [_rounded(_measure()) for _ in range(chosen.repetitions)]
    result: dict[str, Any] = {
        "case": "recognise",
        "goal": _GOAL,
        "machine": {
            "cpus": os.cpu_count(),
            "system": platform.platform(),
            "load_average_before": round(before, 2),
            "load_average_after": round(os.getloadavg()[0], 2),
        },
        "python": platform.python_version(),
        "best": {key: min(run[key] for run in runs) for key in runs[0]},
        "median": {key: statistics.median(run[key] for run in runs) for key in runs[0]},
        "repetitions": runs,
    }
    for run in runs:
        print(json.dumps(run))
    print(json.dumps({key: result[key] for key in ("machine", "best", "median")}))
    if chosen.out is not None:
        chosen.out.write_text(json.dumps(result, indent=1) + "\n")


def _rounded(run: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 2) for key, value in run.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
