"""The wheel and the source distribution, built reproducibly and checked."""

import gzip
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

from deploy.release.errors import ReleaseError
from deploy.release.tools import run

# The top-level folders that the wheel installs, and nothing beside them (ADR 48).
PACKAGES = {"collector", "replayd", "snaptrace"}


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


def _build_once(root: Path, target: Path, epoch: str) -> dict[str, bytes]:
    """Build from a clean export of the commit, so that no leftover gets in."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        archive = Path(folder) / "source.tar"
        subprocess.run(
            ["git", "archive", "-o", str(archive), "HEAD"], cwd=root, check=True
        )
        shutil.unpack_archive(archive, source, filter="data")
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


def claims_only_its_packages(wheel: Path) -> None:
    """Refuse a wheel that installs anything beside the three packages."""
    with zipfile.ZipFile(wheel) as archive:
        top = {name.split("/")[0] for name in archive.namelist()}
    unexpected = {name for name in top if not name.endswith(".dist-info")} - PACKAGES
    if unexpected:
        raise ReleaseError(f"{wheel.name} would install {sorted(unexpected)}")


def build(root: Path, dist: Path) -> list[Path]:
    """Build the wheel and the sdist twice, compare, and check both.

    Checked by twine (metadata, long description) and check-wheel-contents.

    Raises:
        ReleaseError: Two builds differ, or a check fails.
    """
    epoch = commit_time(root)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        first = _build_once(root, Path(one), epoch)
        second = _build_once(root, Path(two), epoch)
    differing = sorted(name for name in first if first[name] != second.get(name))
    if differing:
        raise ReleaseError(f"two builds of one commit differ: {differing}")
    made = []
    for name, content in first.items():
        made.append(dist / name)
        made[-1].write_bytes(content)
    run("twine", "check", "--strict", *map(str, made), cwd=root)
    wheel = next(path for path in made if path.suffix == ".whl")
    # W009 is about several top-level packages: ADR 48 says why there are three.
    run("check_wheel_contents", "--ignore", "W009", str(wheel), cwd=root)
    claims_only_its_packages(wheel)
    return made
