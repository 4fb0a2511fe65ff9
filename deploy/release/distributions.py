"""The wheel and the source distribution, built reproducibly and checked."""

import gzip
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from deploy.release.errors import ReleaseError
from deploy.release.tools import run


class Project(NamedTuple):
    """A Python distribution: its folder, and the top-level packages it installs."""

    folder: str
    packages: frozenset[str]
    # Findings of check-wheel-contents that have a reason.
    exceptions: tuple[str, ...] = ()


PROJECTS = (
    # W009 is about several top-level packages: ADR 48 says why there are three.
    Project(".", frozenset({"collector", "replayd", "snaptrace"}), ("W009",)),
    Project("capture/python", frozenset({"snaptrace_capture"})),
)


def commit_time(root: Path) -> str:
    """Time of the newest commit in seconds: the one time that archives may carry.

    See https://reproducible-builds.org/specs/source-date-epoch/.
    """
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError("a release is built from a git checkout")
    return done.stdout.strip()


def _build_once(
    root: Path, project: Project, target: Path, epoch: str
) -> dict[str, bytes]:
    """Build from a clean export of the commit, so that no leftover gets in."""
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "source"
        exported.mkdir()
        archive = Path(folder) / "source.tar"
        subprocess.run(
            ["git", "archive", "-o", str(archive), "HEAD"], cwd=root, check=True
        )
        shutil.unpack_archive(archive, exported, filter="data")
        source = exported / project.folder
        if source != exported:
            shutil.copy(exported / "LICENSE", source)  # each distribution carries it
        environment = {"SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": "0"}
        run(
            *("build", "--no-isolation", "--outdir", str(target), str(source)),
            cwd=source,
            environment=environment,
        )
    for sdist in target.glob("*.tar.gz"):
        _set_times(sdist, int(epoch))
    return {path.name: path.read_bytes() for path in sorted(target.iterdir())}


def _set_times(sdist: Path, epoch: int) -> None:
    """Give every member one time and no owner: setuptools writes the build's own."""
    held = io.BytesIO()
    with (
        tarfile.open(sdist) as old,
        gzip.GzipFile(fileobj=held, mode="wb", filename="", mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda one: one.name):
            entry = tarfile.TarInfo(member.name)
            entry.type, entry.mode, entry.size = member.type, member.mode, member.size
            entry.mtime = epoch
            new.addfile(entry, old.extractfile(member) if member.isfile() else None)
    sdist.write_bytes(held.getvalue())


def claims_only(wheel: Path, packages: frozenset[str]) -> None:
    """Refuse a wheel that installs anything beside its packages."""
    with zipfile.ZipFile(wheel) as archive:
        top = {name.split("/")[0] for name in archive.namelist()}
    unexpected = {name for name in top if not name.endswith(".dist-info")} - packages
    if unexpected:
        raise ReleaseError(f"{wheel.name} would install {sorted(unexpected)}")


def build(root: Path, dist: Path) -> list[Path]:
    """Build each wheel and sdist twice, compare, and check both.

    Checked by twine (metadata, long description) and check-wheel-contents.

    Raises:
        ReleaseError: Two builds differ, or a check fails.
    """
    made = []
    for project in PROJECTS:
        made += _build_project(root, project, dist)
    return made


def _build_project(root: Path, project: Project, dist: Path) -> list[Path]:
    epoch = commit_time(root)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        first = _build_once(root, project, Path(one), epoch)
        second = _build_once(root, project, Path(two), epoch)
    differing = sorted(name for name in first if first[name] != second.get(name))
    if differing:
        raise ReleaseError(f"two builds of one commit differ: {differing}")
    made = []
    for name, content in first.items():
        made.append(dist / name)
        made[-1].write_bytes(content)
    run("twine", "check", "--strict", *map(str, made), cwd=root)
    wheel = next(path for path in made if path.suffix == ".whl")
    ignored = ("--ignore", ",".join(project.exceptions)) if project.exceptions else ()
    run("check_wheel_contents", *ignored, str(wheel), cwd=root)
    claims_only(wheel, project.packages)
    return made
