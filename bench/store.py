"""Measures the sampler, sealing, and bytes per stored call; one JSON per case.

python bench/store.py sample_offers seal_cpu store_bytes [--repetitions 5] [--keep]

Calls come as OTLP requests of the GenAI conventions and go through recognition,
redaction and sealing as in the collector. Questions and answers are stretches of the
language reference and the docstrings that come with Python; `store_bytes` uses none
of them twice.
"""

import argparse
import ast
import asyncio
import gzip
import json
import os
import platform
import random
import resource
import statistics
import sys
import sysconfig
import tempfile
import time
import tomllib
import warnings
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collector.call import Call
from collector.config.sampling import SealConfig
from collector.otlp.signals import OtlpRequest
from collector.recognise.correlate import CorrelationSettings
from collector.recognise.recogniser import Recogniser
from collector.reservoir import Kind, ReservoirConfig, Reservoirs
from collector.sealing.sealer import Sealer
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.redactor import Redactor
from snaptrace.runtime.config import Duration, StoreConfig
from snaptrace.snapshot import object_names
from snaptrace.store.store import Store

HERE = Path(__file__).parent
SECOND_NS = 10**9
START_NS = 1_763_800_000 * SECOND_NS
KEY = FleetKey(b"the secret of a fleet of bench sidecars")


class Clock:
    """Stands still until it is set."""

    at_ns = START_NS

    def now_ns(self) -> int:
        """Unix time as set."""
        return self.at_ns

    def monotonic_seconds(self) -> float:
        """The same in seconds."""
        return self.at_ns / SECOND_NS


class Prose:
    """English text in stretches, none given twice until all is used up."""

    def __init__(self) -> None:
        texts = [topics[name] for name in sorted(topics)]
        for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
            texts += _docstrings(path)
        unique = dict.fromkeys(" ".join(text.split()) for text in texts)
        self._text = " ".join(unique)
        self._at = 0
        self.length = len(self._text)  # characters

    def next(self, length: int) -> str:
        """Return the next `length` characters; begins anew at the end."""
        if self._at + length > self.length:
            self._at = 0
        self._at += length
        return self._text[self._at - length : self._at]


def _docstrings(path: Path) -> list[str]:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (ast.get_docstring(n) for n in ast.walk(tree) if isinstance(n, documented))
    return [text for text in found if text]


def _attribute(name: str, value: str | int) -> KeyValue:
    if isinstance(value, int):
        return KeyValue(key=name, value=AnyValue(int_value=value))
    return KeyValue(key=name, value=AnyValue(string_value=value))


def request(
    number: int, prose: Prose, prompts: list[str], load: dict[str, Any]
) -> bytes:
    """Return one OTLP request with one chat span."""
    rng = random.Random(load["seed"] * 1_000_003 + number)
    message = ExportTraceServiceRequest()
    spans = message.resource_spans.add()
    spans.resource.attributes.append(_attribute("service.name", "support-chat"))
    scope = spans.scope_spans.add()
    scope.scope.name = "opentelemetry.instrumentation.openai_v2"
    scope.scope.version = "2.3b0"
    prompt = rng.choice(prompts)
    question = prose.next(rng.randint(*load["question_characters"]))
    answer = prose.next(rng.randint(*load["answer_characters"]))
    started = START_NS + number * 1_000_003
    span = Span(
        trace_id=rng.getrandbits(128).to_bytes(16, "big"),
        span_id=rng.getrandbits(64).to_bytes(8, "big"),
        name="chat assistant-7",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=started,
        end_time_unix_nano=started + rng.randint(10**8, 3 * 10**9),
    )

    def said(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    span.attributes.extend(
        _attribute(name, value)
        for name, value in {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "assistant-7",
            "gen_ai.response.model": "assistant-7-2025-10-01",
            "gen_ai.response.id": f"chatcmpl-{rng.getrandbits(96):024x}",
            "gen_ai.system_instructions": json.dumps(
                [{"type": "text", "content": prompt}]
            ),
            "gen_ai.input.messages": json.dumps([said("user", question)]),
            "gen_ai.output.messages": json.dumps(
                [{**said("assistant", answer), "finish_reason": "stop"}]
            ),
            "gen_ai.usage.input_tokens": (len(prompt) + len(question)) // 4,
            "gen_ai.usage.output_tokens": len(answer) // 4,
            "server.address": "api.example.com",
        }.items()
    )
    scope.spans.append(span)
    return message.SerializeToString()


def calls_of(bodies: list[bytes]) -> list[Call]:
    """Return the calls that the collector recognises in these requests."""
    recogniser = Recogniser((), CorrelationSettings())
    calls: list[Call] = []
    for body in bodies:
        calls += recogniser.feed(
            OtlpRequest(
                signal="traces", encoding="protobuf", body=body, received_at_ns=START_NS
            )
        )
    return [*calls, *recogniser.flush(START_NS)]


def sealer_on(folder: Path, size: int) -> tuple[Sealer, Redactor, Store, Clock]:
    """Return a sealer that writes into a folder."""
    clock = Clock()
    store = Store.open(StoreConfig(url=f"file://{folder}/store"))
    redactor = Redactor(RedactConfig(), KEY)
    sealer = Sealer(
        SealConfig(),
        ReservoirConfig(window=Duration(600), size=size),
        folder=folder,
        store=store,
        key=KEY,
        clock=clock,
        redaction_version=redactor.version,
    )
    return sealer, redactor, store, clock


def sample_offers(load: dict[str, Any]) -> dict[str, float]:
    """Offer ranks to full reservoirs."""
    rng = random.Random(load["seed"])
    reservoirs = Reservoirs(ReservoirConfig(size=load["size"], quota=load["quota"]))
    kinds = [
        Kind(f"service-{n % 4}", "text", (f"route:{n:02d}", "tools"))
        for n in range(load["kinds"])
    ]
    offers = [
        (rng.choice(kinds), rng.getrandbits(56), rng.getrandbits(56))
        for _ in range(load["offers"])
    ]

    def run(first_ref: int) -> float:
        started = time.process_time()
        for ref, (kind, rank, span_rank) in enumerate(offers, first_ref):
            if reservoirs.rejection(0, kind, rank, span_rank) is None:
                reservoirs.offer(0, kind, rank, span_rank, ref=ref, size_bytes=2000)
        return time.process_time() - started

    filling = run(0)
    offers = [(k, rng.getrandbits(56), rng.getrandbits(56)) for k, _, _ in offers]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    full = run(len(offers))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "offers_per_second_filling": len(offers) / filling,
        "offers_per_second_full": len(offers) / full,
        "grown_mib": (after - before) / 1024,
        "kept": float(len(reservoirs.refs(0))),
    }


