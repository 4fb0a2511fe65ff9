"""Runs the forwarding cases: every target in turn, again and again, one JSON per case.

python bench/run.py forward_512 [--repetitions 10] [--rotel PATH] [--otelcol PATH]

Targets are interleaved, each repetition starts them anew, and every repetition is
kept. An interval is the 95 % bootstrap of the mean. Ratios are to the peer in the same
run; numbers of different machines or days are not to be compared.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable
from pathlib import Path

import targets

_HERE = Path(__file__).parent


def main(argv: list[str]) -> int:
    """Run the named cases; 1 where a budget is not met."""
    arguments = _arguments(argv)
    failed = False
    for name in arguments.case:
        case = tomllib.loads((_HERE / "cases" / f"{name}.toml").read_text())
        if runner := case.get("runner"):
            failed |= _run_elsewhere(runner, name, arguments)
            continue
        result = run_case(name, case, arguments)
        file = _HERE / "results" / f"{name}.json"
        if arguments.keep:
            file.write_text(json.dumps(result, indent=1) + "\n")
        failed |= not _report(result, case)
    return int(failed and arguments.enforce)


def _run_elsewhere(runner: str, name: str, arguments: argparse.Namespace) -> bool:
    """Run a case that is not about forwarding; true where its budget is not met."""
    command = [sys.executable, str(_HERE / runner), name, "--enforce"]
    command += ["--keep"] if arguments.keep else []
    return bool(subprocess.run(command, check=False).returncode)


def run_case(name: str, case: dict, arguments: argparse.Namespace) -> dict:
    """Run all targets `repetitions` times, interleaved."""
    settings = [*case.get("set", []), *arguments.set]
    made: dict[str, Callable[[str], targets.Target]] = {
        "direct": targets.direct,
        "collector": lambda sink: targets.collector(sink, *settings),
        # The other setting of joining small requests, and the reference engine.
        "collector-join": lambda sink: targets.collector(
            sink, *settings, "collector.upstream.join.enabled=true"
        ),
        "collector-nojoin": lambda sink: targets.collector(
            sink, *settings, "collector.upstream.join.enabled=false"
        ),
        "collector-grpcio": lambda sink: targets.collector(
            sink, *settings, "collector.engine=grpcio"
        ),
    }
    if arguments.rotel:
        made["rotel"] = lambda sink: targets.rotel(sink, arguments.rotel)
    if arguments.otelcol:
        made["otelcol"] = lambda sink: targets.otelcol(sink, arguments.otelcol)
    wanted = [t for t in made if not arguments.only or t in arguments.only]
    repetitions: dict[str, list[dict]] = {target: [] for target in wanted}
    for _ in range(arguments.repetitions):
        for target in wanted:
            repetitions[target].append(_once(made[target], case["load"]))
    return {
        "case": name,
        "goal": case["goal"],
        "commit": _output("git", "rev-parse", "--short", "HEAD"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": os.getloadavg(),  # 1, 5, 15 minutes; others, too
        "python": platform.python_version(),
        "load": case["load"],
        "settings": settings,
        "targets": repetitions,
    }


def _once(make: Callable[[str], targets.Target], load: dict) -> dict:
    sink = subprocess.Popen(
        [sys.executable, str(_HERE / "sink.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    address = sink.stdout.readline().strip()
    target = None
    try:
        target = make(address)
        at_rest = sum(targets._high_water_mib(pid) for pid in target.pids())  # noqa: SLF001
        at_rest_pss = sum(targets.proportional_mib(pid) for pid in target.pids())
        start_cpu = sum(targets._cpu_seconds(pid) for pid in target.pids())  # noqa: SLF001
        target.mark()
        is_http = load.get("protocol") == "http"
        to = (is_http and target.http_address) or target.address
        sent = subprocess.run(
            [sys.executable, str(_HERE / "load.py"), to, json.dumps(load)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        measured = json.loads(sent.stdout)
        # What acknowledges early may still be sending, and a sampler be behind.
        time.sleep(1.0)
        used = target.used()
        with urllib.request.urlopen(f"http://{address}/", timeout=10) as page:
            seen = json.load(page)
    finally:
        if target is not None:
            target.stop()
        sink.kill()
        sink.wait()
    spans = max(1, measured["accepted"]) * load["spans"]
    cpu = used["cpu_seconds"] + used["sampler_cpu_seconds"]
    return {
        **measured,
        **used,
        "ready_seconds": target.ready_seconds,
        "start_cpu_seconds": start_cpu,
        "at_rest_mib": at_rest,
        "at_rest_pss_mib": at_rest_pss,
        "cpu_us_per_span": 1e6 * cpu / spans,
        "relay_cpu_us_per_span": 1e6 * used["cpu_seconds"] / spans,
        "both_high_water_mib": used["high_water_mib"] + used["sampler_high_water_mib"],
        "sink_requests": seen["requests"],
        "sink_bytes": seen["bytes"],
        "acknowledges": target.acknowledges,
    }


_SHOWN = (
    "cpu_us_per_span",
    "relay_cpu_us_per_span",
    "high_water_mib",
    "sampler_high_water_mib",
    "both_high_water_mib",
    "at_rest_mib",
    "ready_seconds",
    "start_cpu_seconds",
    "at_rest_pss_mib",
    "p50_ms",
    "p99_ms",
    "spans_per_second",
    "refused",
)


def _report(result: dict, case: dict) -> bool:
    print(f"{result['case']}: {result['goal']}")
    means: dict[str, dict[str, float]] = {}
    for target, runs in result["targets"].items():
        print(f"  {target}  (acknowledges {runs[0]['acknowledges']})")
        means[target] = {}
        for key in _SHOWN:
            values = [run[key] for run in runs]
            low, high = _interval(values)
            means[target][key] = statistics.fmean(values)
            print(f"    {key:24} {means[target][key]:12.2f}  [{low:.2f}, {high:.2f}]")
    good = True
    for rule in case.get("budget", []):
        value = means.get("collector", {}).get(rule["metric"])
        bound = rule["at_most"]
        if "of" in rule:
            peer = means.get(rule["of"])
            bound = None if peer is None else bound * peer[rule["metric"]]
        if "above" in rule:
            peer = means.get(rule["above"])
            bound = None if peer is None else bound + peer[rule["metric"]]
        if value is None or bound is None:
            print(f"  not judged: {rule}")
            continue
        met = value <= bound
        good &= met
        print(f"  {'met' if met else 'MISSED'}: {value:.2f} <= {bound:.2f}  {rule}")
    return good


def _interval(values: list[float]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap of the mean; the value itself for one."""
    rng = random.Random(1)
    means = sorted(
        statistics.fmean(rng.choices(values, k=len(values))) for _ in range(1000)
    )
    return means[25], means[974]


def _output(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, check=False
    ).stdout.strip()


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="+")
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--rotel", help="path of the rotel-agent binary")
    parser.add_argument("--otelcol", help="path of an OpenTelemetry Collector binary")
    parser.add_argument("--only", nargs="*", help="targets to run")
    parser.add_argument("--set", action="append", default=[], help="collector settings")
    parser.add_argument("--keep", action="store_true", help="write bench/results/")
    parser.add_argument("--enforce", action="store_true", help="exit 1 over budget")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
