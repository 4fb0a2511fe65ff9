"""Makes the environments that drivers run in: Python's and Node's.

With a day, the releases are those that there were then.
"""

import json
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

from recording.drivers.contract import Driver, NodeDriver
from recording.node_cases import plain_cases

HERE = Path(__file__).parent
INSTALL_SECONDS = 500
_NAME = re.compile(r"@?[A-Za-z0-9._/-]+")
_AT_LEAST = re.compile(r">=[^,<]*")
_BESIDE = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
_BESIDE_NODE = (
    "@opentelemetry/api",
    "@opentelemetry/api-logs",
    "@opentelemetry/exporter-logs-otlp-proto",
    "@opentelemetry/exporter-trace-otlp-proto",
    "@opentelemetry/instrumentation",
    "@opentelemetry/sdk-logs",
    "@opentelemetry/sdk-trace-node",
)


class Environment(NamedTuple):
    """Installed packages, and the command that makes a driver's calls."""

    versions: dict[str, str]
    command: tuple[str, ...]
    variables: dict[str, str]


def named(package: str) -> str:
    """Return the name in a requirement."""
    found = _NAME.match(package)
    return found[0] if found else package


def python(name: str, driver: Driver, root: Path, day: str) -> Environment:
    """Make a virtual environment with the driver's packages."""
    folder = root / (f"{name}@{day}" if day else name)
    interpreter = folder / "bin" / "python"
    installer = Path(sys.executable).with_name("uv")
    if not interpreter.exists():
        venv.create(folder, symlinks=True)
    options = ["--quiet", "--only-binary=:all:", "--python", str(interpreter)]
    wanted = [*driver.packages, *_BESIDE]
    options += [f"--no-binary={package}" for package in driver.built]
    if day:
        options += ["--exclude-newer", day]
        wanted = [_AT_LEAST.sub("", package) for package in wanted]
    install = [installer, "pip", "install", "--upgrade", *options, *wanted]
    subprocess.run(install, check=True, timeout=INSTALL_SECONDS)
    listing = subprocess.run(
        [installer, "pip", "list", "--format=json", "--python", interpreter],
        check=True,
        capture_output=True,
    ).stdout
    versions = {one["name"]: one["version"] for one in json.loads(listing)}
    command = (str(interpreter), "-m", "recording.run_cases", name)
    return Environment(versions, command, {"PYTHONPATH": str(HERE.parent)})


def node(name: str, driver: NodeDriver, root: Path, day: str) -> Environment:
    """Install the driver's packages into a folder of their own; write its cases."""
    folder = root / (f"{name}@{day}" if day else name)
    shutil.rmtree(folder, ignore_errors=True)  # npm is slow to change what it holds
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}')
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    if day:
        options.append(f"--before={day}")
    wanted = [*driver.packages, *_BESIDE_NODE]
    install = ["npm", "install", *options, *wanted]
    subprocess.run(install, check=True, cwd=folder, timeout=INSTALL_SECONDS)
    held = json.loads((folder / "package-lock.json").read_text())["packages"]
    versions = {
        path.removeprefix("node_modules/"): one["version"]
        for path, one in held.items()
        if path.startswith("node_modules/") and path.count("node_modules/") == 1
    }
    (folder / "cases.json").write_text(json.dumps(plain_cases()))
    script = str(HERE / "node" / "run_cases.mjs")
    command = ("node", script, driver.switch, driver.client)
    return Environment(versions, command, {"PACKAGES": str(folder)})
