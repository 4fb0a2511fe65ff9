"""Environment of our own child processes: what Python and its libraries need."""

from collections.abc import Mapping

_KEPT = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV"})
_KEPT_PREFIXES = ("PYTHON", "LC_", "LD_", "MALLOC_", "COV_", "COVERAGE_")


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without credentials, whatever they are called.

    For a child that opens no connection: keys of arms and stores stay with the parent.
    """
    return {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
