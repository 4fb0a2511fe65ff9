"""Programs of the bench that no other test runs: what they import of ours is there."""

import ast
import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[3] / "bench"
OURS = frozenset({"collector", "replayd", "snaptrace"})
sys.path.append(str(BENCH))


def _imports(file):
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        absolute = isinstance(node, ast.ImportFrom) and not node.level
        if absolute and node.module.partition(".")[0] in OURS:
            yield node.module, [name.name for name in node.names]


@pytest.mark.parametrize(
    "file", sorted(BENCH.rglob("*.py")), ids=lambda file: str(file.relative_to(BENCH))
)
def test_what_a_program_imports_of_ours_is_there(file):
    """A figure could not be measured again after a name had moved."""
    missing = []
    for module, names in _imports(file):
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name.partition(".")[0] in OURS:
                raise
            continue  # an extra is not installed
        missing += [
            f"{module}.{name}"
            for name in names
            if not hasattr(found, name) and find_spec(f"{module}.{name}") is None
        ]
    assert missing == []
