"""The capture package for Node, packed by npm."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.release.errors import ReleaseError

PACKAGE = "capture/node"


def pack(root: Path, dist: Path) -> list[Path]:
    """Pack the package twice, compare, and check that nothing is left out.

    npm gives every file one time, so that the bytes depend on the commit alone.

    Raises:
        ReleaseError: npm is missing or refuses, two archives differ, or a file that
            `package.json` names is not in them.
    """
    if shutil.which("npm") is None:
        raise ReleaseError("npm packs the capture package for Node: install Node.js")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        first, listed = _pack_once(root, Path(one))
        second, _ = _pack_once(root, Path(two))
        if first.read_bytes() != second.read_bytes():
            raise ReleaseError("two archives of one commit differ: " + first.name)
        missing = _expected(root) - listed
        if missing:
            raise ReleaseError(f"{first.name} lacks {sorted(missing)}")
        return [Path(shutil.copy(first, dist))]


def _expected(root: Path) -> set[str]:
    package = json.loads((root / PACKAGE / "package.json").read_text(encoding="utf-8"))
    named = {name for name in package["files"] if (root / PACKAGE / name).is_file()} | {
        "package.json",
        "README.md",
        "LICENSE",
    }
    return named | {
        path.relative_to(root / PACKAGE).as_posix()
        for path in (root / PACKAGE / "lib").rglob("*.js")
    }


def _pack_once(root: Path, folder: Path) -> tuple[Path, set[str]]:
    source = folder / "source"
    archive = folder / "source.tar"
    subprocess.run(
        ["git", "archive", "-o", str(archive), "HEAD", PACKAGE, "LICENSE"],
        cwd=root,
        check=True,
    )
    shutil.unpack_archive(archive, source, filter="data")
    shutil.copy(source / "LICENSE", source / PACKAGE)
    done = subprocess.run(
        ["npm", "pack", "--json", "--offline", "--pack-destination", str(folder)],
        cwd=source / PACKAGE,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"npm pack:\n{done.stderr.strip()}")
    said = json.loads(done.stdout)
    # A list in npm 10, a mapping by name since.
    (packed,) = said if isinstance(said, list) else said.values()
    return folder / packed["filename"], {one["path"] for one in packed["files"]}
