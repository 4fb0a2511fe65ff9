"""Records published libraries against stand-in providers.

`PYTHONPATH=tests:. python -m recording.record VARIANT...` makes the environment of each
driver of `drivers/`, runs its cases and adds them to the golden recordings; with
`VARIANT@2025-06-01`, the environment of that day. With `--newest` nothing is added: the
newest releases are recorded, measured with the evidence of the tree, and what changed
is printed (`newest`); `--shard 2/8` takes the second of eight parts of all drivers.

To add an instrumentation: a row in a file of `drivers/`; for a client, a file of
`clients/`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from measure.recordings import GOLDEN, Case, from_archive
from measure.table import believed, measure, table
from recording import archive, environments, newest
from recording.carried import coverage
from recording.drivers import DRIVERS, NODE_DRIVERS
from recording.drivers.contract import Driver, NodeDriver
from recording.environments import Environment
from recording.stand_in import Kept, StandIn

HERE = Path(__file__).parent
OWN = GOLDEN / "recordings-own.tar.zst"
_DRIVER_SECONDS = newest.BUDGET_SECONDS - environments.INSTALL_SECONDS
_QUIET = {
    "DO_NOT_TRACK": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "true",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "false",
    "TRACELOOP_TELEMETRY": "false",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "*",
    "OPENAI_API_KEY": "none",
    "PYTHONWARNINGS": "ignore",
}
# Packages named in a recording: those that shape what is exported.
_FAMILIES = (
    "@ai-sdk",
    "@langchain",
    "lang",
    "llama-index",
    "openinference",
    "opentelemetry",
)
_EVERY = (*DRIVERS.values(), *NODE_DRIVERS.values())
_TOLD = frozenset(
    environments.named(package) for driver in _EVERY for package in driver.packages
)


def _plain() -> dict[str, str]:
    """Return an environment that knows nothing of this tree."""
    return {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}


def record(given: str, root: Path) -> archive.Folders:
    """Record all cases of a driver; the variant carries the library's version."""
    name, _, day = given.partition("@")
    if name in DRIVERS:
        driver: Driver | NodeDriver = DRIVERS[name]
        made = environments.python(name, DRIVERS[name], root, day)
    else:
        driver = NODE_DRIVERS[name]
        made = environments.node(name, NODE_DRIVERS[name], root, day)
    version = made.versions[environments.named(driver.packages[-1])]
    variant = f"{name.replace('_', '-')}-{version}"
    with StandIn() as server, tempfile.TemporaryDirectory() as folder:
        _run(made, driver, server, Path(folder))
        return {
            (variant, case): _files(kept, variant, case, made.versions, str(root))
            for case, kept in server.cases.items()
            if kept.requests
        }


def _run(
    made: Environment, driver: Driver | NodeDriver, server: StandIn, folder: Path
) -> None:
    variables = {
        **_plain(),
        **_QUIET,
        "STAND_IN": server.url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_SERVICE_NAME": "assistant",
        "HOME": str(folder),
        **driver.environment,
        **made.variables,
    }
    subprocess.run(
        made.command,
        env=variables,
        cwd=folder,
        check=False,  # what was recorded before it failed counts
        timeout=_DRIVER_SECONDS,
    )


def _files(
    kept: Kept, variant: str, case: str, packages: dict[str, str], root: str
) -> dict[str, bytes]:
    files = {}
    for index, request in enumerate(kept.requests):
        number = "" if index == 0 else f"-{index:03}"
        files[f"request{number}.json"] = _json(request)
        files[f"response{number}.json"] = _json(kept.responses[index])
    for index, (signal, data) in enumerate(kept.exports):
        files[f"{signal}-{index:03}.binpb"] = nameless(data, root)
    bodies = [request["body"] for request in kept.requests]
    found = coverage(bodies[0] if len(bodies) == 1 else bodies, kept.exports)
    files["coverage.json"] = _json(found)
    told = {n: v for n, v in packages.items() if n in _TOLD or n.startswith(_FAMILIES)}
    meta = {"instrumentation": variant, "case": case, "packages": told}
    files["meta.json"] = _json(meta)
    return files


def nameless(data: bytes, *paths: str) -> bytes:
    """Return an export without paths of this machine, of the same length.

    Stack traces have them; protobuf counts bytes.
    """
    for path in (*paths, str(HERE.parents[1]), sys.base_prefix, str(Path.home())):
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


def _known(given: str) -> str:
    known = (*DRIVERS, *NODE_DRIVERS)
    if given.partition("@")[0] not in known:
        names = ", ".join(known)
        raise argparse.ArgumentTypeError(f"{given} is none of: {names}")
    return given


def main() -> int:
    """Record, or compare with the newest releases."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("variants", nargs="*", type=_known, metavar="VARIANT[@DAY]")
    parser.add_argument("--newest", action="store_true")
    parser.add_argument("--shard", default="1/1", metavar="PART/PARTS")
    parser.add_argument("--environments", type=Path, default=Path(".venv/recording"))
    given = parser.parse_args()
    root = given.environments.resolve()
    names = newest.shard(given.variants or (*DRIVERS, *NODE_DRIVERS), given.shard)
    if given.newest:
        return newest.run(names, root / "newest", root / "made", record, compare)
    folders: archive.Folders = {}
    for name in names:
        folders |= record(name, root)
    compare(folders)
    add(folders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
