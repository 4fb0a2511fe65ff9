"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
CODE = ("snaptrace", "collector", "replayd", "bench", "deploy", "docs", "helm", "tests")
LONGEST = 400  # lines of one file
# MiB each, in both processes of every pod; loaded only where a setting asks for them.
NOT_IN_A_SIDECAR = (
    "numpy",
    "replayd",
    "cyclopts",
    "rich",
    "aiohttp",
    "prometheus_client",
    "obstore",
    "yaml",
    "cryptography",
    "PIL",
    "opentelemetry.sdk",
)


def test_no_file_is_longer_than_a_reader_can_hold():
    """A file that grows on and on hides where things are decided."""
    files = [path for top in CODE for path in (ROOT / top).rglob("*.py")]
    lengths = {str(path): len(path.read_bytes().splitlines()) for path in files}
    assert len(lengths) > 500
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_every_test_says_what_would_be_wrong(path):
    """A test without its line leaves the reader guessing what broke."""
    bare = [
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("collector.app", (*NOT_IN_A_SIDECAR, "snaptrace.demo", "google.protobuf")),
        ("collector.tap.worker", (*NOT_IN_A_SIDECAR, "grpc", "httptools")),
        (
            "collector.sampling.pipeline",
            (*NOT_IN_A_SIDECAR, "grpc", "httptools", "email"),
        ),
        ("snaptrace.cli", ("numpy", "cyclopts", "rich", "grpc", "aiohttp")),
        ("replayd.stats", ("asyncio", "logging", "prometheus_client", "aiohttp")),
    ],
)
def test_a_program_carries_only_what_it_needs(module, banned):
    """A heavy import here costs every pod memory, or lets a clock into arithmetic."""
    listing = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, {module}; print(*sorted(sys.modules), sep='\\n')",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    assert [name for name in banned if name in listing] == []


def test_no_drawers():
    """A module called utils is where things go to be forgotten."""
    drawers = re.compile(r"^_?(utils?|helpers?|managers?|common|base|misc)$")
    found = [
        str(path.relative_to(ROOT))
        for top in ("collector", "replayd", "snaptrace", "bench")
        for path in (ROOT / top).rglob("*.py")
        if any(drawers.match(part.removesuffix(".py")) for part in path.parts)
    ]
    assert found == []


def test_no_file_names_an_index_or_a_machine():
    """A lock file with an index address, or a path of one machine, works there only."""
    pattern = re.compile(
        rb"pypi\.org|pythonhosted|registry\.npmjs|crates\.io|proxy\.golang"
        rb"|/root/|/work/(main|shared)|/home/[a-z]+/"
    )
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.split(b"\0")
    here = Path(__file__).resolve()
    found = [
        name.decode()
        for name in tracked
        if name
        and (path := ROOT / name.decode()).is_file()
        and path.resolve() != here
        and pattern.search(path.read_bytes())
    ]
    assert found == []


def test_docstrings_begin_with_what_a_thing_is_or_does():
    """A first line that is a riddle helps nobody who scans."""
    riddles = [
        f"{path.name}: {line.strip()}"
        for top in ("snaptrace", "collector", "replayd")
        for path in (ROOT / top).rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if re.match(r' *"""(Tell|Let|What|How) ', line)
    ]
    assert riddles == []


def test_no_folder_holds_more_rooms_than_a_reader_scans():
    """A package that grows flat stops telling what flows where."""
    folders = [
        folder
        for top in ("snaptrace", "collector", "replayd")
        for folder in (ROOT / top, *(p for p in (ROOT / top).rglob("*") if p.is_dir()))
    ]
    counts = {str(f): len([*f.glob("*.py")]) - 1 for f in folders}  # but `__init__`
    assert {name: count for name, count in counts.items() if count > 20} == {}
