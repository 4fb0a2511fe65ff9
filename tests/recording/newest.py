"""Records the newest releases and compares them with what the tree knows; adds nothing.

A driver that cannot be installed or takes too long is named and passed over. What was
recorded is kept in a folder, so that a run that was stopped goes on where it was.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from recording import archive

# Of one driver: its packages from an index, then its calls.
BUDGET_SECONDS = 900
_FRESH_SECONDS = 20 * 3600  # older recordings are made anew

Recording = Callable[[str, Path], archive.Folders]
Comparing = Callable[[archive.Folders], int]


def shard(names: Iterable[str], part: str) -> list[str]:
    """Return the names of one part: `2/8` is every eighth, from the second on.

    Drivers of one family stand side by side, so each part has some of each.
    """
    number, _, parts = part.partition("/")
    first, step = int(number), int(parts)
    if not 1 <= first <= step:
        message = f"{part} is no part: take 1/{step} to {step}/{step}"
        raise ValueError(message)
    return list(names)[first - 1 :: step]


def run(
    names: Iterable[str],
    folder: Path,
    environments: Path,
    record: Recording,
    compare: Comparing,
) -> int:
    """Record and compare driver by driver; return the exit code.

    1 if a request that would gate is silently different, or nothing was recorded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wrong = recorded = 0
    for name, kept, told in _recorded(names, folder, environments, record):
        sys.stdout.write(f"== {name}: {told}\n")
        if kept:
            recorded += 1
            wrong += compare(kept)
        sys.stdout.flush()
    sys.stdout.write(f"recorded {recorded} drivers, {wrong} silently different\n")
    return 1 if wrong or not recorded else 0


def _recorded(
    names: Iterable[str], folder: Path, environments: Path, record: Recording
) -> Iterator[tuple[str, archive.Folders, str]]:
    for name in names:
        path = folder / f"{name}.tar.zst"
        if path.exists() and time.time() - path.stat().st_mtime < _FRESH_SECONDS:
            yield name, archive.read(path), "kept from an earlier run"
            continue
        began = time.monotonic()
        try:
            found = record(name, environments)
        except (subprocess.SubprocessError, OSError, LookupError) as error:
            yield name, {}, f"not recorded: {type(error).__name__} {str(error)[-200:]}"
            continue
        finally:
            # A runner's disk holds a few dozen environments, not all of them.
            shutil.rmtree(environments / name, ignore_errors=True)
        archive.write(path, found)
        spent = time.monotonic() - began
        yield name, found, f"{len(found)} cases in {spent:.0f} s"