async def _sealed(load: dict[str, Any], bodies: list[bytes]) -> dict[str, float]:
    calls = calls_of(bodies)
    with tempfile.TemporaryDirectory() as name:
        sealer, redactor, store, clock = sealer_on(Path(name), load["size"])
        selection, started = sealer.selection, time.process_time()
        for call in calls:
            placed = selection.place(call)
            if selection.wants(placed):
                clean = redactor.redact(placed)
                await selection.admit(Call(snapshot=clean.snapshot, blobs=clean.blobs))
        admitting = time.process_time() - started
        clock.at_ns += 700 * SECOND_NS
        longest, stop = 0.0, asyncio.Event()

        async def watch() -> None:
            nonlocal longest
            while not stop.is_set():
                at = time.perf_counter()
                await asyncio.sleep(0.001)
                longest = max(longest, time.perf_counter() - at - 0.001)

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with asyncio.TaskGroup() as group:
            if load.get("watch_stalls"):
                group.create_task(watch())
            started = time.process_time()
            await sealer.tick()
            sealing = time.process_time() - started
            stop.set()
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sizes = [info.size_bytes async for info in store.list(object_names.SEGMENTS)]
    stored = sum(v for k, v in sealer.counts.items() if k == ("call", "text", "kept"))
    return {
        "calls": float(stored),
        "admit_us_per_call": admitting / len(calls) * 1e6,
        "seal_cpu_seconds": sealing,
        "grown_mib": (after - before) / 1024,
        "longest_stall_ms": longest * 1000,
        "bytes_per_call": sum(sizes) / stored,
        "segments": float(len(sizes)),
    }


def _bodies(load: dict[str, Any]) -> list[bytes]:
    prose = Prose()
    prompts = [prose.next(load["prompt_characters"]) for _ in range(10)]
    return [request(n, prose, prompts, load) for n in range(load["calls"])]


def seal_cpu(load: dict[str, Any]) -> dict[str, float]:
    """Seal many calls at once."""
    return asyncio.run(_sealed(load, _bodies(load)))


def store_bytes(load: dict[str, Any]) -> dict[str, float]:
    """Compare a stored call with its own span, compressed alone."""
    bodies = _bodies(load)
    alone = statistics.mean(len(gzip.compress(body, 6)) for body in bodies)
    result = asyncio.run(_sealed(load, bodies))
    plain = len(zstandard.ZstdCompressor(level=3).compress(b"".join(bodies)))
    return {
        "bytes_per_call": result["bytes_per_call"],
        "gzip_bytes_per_span": alone,
        # The same spans one after the other, as a yardstick of the workload.
        "plain_zstd3_times_smaller": alone / (plain / len(bodies)),
        "times_smaller": alone / result["bytes_per_call"],
        "calls": result["calls"],
    }


CASES = {
    "sample_offers": sample_offers,
    "seal_cpu": seal_cpu,
    "store_bytes": store_bytes,
}


def main(argv: list[str]) -> int:
    """Run the named cases; 1 where a budget is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="+", choices=sorted(CASES))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="write bench/results/")
    arguments = parser.parse_args(argv)
    failed = False
    for name in arguments.case:
        case = tomllib.loads((HERE / "cases" / f"{name}.toml").read_text())
        runs = [CASES[name](case["load"]) for _ in range(arguments.repetitions)]
        result = {
            "case": name,
            "goal": case["goal"],
            "machine": {"cpus": os.cpu_count(), "system": platform.platform()},
            "python": platform.python_version(),
            "repetitions": runs,
        }
        if arguments.keep:
            file = HERE / "results" / f"{name}.json"
            file.write_text(json.dumps(result, indent=1) + "\n")
        for figure in runs[0]:
            values = [run[figure] for run in runs]
            print(
                f"{name} {figure} {statistics.median(values):.4g}"
                f" ({min(values):.4g} to {max(values):.4g})"
            )
        for budget in case.get("budget", ()):
            median = statistics.median(run[budget["metric"]] for run in runs)
            at_most = budget.get("at_most", float("inf"))
            if not budget.get("at_least", 0) <= median <= at_most:
                print(f"{name}: over budget: {budget}")
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
