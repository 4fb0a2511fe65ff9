"""Dry run of a release: `make release-dry-run`.

Builds everything a release publishes into `dist/`, checks each part with the tool that
its readers use, and prints a table of names, sizes and digests. Publishes nothing.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.release import (
    changelog,
    chart,
    distributions,
    image,
    licences,
    node,
    sbom,
    versions,
)
from deploy.release.errors import ReleaseError
from snaptrace import VERSION

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
STEPS: tuple[tuple[str, Callable[[Path, Path], list[Path]]], ...] = (
    ("one version everywhere", versions.check),
    ("wheels and sdists, twice the same bytes", distributions.build),
    ("capture package for Node", node.pack),
    ("chart, linted and packaged", chart.package),
    ("list of parts (SPDX)", sbom.write),
    ("licences of what the image holds", licences.write),
    ("image context", image.pack_context),
    ("changelog from its fragments", changelog.render),
)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: list[str]) -> int:
    """Run every step; 0 if all of them hold, 1 at the first that does not.

    `arguments` may hold the tag of the release, which must then name the version.
    """
    console = Console(width=132)  # a digest stands on one line, in logs too
    if arguments and arguments[0] != f"v{VERSION}":
        console.print(f"the tag is {arguments[0]}, the version {VERSION}", markup=False)
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    table = Table(title="A release would publish", title_justify="left", box=None)
    table.add_column("file")
    table.add_column("bytes", justify="right")
    table.add_column("sha256", overflow="fold")
    for title, step in STEPS:
        console.print(f"{title} ...", end=" ")
        try:
            made = step(ROOT, DIST)
        except ReleaseError as error:
            console.print("[red]failed[/]")
            console.print(str(error), markup=False, highlight=False)
            return 1
        console.print("[green]ok[/]")
        for path in made:
            table.add_row(path.name, f"{path.stat().st_size:,}", _digest(path))
    console.print(table)
    console.print("Nothing was published.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
