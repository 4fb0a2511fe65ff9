"""OpenTelemetry's packages for Node, installed once from the committed lock file."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "node"
_INSTALL_SECONDS = 120


def installed(config):
    """Return the folder with `node_modules`, in pytest's cache; skip where it fails."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    lock = (HERE / "package-lock.json").read_bytes()
    name = f"node-exporters-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder = config.cache.mkdir(name)
    if (folder / "complete").exists():
        return folder
    for file in ("package.json", "package-lock.json"):
        shutil.copy(HERE / file, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=_INSTALL_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm ci could not install the exporters: {type(error).__name__}")
    (folder / "complete").touch()
    return folder
