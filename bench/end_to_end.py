"""Both programs as processes, a model that is wrong at a known rate, and the verdicts.

python bench/end_to_end.py [--runs 20] [--canary-wrong 0.10] [--keep]

Recorded calls go into the collector as spans over OTLP/gRPC; it seals them into a
store; replayd asks a model server on loopback, once as production and once as canary,
and its verdicts are read over HTTP as a pipeline would. Nothing here touches the
programs' inside. Both arms and the recording are wrong on 2 % of the cases by chance;
the canary is wrong on 10 % of the images besides. `--canary-wrong 0` makes both arms
alike, and asks how soon every stream passes.
"""

import argparse
import asyncio
import base64
import contextlib
import io
import json
import os
import platform
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import grpc
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans
from PIL import Image

MODALITIES = ("text", "image", "audio")
ROOMS = ("kitchen", "office", "hallway", "basement", "bedroom")
SPANS_PER_REQUEST = 50
POLL_SECONDS = 0.25


def picture() -> bytes:
    """Return a small PNG; what it shows does not matter to a model that is told."""
    data = io.BytesIO()
    Image.new("RGB", (32, 32), "#4a6fa5").save(data, "PNG")
    return data.getvalue()


def silence() -> bytes:
    """Return a tenth of a second of WAVE."""
    samples = b"\0\0" * 1600
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt "
    head += (16).to_bytes(4, "little") + (1).to_bytes(2, "little") * 2
    head += (16_000).to_bytes(4, "little") + (32_000).to_bytes(4, "little")
    head += (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    return head + b"data" + len(samples).to_bytes(4, "little") + samples


def question(modality: str, number: int) -> str:
    """Return what is asked; the model server knows a case by its number."""
    return {
        "text": f"Case {number}: what is the total of this order?",
        "image": f"Case {number}: read the value off this gauge.",
        "audio": f"Case {number}: transcribe the spoken command.",
    }[modality]


def answer(modality: str, number: int, off: int = 0) -> str:
    """Return the model's answer; `off`, 1 to 99, makes it wrong in its own way."""
    value = 1000 + number * 7 + off
    room = ROOMS[(number + (1 + off % (len(ROOMS) - 1) if off else 0)) % len(ROOMS)]
    return {
        "text": f"The total of the order is {value:,} euros.",
        "image": f"Pressure: {value}",
        "audio": f"turn on the {room} light and set it to {number % 40} percent",
    }[modality]


class Model:
    """Answers as OpenAI chat does.

    `wrong[model][modality]` are the rates of its sources of errors: the jitter that
    every model has, and for the canary's images the fault that is to be found.
    """

    def __init__(self, seed: int, wrong: dict[str, dict[str, list[float]]]) -> None:
        self._seed, self._wrong = seed, wrong
        self._asked: dict[tuple[str, int], int] = {}
        self.calls = 0

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one request."""
        body = await request.json()
        self.calls += 1
        content = body["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        number = int(re.search(r"Case (\d+)", text)[1])
        modality = next(m for m in MODALITIES if text == question(m, number))
        model = body["model"]
        again = self._asked[model, number] = self._asked.get((model, number), -1) + 1
        rng = random.Random(f"{self._seed}/{model}/{modality}/{number}/{again}")
        wrong = any(rng.random() < rate for rate in self._wrong[model][modality])
        return web.json_response(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "model": model,
                "choices": [
                    {
                        "index": 0,
                        "message": {
                            "role": "assistant",
                            "content": answer(
                                modality, number, wrong * rng.randint(1, 99)
                            ),
                        },
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 20, "completion_tokens": 10},
            }
        )


def span(
    scope: ScopeSpans, number: int, modality: str, rng: random.Random, wrong: float
) -> None:
    """Add one recorded call to `scope`."""
    # Whose recordings prove these spans: a call of no known library is `unverified`.
    scope.scope.name = "opentelemetry.instrumentation.genai.openai"
    scope.scope.version = "1.3b0"
    made = scope.spans.add()
    made.trace_id, made.span_id = rng.randbytes(16), rng.randbytes(8)
    made.name, made.kind = "chat assistant-7", 3
    now = time.time_ns()
    made.start_time_unix_nano, made.end_time_unix_nano = now - 10**9, now
    parts = [{"type": "text", "content": question(modality, number)}]
    if modality != "text":
        data = picture() if modality == "image" else silence()
        parts.append(
            {
                "type": "blob",
                "modality": modality,
                "mime_type": "image/png" if modality == "image" else "audio/wav",
                "content": base64.b64encode(data).decode(),
            }
        )
    off = (rng.random() < wrong) * rng.randint(1, 99)
    said = answer(modality, number, off)
    for key, value in {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "assistant-7",
        "gen_ai.response.model": "assistant-7",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}]),
        "gen_ai.output.messages": json.dumps(
            [
                {
                    "role": "assistant",
                    "parts": [{"type": "text", "content": said}],
                    "finish_reason": "stop",
                }
            ]
        ),
    }.items():
        attribute = made.attributes.add()
        attribute.key, attribute.value.string_value = key, value


async def record(address: str, per_modality: int, seed: int, wrong: float) -> None:
    """Send the recorded calls to the collector."""
    rng = random.Random(seed)
    numbers = [(n, m) for n in range(per_modality) for m in MODALITIES]
    async with grpc.aio.insecure_channel(address) as channel:
        export = channel.unary_unary(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        )
        for first in range(0, len(numbers), SPANS_PER_REQUEST):
            request = ExportTraceServiceRequest()
            resource = request.resource_spans.add()
            service = resource.resource.attributes.add()
            service.key, service.value.string_value = "service.name", "bench"
            scope = resource.scope_spans.add()
            for number, modality in numbers[first : first + SPANS_PER_REQUEST]:
                span(scope, number, modality, rng, wrong)
            await export(request.SerializeToString())


async def admitted(address: str, calls: int, limit_seconds: float) -> None:
    """Wait until the collector has recognised all calls."""
    deadline = time.monotonic() + limit_seconds
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline:
            async with session.get(f"http://{address}/metrics") as reply:
                lines = (await reply.text()).splitlines()
            name = "snaptrace_collector_calls_total{"
            values = [line.rsplit(" ", 1)[1] for line in lines if line.startswith(name)]
            if sum(map(float, values)) >= calls:
                return
            await asyncio.sleep(POLL_SECONDS)


def logs_of(folder: Path) -> str:
    """Return what both programs wrote."""
    return "\n".join(log.read_text() for log in sorted(folder.glob("*.log")))


@contextlib.asynccontextmanager
async def program(
    name: str, config: Path, folder: Path
) -> AsyncIterator[dict[str, str]]:
    """Run one of the programs as a process; yields its addresses."""
    ports = folder / f"{name}.ports"
    ports.unlink(missing_ok=True)
    with (folder / f"{name}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "snaptrace", name, "--config", str(config)),
            *("--ports-file", str(ports)),
            stdout=log,
            stderr=log,
        )
    try:
        while not ports.exists():
            if process.returncode is not None:
                raise SystemExit(logs_of(folder))
            await asyncio.sleep(0.05)
        yield json.loads(ports.read_text())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


def configure(folder: Path, port: int, per_modality: int) -> Path:
    """Write the configuration of both programs."""
    arm = {"url": f"http://127.0.0.1:{port}/v1", "api": "openai_chat"}
    config = {
        "store": {"url": f"file://{folder / 'store'}"},
        "collector": {
            "grpc": {"listen": "127.0.0.1:0"},
            "http": {"listen": "127.0.0.1:0"},
            "metrics": {"listen": "127.0.0.1:0"},
            "upstream": {"url": "none"},
            "tap": {"decode_budget": 0},
            "reservoir": {"window": "30s", "size": 2 * per_modality},
            "recognise": {"quiet": "1s"},
            "journal_dir": str(folder / "journal"),
        },
        "replayd": {
            "metrics": {"listen": "127.0.0.1:0"},
            "page": {"listen": "127.0.0.1:0"},
            "arms": {
                "production": {"role": "control", "model": "assistant-7", **arm},
                "canary": {
                    "role": "canary",
                    "model": "assistant-8",
                    "revision": "bench",
                    **arm,
                },
            },
            "schedule": {"poll": "1s", "required_modalities": list(MODALITIES)},
            "control_rate": {"share_of_production": 1.0, "per_minute": 1_000_000},
            "concurrency": 16,
        },
    }
    path = folder / "config.json"  # JSON is YAML
    path.write_text(json.dumps(config))
    (folder / "store").mkdir()
    return path


async def verdicts_until(
    address: str, done: Callable[[dict], bool], limit_seconds: float
) -> dict:
    """Poll the verdicts until `done(modalities)` or the time is up."""
    deadline = time.monotonic() + limit_seconds
    last: dict = {}
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline:
            async with session.get(f"http://{address}/api/v1/verdicts") as reply:
                found = await reply.json()
            canary = found.get("canaries", {}).get("canary")
            if canary:
                last = canary["modalities"]
                if done(last):
                    break
            await asyncio.sleep(POLL_SECONDS)
    return last


async def once(seed: int, arguments: argparse.Namespace) -> dict:
    """Run both programs once; return what was found."""
    jitter, bad = arguments.wrong, arguments.canary_wrong
    image = [jitter, bad] if bad else [jitter]
    model = Model(
        seed,
        {
            "assistant-7": {m: [jitter] for m in MODALITIES},
            "assistant-8": {m: image if m == "image" else [jitter] for m in MODALITIES},
        },
    )
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", model.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = configure(folder, port, arguments.calls)
        async with program("collector", config, folder) as ports:
            await record(ports["grpc"], arguments.calls, seed, jitter)
            await admitted(ports["metrics"], 3 * arguments.calls, arguments.settle)
        recorded = time.monotonic()
        async with program("replayd", config, folder) as ports:
            done = regression_is_over if bad else equal_is_over
            found = await verdicts_until(ports["metrics"], done, arguments.limit)
        if arguments.logs:
            sys.stderr.write(logs_of(folder))
    await runner.cleanup()
    return {
        "seed": seed,
        "seconds_recording": round(recorded - started, 1),
        "seconds_replaying": round(time.monotonic() - recorded, 1),
        "model_calls": model.calls,
        "modalities": {m: shown(found.get(m, {})) for m in MODALITIES},
    }


def regression_is_over(modalities: dict) -> bool:
    """Image decided, and the others too or looked at as long as it might take."""
    image = modalities.get("image", {})
    others = [modalities.get(m, {}) for m in MODALITIES if m != "image"]
    decided = image.get("verdict") == "regressed" or image.get("pairs", 0) >= 600
    return decided and all(
        o.get("pairs", 0) >= 600 or o.get("verdict") in {"pass", "regressed"}
        for o in others
    )


def equal_is_over(modalities: dict) -> bool:
    """Every stream of every modality has passed, or been looked at three times over."""
    return len(modalities) >= len(MODALITIES) and all(
        stream["verdict"] == "pass" or stream["replays"] >= 3 * planned(stream)
        for shown in modalities.values()
        for stream in shown["streams"].values()
    )


def planned(stream: dict) -> int:
    """Return the replays in which nine of ten equal arms pass, as the plan says it."""
    from replayd.stats import replays_to_pass  # noqa: PLC0415 - the plan's own words

    noise = 0.04 if stream["stream"] == "quality" else 0.0
    return replays_to_pass(noise, stream["margin"], stream["alpha_pass"]).p90


def shown(modality: dict) -> dict:
    """Return what is kept of a modality."""
    streams = modality.get("streams", {})
    return {
        "verdict": modality.get("verdict", ""),
        "deciding": modality.get("deciding", ""),
        "difference": modality.get("difference"),
        "pairs": modality.get("pairs", 0),
        "coverage": modality.get("coverage"),
        "streams": {
            name: {
                "verdict": s["verdict"],
                "replays": s["replays"],
                "alarm_raised_at": s.get("alarm_raised_at"),
                "planned_p90": planned(s),
            }
            for name, s in streams.items()
        },
    }


def summary(runs: list[dict], *, equal: bool) -> dict:
    """Return the figures that the case is about."""
    if equal:
        streams = [
            s
            for run in runs
            for m in run["modalities"].values()
            for s in m["streams"].values()
        ]
        passed = sum(s["verdict"] == "pass" for s in streams)
        return {
            "streams": len(streams),
            "passed": passed,
            "regressed": sum(s["verdict"] == "regressed" for s in streams),
        }
    raised = [
        run["modalities"]["image"]["streams"].get("quality", {}).get("alarm_raised_at")
        for run in runs
    ]
    found = [at for at in raised if at is not None and at <= 600]
    others = sum(
        run["modalities"][m]["verdict"] == "regressed"
        for run in runs
        for m in MODALITIES
        if m != "image"
    )
    return {
        "runs": len(runs),
        "image_regressed_within_600": len(found),
        "replays_median": statistics.median(found) if found else None,
        "replays_most": max(found, default=None),
        "other_modalities_regressed": others,
    }


def main() -> int:
    """Run the case and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=900, help="per modality")
    parser.add_argument("--wrong", type=float, default=0.02)
    parser.add_argument("--canary-wrong", type=float, default=0.10)
    parser.add_argument("--settle", type=float, default=30.0, help="seconds")
    parser.add_argument("--limit", type=float, default=240.0, help="seconds per run")
    parser.add_argument("--logs", action="store_true", help="show the programs' logs")
    parser.add_argument("--keep", action="store_true", help="keep under results/")
    arguments = parser.parse_args()
    equal = not arguments.canary_wrong
    runs = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.runs):
        runs.append(asyncio.run(once(seed, arguments)))
        print(json.dumps(runs[-1]), flush=True)
    found = summary(runs, equal=equal)
    print(json.dumps(found, indent=1))
    if arguments.keep:
        name = "end_to_end_equal" if equal else "end_to_end_regression"
        case = {
            "case": name,
            "arguments": vars(arguments),
            "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
            "summary": found,
            "runs": runs,
        }
        path = Path(__file__).parent / "results" / f"{name}.json"
        path.write_text(json.dumps(case, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
