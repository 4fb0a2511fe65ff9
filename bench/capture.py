"""What `snaptrace-capture` costs an application: per call, and in all.

python bench/run.py capture, or python bench/capture.py [--repetitions 10] [--keep]

`call` is CPU time of what a hook does for one call, on the thread that calls: from the
request at hand to the span that ended, the SDK's own work on that span included.

For the rest a client calls a server on loopback, with a span of its own around each
call as an instrumentation makes one, and an exporter that encodes and does not send.
Rounds with and without capture take turns; what is shown is their difference, and
their ratio. `caller` is CPU time of the calling thread, `process` that of all threads:
the SDK's exporter encodes every body.
"""

import argparse
import base64
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SpanExporter,
    SpanExportResult,
)

_HERE = Path(__file__).parent
sys.path.append(str(_HERE.parent / "capture" / "python"))

import snaptrace_capture  # noqa: E402 - found through the path above
from snaptrace_capture.exchange import begin  # noqa: E402
from snaptrace_capture.settings import Settings  # noqa: E402

_CALLS = {"8kb": 200, "1mb": 30}
_WARM = 20
_HELD_BYTES = 64 * 2**20
_ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "word " * 200},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 2000, "completion_tokens": 200},
    }
).encode()


class _Encoded(SpanExporter):
    """Does what an OTLP exporter does before it sends."""

    def export(self, spans: Any) -> SpanExportResult:  # noqa: ANN401 - the SDK's spans
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


def _bodies() -> dict[str, bytes]:
    words = "The quick brown fox jumps over the lazy dog. " * 180
    picture = base64.b64encode(random.Random(1).randbytes(2**20)).decode()
    url = {"url": f"data:image/png;base64,{picture}"}
    image = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": url},
    ]
    return {
        size: json.dumps(
            {"model": "m", "messages": [{"role": "user", "content": content}]}
        ).encode()
        for size, content in (("8kb", words), ("1mb", image))
    }


def _serve(port_file: str) -> None:
    """Answer every request on one connection after another."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
    whole = head + str(len(_ANSWER)).encode() + b"\r\n\r\n" + _ANSWER
    with socket.create_server(("127.0.0.1", 0)) as server:
        Path(port_file).write_text(str(server.getsockname()[1]))
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as incoming:
                while line := incoming.readline():
                    if line.lower().startswith(b"content-length:"):
                        size = int(line.partition(b":")[2])
                    if line == b"\r\n":
                        incoming.read(size)
                        connection.sendall(whole)


def _hooked(provider: TracerProvider, body: bytes, calls: int) -> float:
    """Return microseconds of the hooks' own work for one call."""
    settings = Settings(held_bytes=_HELD_BYTES)
    capture = snaptrace_capture.install(settings, tracer_provider=provider)
    url = "http://127.0.0.1:8000/v1/chat/completions"
    sent = [("host", "h"), ("authorization", "x"), ("content-type", "application/json")]
    came = [("date", "x"), ("server", "x"), ("content-type", "application/json")]
    spent = []
    try:
        for _ in range(calls):
            started = time.thread_time_ns()
            if capture.endpoints.may_match("POST", url):
                exchange = begin(capture, url, sent, body)
                if exchange is None:
                    raise RuntimeError(f"not captured: {snaptrace_capture.counts()}")
                exchange.answered(200, came, decoded=True)
                exchange.received(_ANSWER)
                exchange.finish()
            spent.append(time.thread_time_ns() - started)
    finally:
        snaptrace_capture.uninstall()
    return statistics.mean(spent) / 1000


def _round(client: httpx.Client, tracer: Any, url: str, body: bytes, calls: int) -> Any:  # noqa: ANN401 - floats
    """Return microseconds per call: of the calling thread, and of the process."""
    headers = {"content-type": "application/json", "authorization": "Bearer none"}
    provider = tracer[1]
    thread, process = time.thread_time_ns(), time.process_time_ns()
    for _ in range(calls):
        with tracer[0].start_as_current_span("chat m"):
            client.post(url, content=body, headers=headers)
    thread = time.thread_time_ns() - thread
    provider.force_flush()
    process = time.process_time_ns() - process
    return thread / calls / 1000, process / calls / 1000


def measure(repetitions: int) -> dict[str, list[float]]:
    """Return every repetition of every figure."""
    port_file = Path(f"/tmp/snaptrace-bench-{os.getpid()}")
    server = subprocess.Popen([sys.executable, __file__, "--serve", str(port_file)])
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_Encoded()))
    tracer = (provider.get_tracer("bench"), provider)
    results: dict[str, list[float]] = {}
    try:
        while not (port_file.exists() and port_file.read_text()):
            time.sleep(0.02)
        url = f"http://127.0.0.1:{port_file.read_text()}/v1/chat/completions"
        with httpx.Client() as client:
            for repetition in range(-1, repetitions):  # the first one warms up
                for size, body in _bodies().items():
                    figures = _pair(client, tracer, (url, body), _CALLS[size])
                    for name, value in figures.items() if repetition >= 0 else ():
                        results.setdefault(f"{name}_{size}", []).append(value)
    finally:
        server.kill()
        server.wait()
        port_file.unlink(missing_ok=True)
        provider.shutdown()
    return results


def _pair(
    client: httpx.Client,
    tracer: Any,  # noqa: ANN401 - see above
    target: tuple[str, bytes],
    calls: int,
) -> dict[str, float]:
    url, body = target
    _round(client, tracer, url, body, _WARM)
    plain = _round(client, tracer, url, body, calls)
    settings = Settings(held_bytes=_HELD_BYTES)
    snaptrace_capture.install(settings, tracer_provider=tracer[1])
    try:
        captured = _round(client, tracer, url, body, calls)
        counts = snaptrace_capture.counts()
        if counts["captured"] != calls:
            raise RuntimeError(f"not all calls were captured: {counts}")
    finally:
        snaptrace_capture.uninstall()
    return {
        "call_us": _hooked(tracer[1], body, calls),
        "caller_us": captured[0] - plain[0],
        "process_us": captured[1] - plain[1],
        "process_ratio": captured[1] / plain[1],
        "uncaptured_process_us": plain[1],
    }


def main(argv: list[str]) -> int:
    """Print the figures, and their medians; 1 where a budget is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="capture")
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.serve:
        _serve(arguments.serve)
    case = tomllib.loads((_HERE / "cases" / f"{arguments.case}.toml").read_text())
    results = measure(arguments.repetitions)
    medians = {name: statistics.median(values) for name, values in results.items()}
    print(case["goal"])
    for name, values in results.items():
        shown = " ".join(f"{value:.2f}" for value in values)
        print(f"{name:28} {medians[name]:8.2f}   {shown}")
    if arguments.keep:
        document = {
            "case": arguments.case,
            "goal": case["goal"],
            "machine": {"cpus": os.cpu_count(), "system": platform.platform()},
            "python": platform.python_version(),
            "median": medians,
            "repetitions": results,
        }
        file = _HERE / "results" / f"{arguments.case}.json"
        file.write_text(json.dumps(document, indent=1) + "\n")
    over = [b for b in case["budget"] if medians[b["metric"]] > b["at_most"]]
    for budget in over:
        print(f"over budget: {budget['metric']} above {budget['at_most']}")
    return int(bool(over) and arguments.enforce)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
