"""Build context of the image: the committed files that the Dockerfile may read."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

from deploy.release.errors import ReleaseError

# The whitelist of .dockerignore; a test compares the two.
CONTEXT = (
    "Dockerfile",
    "requirements/build.txt",
    "requirements/workers.txt",
    "requirements/trim",
    "pyproject.toml",
    "LICENSE",
    "README.md",
    "snaptrace",
    "collector",
    "replayd",
)


def pack_context(root: Path, dist: Path) -> list[Path]:
    """Pack the committed files of the build context, byte for byte the same each time.

    Raises:
        ReleaseError: The working tree differs from the commit within the context.
    """
    dirty = subprocess.run(
        ["git", "status", "--porcelain", "--", *CONTEXT],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if dirty:
        raise ReleaseError(f"not committed:\n{dirty.rstrip()}")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *CONTEXT],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    target = dist / "image-context.tar.gz"
    with (
        gzip.GzipFile(target, "wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in sorted(filter(None, listed.split("\0"))):
            content = (root / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755 if (root / name).stat().st_mode & 0o100 else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return [target]
