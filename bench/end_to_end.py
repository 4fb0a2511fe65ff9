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
import contextlib
import json
import os
import platform
import random
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
from known_model import MODALITIES, Model, span
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

SPANS_PER_REQUEST = 50


POLL_SECONDS = 0.25


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
