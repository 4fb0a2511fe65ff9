"""Suite files as commands read them: beside each stands its lock."""

from pathlib import Path

from replayd.offline.suite.file_kinds import FILE_KINDS
from snaptrace.cli.output import CommandError
from snaptrace.suite import document, lock
from snaptrace.suite.errors import SuiteError, SuiteFileError
from snaptrace.suite.lock import Lock
from snaptrace.suite.model import Suite

DEFAULT_FILE = Path("suite.yaml")
SUFFIXES = (".yaml", ".yml")


def is_file(suite: str) -> bool:
    """Return whether a suite is named by its file."""
    return suite.endswith(SUFFIXES)


def lock_path(file: str | Path) -> Path:
    """Return where a suite file's lock is."""
    return Path(file).with_suffix(".lock")


def read_text(file: str | Path) -> bytes:
    """Return a file's bytes.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}", 2) from None


def read_suite(file: str | Path) -> Suite:
    """Read a suite file.

    Raises:
        CommandError: every mistake in it, with line and column.
    """
    try:
        return document.parse(read_text(file), FILE_KINDS)
    except SuiteFileError as error:
        lines = [f"{file}: {problem}" for problem in error.problems]
        raise CommandError("\n".join(lines), 2) from None


def read_lock(file: str | Path) -> Lock:
    """Read the lock beside a suite file.

    Raises:
        CommandError: there is none, or it cannot be used.
    """
    path = lock_path(file)
    if not path.is_file():
        raise CommandError(f"{path} is missing: run `snaptrace suite lock {file}`", 2)
    try:
        return lock.unpack(read_text(path))
    except SuiteError as error:
        raise CommandError(f"{path}: {error}", 2) from None
