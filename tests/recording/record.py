"""Records published libraries against stand-in providers.

`PYTHONPATH=tests:. python -m recording.record VARIANT...` makes the environment of each
driver of `drivers/`, runs its cases and adds them to the golden recordings. With
`--newest` nothing is added: the newest releases are recorded, measured with the
evidence of the tree, and what changed is printed; the exit code is 1 if a request that
would gate is silently different.

To add an instrumentation: a file in `drivers/` like the others.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from pathlib import Path
from types import ModuleType

from measure.recordings import GOLDEN, Case, from_archive
from measure.table import believed, measure, table
from recording import archive
from recording.calls import CASES
from recording.carried import coverage
from recording.stand_in import StandIn

HERE = Path(__file__).parent
OWN = GOLDEN / "recordings-own.tar.zst"
_BESIDE = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
_CASE_SECONDS = 120


def drivers() -> list[str]:
    """Return the names of all drivers."""
    return sorted(path.stem for path in (HERE / "drivers").glob("[a-z]*.py"))


def environment(name: str, driver: ModuleType, root: Path) -> Path:
    """Make a virtual environment with the driver's packages; return its python."""
    folder = root / name
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--upgrade"]
    options = ["--disable-pip-version-check", "--only-binary=:all:"]
    wanted = [*driver.PACKAGES, *_BESIDE]
    subprocess.run([*install, *options, *wanted], check=True, env=_plain())
    return python


def _plain() -> dict[str, str]:
    """Return an environment that knows nothing of this tree."""
    return {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}


def versions(python: Path) -> dict[str, str]:
    """Return what is installed there."""
    listing = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"],
        check=True,
        capture_output=True,
        env=_plain(),
    ).stdout
    return {one["name"]: one["version"] for one in json.loads(listing)}


def record(name: str, root: Path) -> archive.Folders:
    """Record all cases of a driver; the variant carries the library's version."""
    driver = importlib.import_module(f"recording.drivers.{name}")
    python = environment(name, driver, root)
    packages = versions(python)
    variant = f"{name.replace('_', '-')}-{packages[driver.PACKAGES[-1]]}"
    folders: archive.Folders = {}
    with StandIn() as server:
        for case in CASES[driver.CLIENT]:
            server.forget()
            _run(python, driver, name, case, server)
            folders[variant, case] = _files(server, variant, case, packages)
    return folders


def _run(
    python: Path, driver: ModuleType, name: str, case: str, server: StandIn
) -> None:
    variables = {
        **_plain(),
        **driver.ENVIRONMENT,
        "PYTHONPATH": str(HERE),
        "STAND_IN": server.url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
        "OTEL_SERVICE_NAME": "assistant",
    }
    subprocess.run(
        [python, HERE / "run_case.py", name, case],
        env=variables,
        check=True,
        timeout=_CASE_SECONDS,
    )


def _files(
    server: StandIn, variant: str, case: str, packages: dict[str, str]
) -> dict[str, bytes]:
    files = {}
    for index, request in enumerate(server.requests):
        number = "" if index == 0 else f"-{index:03}"
        files[f"request{number}.json"] = _json(request)
        files[f"response{number}.json"] = _json(server.responses[index])
    for index, (signal, data) in enumerate(server.exports):
        files[f"{signal}-{index:03}.binpb"] = nameless(data)
    bodies = [request["body"] for request in server.requests]
    found = coverage(bodies[0] if len(bodies) == 1 else bodies, server.exports)
    files["coverage.json"] = _json(found)
    meta = {"instrumentation": variant, "case": case, "packages": packages}
    files["meta.json"] = _json(meta)
    return files


def nameless(data: bytes, *paths: str) -> bytes:
    """Return an export without paths of this machine, of the same length.

    Stack traces have them; protobuf counts bytes.
    """
    for path in paths or (str(HERE.parents[1]), sys.base_prefix, str(Path.home())):
        name = path.encode()
        data = data.replace(name, (b"/recorder" + b"_" * len(name))[: len(name)])
    return data


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()


def cases_of(folders: archive.Folders) -> list[Case]:
    """Return recordings as the measure reads them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.tar.zst"
        archive.write(path, folders)
        return list(from_archive(path))


def add(folders: archive.Folders, path: Path = OWN) -> None:
    """Put recordings into the golden ones; those of the same variant are replaced."""
    variants = {variant for variant, _ in folders}
    held = {k: v for k, v in archive.read(path).items() if k[0] not in variants}
    archive.write(path, {**held, **folders})


def compare(folders: archive.Folders) -> int:
    """Print what the newest releases come to; return how many gate and are wrong."""
    cases = cases_of(folders)
    rated, read = measure(cases), measure(cases, believed)
    sys.stdout.write(table(read) + "\n")
    why: Counter[str] = Counter()
    wrong = 0
    for line in rated:
        wrong += line.outcome == "silent"
        if line.outcome in ("silent", "missed", "double"):
            sys.stdout.write(
                f"{line.outcome} {line.case.variant}/{line.case.name} "
                f"{line.verdict and line.verdict.undeclared}\n"
            )
        if line.call is not None and line.outcome == "unverified":
            fidelity = line.call.snapshot.fidelity
            why.update(f"{line.case.variant}: {r}" for r in fidelity.reasons)
    for reason, count in sorted(why.items()):
        sys.stdout.write(f"unverified {count} {reason}\n")
    return wrong


def main() -> int:
    """Record, or compare with the newest releases."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("variants", nargs="*", choices=[*drivers(), []])
    parser.add_argument("--newest", action="store_true")
    parser.add_argument("--environments", type=Path, default=Path(".venv/recording"))
    given = parser.parse_args()
    folders: archive.Folders = {}
    for name in given.variants or drivers():
        folders |= record(name, given.environments.resolve())
    wrong = compare(folders)
    if given.newest:
        return 1 if wrong else 0
    add(folders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
