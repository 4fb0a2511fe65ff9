"""`ending.end`: the exit code is the program's, and nothing of its output is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import atexit, sys, threading, time
from snaptrace.runtime.ending import end
atexit.register(sys.stdout.write, " at exit")
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
sys.stdout.write("said")
end(3)
"""


def test_what_was_said_is_written_and_the_code_kept():
    """A gate's answer would be lost, or its exit code would be another."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "said at exit", "")


@pytest.mark.parametrize(("code", "ends_with"), [(0, 1), (3, 3)])
def test_output_that_cannot_be_written_is_a_failure(code, ends_with):
    """A report on a full disk would count as written."""
    program = PROGRAM.replace("end(3)", f"end({code})")
    # Buffered, as where nobody asked for anything else: written at the end.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, env=env, check=False
        )
    assert done.returncode == ends_with
