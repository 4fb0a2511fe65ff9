"""What the documentation tells operators to look for exists in the code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = ("collector", "replayd", "snaptrace")

_LOGGED = re.compile(r'log\.(?:debug|info|warning|error|exception)\(\s*"([^"]+)"')
# A message is quoted in backticks right after words that announce one.
_QUOTED = re.compile(r"(?:log line|shows as|logs) `([^`]+)`", re.IGNORECASE)
_MODULE = re.compile(r"`((?:collector|replayd|snaptrace)/[\w/]+(?:\.py)?)`")


def _sources():
    return [p for program in PROGRAMS for p in (ROOT / program).rglob("*.py")]


def _documents():
    return [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *ROOT.glob("docs/*.md")]


def test_log_lines_quoted_in_docs_exist():
    """Somebody on call would search the log for a line that is never written."""
    logged = {m for p in _sources() for m in _LOGGED.findall(p.read_text("utf-8"))}
    quoted = {m for p in _documents() for m in _QUOTED.findall(p.read_text("utf-8"))}
    assert len(logged) > 20
    assert quoted
    assert quoted <= logged


@pytest.mark.parametrize("document", _documents(), ids=lambda path: path.name)
def test_modules_named_in_docs_exist(document):
    """A reader would look for code in a place that is gone."""
    named = _MODULE.findall(document.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_setting_is_explained():
    """An operator would have to read the code to learn what a key does."""
    page = (ROOT / "docs/config.md").read_text("utf-8")
    rows = [
        re.split(r"(?<!\\)\|", line)[1:-1]
        for line in page.splitlines()
        if "| `" in line
    ]
    assert len(rows) > 200
    assert [
        row[0] for row in rows if len(row) != 4 or not all(map(str.strip, row))
    ] == []
    # Nor read JSON: a default is written as in the file.
    assert [row for row in rows if re.search(r"[\"{}]", row[2])] == []


def test_the_glossary_stays_small_and_sorted():
    """A reader would learn a language before reading the code."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Glossary")[2]
    terms = [line.split("|")[1].strip() for line in page.splitlines() if "| " in line]
    terms = [term for term in terms if term != "Term"]
    assert 20 < len(terms) <= 40
    assert [t.split(" (")[0] for t in terms] == sorted(t.split(" (")[0] for t in terms)


def test_decisions_have_numbers_and_links_of_their_own():
    """A reference would lead to the wrong decision, or to none."""
    records = sorted((ROOT / "docs/adr").glob("0*.md"))
    numbers = [int(path.name[:4]) for path in records]
    assert len(set(numbers)) == len(numbers)
    for path, number in zip(records, numbers, strict=True):
        text = path.read_text("utf-8")
        assert text.startswith(f"# {number}. "), path.name
        linked = re.findall(r"\]\((0\d{3}-[\w-]+\.md)\)", text)
        assert [name for name in linked if not (path.parent / name).exists()] == []
    named = {
        name
        for page in [*_sources(), *_documents()]
        for name in re.findall(r"adr/(0\d{3}-[\w-]+\.md)", page.read_text("utf-8"))
    }
    assert named
    assert named <= {path.name for path in records}
