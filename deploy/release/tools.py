"""Runs the tools that check a release."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.release.errors import ReleaseError


def run(*command: str, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """Run a tool of this environment (`python -m …`) and return what it printed.

    Raises:
        ReleaseError: The tool ended with another code than 0; its output is the text.
    """
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"{' '.join(command)}:\n{done.stdout.strip()}")
    return done.stdout
