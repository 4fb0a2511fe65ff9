"""An honest exporter beside an attacker: what it loses, and how late it is.

python bench/attacks.py [attacks] [--seconds 10] [--only members,indexed] [--keep]

Every attack runs against the native engine and against grpcio, each time against new
processes. CPU and memory are the relay's and the sampler's beyond those of the honest
exporter alone, per megabyte that the attacker sent.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import targets
from attackers import ATTACKS

_HERE = Path(__file__).parent
ENGINES = ("native", "grpcio")
CALM = "none"
LEAST_MB = 0.001  # below it there is nothing to divide by


def once(engine: str, attack: str, load: dict, seconds: float) -> dict:
    """Run one attack beside one exporter against new processes."""
    sink = subprocess.Popen(
        [sys.executable, str(_HERE / "sink.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    target = attacker = None
    try:
        address = sink.stdout.readline().strip()
        target = targets.collector(address, f"collector.engine={engine}")
        target.mark()
        if attack != CALM:
            told = (attack, target.address, target.http_address, str(seconds))
            attacker = subprocess.Popen(
                [sys.executable, str(_HERE / "attackers.py"), *told],
                stdout=subprocess.PIPE,
                text=True,
            )
        case = {**load, "requests": int(load["rate"] * seconds)}
        found = subprocess.run(
            [sys.executable, str(_HERE / "load.py"), target.address, json.dumps(case)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        sent = 0
        if attacker is not None:
            sent = json.loads(attacker.communicate(timeout=60)[0] or "{}")["bytes"]
        used = target.used()
    finally:
        for process in (attacker, sink):
            if process is not None:
                process.kill()
                process.wait()
        if target is not None:
            target.stop()
    # A load whose connection was lost reports nothing: then all of it is lost.
    measured = json.loads(found.stdout) if found.returncode == 0 else {}
    return {
        "engine": engine,
        "attack": attack,
        "asked": case["requests"],
        "lost": case["requests"] - measured.get("accepted", 0),
        "p99_ms": measured.get("p99_ms"),
        "attacker_mb": sent / 1e6,
        "cpu_seconds": used["cpu_seconds"] + used["sampler_cpu_seconds"],
        "high_water_mib": used["high_water_mib"] + used["sampler_high_water_mib"],
    }


def rows(names: list[str], load: dict, seconds: float) -> list[dict]:
    """Run every attack against both engines, the calm first; print as it goes."""
    print(f"{'engine':7} {'attack':12} {'lost':>9} {'p99 ms':>8} {'MB':>8}", end="")
    print(f" {'CPU s/MB':>9} {'MiB more':>9}")
    made = []
    for engine in ENGINES:
        calm: dict | None = None
        for attack in (CALM, *names):
            row = once(engine, attack, load, seconds)
            calm = calm or row
            cpu = row["cpu_seconds"] - calm["cpu_seconds"]
            row["cpu_seconds_per_mb"] = cpu / max(row["attacker_mb"], LEAST_MB)
            row["more_mib"] = row["high_water_mib"] - calm["high_water_mib"]
            made.append(row)
            print(_line(row), flush=True)
    return made


def _line(row: dict) -> str:
    p99 = "-" if row["p99_ms"] is None else f"{row['p99_ms']:.1f}"
    lost = f"{row['lost']}/{row['asked']}"
    line = f"{row['engine']:7} {row['attack']:12} {lost:>9} {p99:>8}"
    line += f" {row['attacker_mb']:8.1f}"
    if row["attack"] != CALM:
        is_silent = row["attacker_mb"] < LEAST_MB
        cost = "-" if is_silent else f"{row['cpu_seconds_per_mb']:.3f}"
        line += f" {cost:>9} {row['more_mib']:9.1f}"
    return line


def main(argv: list[str]) -> int:
    """Run the case; 1 where the native engine misses the goal."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("case", nargs="?", default="attacks")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--only", default=",".join(ATTACKS))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args(argv)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    case = tomllib.loads((_HERE / "cases" / f"{arguments.case}.toml").read_text())
    load, seconds = case["load"], arguments.seconds or case["seconds"]
    made = rows(arguments.only.split(","), load, seconds)
    if arguments.keep:
        kept = {
            "case": arguments.case,
            "goal": case["goal"],
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "load_average": os.getloadavg(),
            "python": platform.python_version(),
            "load": load,
            "rows": made,
        }
        file = _HERE / "results" / f"{arguments.case}.json"
        file.write_text(json.dumps(kept, indent=1) + "\n")
    missed = [
        row
        for row in made
        if row["engine"] == "native"
        and (row["lost"] or (row["p99_ms"] or 1e9) > case["p99_ms"])
    ]
    for row in missed:
        print(f"missed: {row['attack']}: lost {row['lost']}, p99 {row['p99_ms']} ms")
    return int(bool(missed) and arguments.enforce)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
