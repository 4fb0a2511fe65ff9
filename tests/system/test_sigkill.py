"""Real processes, killed with SIGKILL before and after each change of the disk."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    ("scenario", "least_steps"),
    [
        ("sealing", 60),
        ("sealing-encrypted", 60),
        ("erasing", 30),
        ("retaining", 8),
    ],
)
def test_killed_at_every_step_nothing_is_torn_or_lost(scenario, least_steps, tmp_path):
    """A crash would lose admitted calls, show half an object, or keep a person."""
    done = subprocess.run(
        [sys.executable, "-m", "fakes.sigkilled", scenario, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        check=False,
        timeout=540,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout)["steps"] >= least_steps
