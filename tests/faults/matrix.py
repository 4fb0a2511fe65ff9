"""The fault matrix: every kind of fault with its tests, and one table at the end.

`make test-faults` runs the groups one after the other, each with real code and, where
a process can be killed or a server can lie, with real processes and servers.
"""

import re
import subprocess
import sys
import time

from msgspec import Struct

LIMIT_SECONDS = 15 * 60
_COUNTS = re.compile(r"(\d+) (passed|failed|error|skipped)")


class Group(Struct, frozen=True):
    """Tests of one kind of fault."""

    name: str
    what: str
    paths: tuple[str, ...]
    is_spread: bool = True  # over the cores; not where every core is the test's own


GROUPS = (
    Group(
        "kills",
        "processes and writes killed at every step",
        (
            "tests/system/test_replayd_crash.py",
            "tests/system/test_sigkill.py",
            "tests/unit/replayd/evaluation/test_runner.py",
            "tests/unit/replayd/evaluation/test_commit_batches.py",
            "tests/unit/collector/sealing/test_sealer_killed.py",
        ),
    ),
    Group(
        "workers",
        "workers, leader and NATS killed, paused and brought back, on a cluster",
        ("tests/system/test_workers.py", "tests/system/test_workers_faults.py"),
        is_spread=False,
    ),
    Group(
        "endpoints",
        "arms that go away, hang, flap, or answer nonsense",
        (
            "tests/properties/test_outages.py",
            "tests/unit/replayd/evaluation/test_misbehaviour.py",
            "tests/unit/replayd/arms",
            "tests/contracts/test_streams.py",
        ),
    ),
    Group(
        "store",
        "an object store that refuses, loses, cuts and lies",
        ("tests/contracts/test_faulty_stores.py",),
    ),
    Group(
        "replicas",
        "paused leaders, skewed clocks, races for the lead",
        (
            "tests/unit/replayd/ledger",
            "tests/unit/replayd/services",
            "tests/unit/replayd/evaluation/test_pair_faults.py",
        ),
    ),
    Group(
        "budgets",
        "caps through kills, restarts and silence about usage",
        ("tests/properties/test_caps.py", "tests/unit/replayd/budget"),
    ),
    Group(
        "attacks",
        "listeners under floods, bombs, silence and odd heads",
        (
            "tests/contracts/test_receivers_floods.py",
            "tests/contracts/test_receivers_http1.py",
            "tests/unit/collector/net",
        ),
        is_spread=False,
    ),
)


def row(group: Group, arguments: list[str]) -> tuple[str, bool]:
    """Run a group; return its line of the table, and whether all passed."""
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "600"]
    spread = ["-n", "auto", "--dist", "loadgroup"] if group.is_spread else []
    began = time.monotonic()
    found = subprocess.run(
        [*command, *spread, *group.paths, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    last = (found.stdout.strip().splitlines() or [""])[-1]
    counts = {word: int(number) for number, word in _COUNTS.findall(last)}
    bad = counts.get("failed", 0) + counts.get("error", 0)
    is_right = found.returncode == 0 and counts.get("passed", 0) > 0
    if not is_right:
        sys.stdout.write(found.stdout)
    line = f"{group.name:10} {counts.get('passed', 0):>6} {bad:>6} "
    line += f"{counts.get('skipped', 0):>7} {seconds:>7.0f}  {group.what}"
    return line, is_right


def main(arguments: list[str]) -> int:
    """Run all groups; 1 where a test failed or the limit was passed."""
    began = time.monotonic()
    rows = [row(group, arguments) for group in GROUPS]
    seconds = time.monotonic() - began
    head = f"{'fault':10} {'passed':>6} {'failed':>6} {'skipped':>7} {'seconds':>7}"
    lines = [head, *(line for line, _ in rows), f"{seconds:.0f} s in all"]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(not all(is_right for _, is_right in rows) or seconds > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
