"""Fifty collectors and two replicas of replayd on one store, killed and paused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(580)]
BENCH = Path(__file__).parents[2] / "bench" / "fleet.py"


def test_fifty_collectors_under_kills_and_pauses(tmp_path):
    """The totals of a fleet would be wrong after a bad day, or a case paid twice."""
    command = [sys.executable, BENCH, "--collectors", "50", "--seconds", "40"]
    run = subprocess.run(
        [*command, "--folder", tmp_path / "fleet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)
    assert found["collectors"] == 50
    assert found["kills"] > 0
    assert found["pauses"] > 0
    assert found["replayd_kills"] + found["replayd_pauses"] > 0
