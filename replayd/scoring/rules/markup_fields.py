"""Data in other formats: YAML, CSV, diagrams, command lines. The same content?"""

import re
import tomllib
from operator import ne
from typing import Final, cast
from xml.etree import ElementTree as ET

import yaml

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.code_tokens import code_tokens
from replayd.scoring.extract.structure.body import body_of
from replayd.scoring.extract.structure.cells import Grid
from replayd.scoring.extract.structure.code_blocks import code_of
from replayd.scoring.extract.structure.diagrams import flowchart
from replayd.scoring.extract.structure.documents import difference
from replayd.scoring.rules.checkable.cell_values import cell_errors
from replayd.scoring.usability import unusable, usable, valued
from snaptrace.snapshot.model import Json

LONGEST_YAML = 8_000  # characters
LONGEST_READ = 20_000  # characters of lines
_ANCHOR = re.compile(r"(?:^|\s)[&*]\w")  # may unfold without end
_COUNT_FLAG = re.compile(r"(?<=\s)-n\s+(?=\d)")
_FLAGS = re.compile(r"(?<=\s-)[a-z]{2,3}(?=\s|\Z)", re.IGNORECASE)  # in any order
_RECIPE = re.compile(r"^FROM \S+(?: AS \w+)?\s*\n", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_PLAIN_FILES = re.compile(r"(?<=\s)-type f\s+")  # what `find -name` mostly means
_HEAD_CARET = re.compile(r"\bHEAD\^(?!\d)|\bHEAD~(?!\d)")
_SLASHED = re.compile(r"\A/(?P<inner>\^.*\$)/[a-z]{0,4}\Z")  # a regular expression
_ARROW: Final = re.compile(r"\s*(-->|->|=>|---)\s*")

# Classes of an expression that have a short form.
_CLASSES: Final = (
    ("[0-9]", r"\d"),
    ("[A-Za-z0-9_]", r"\w"),
    ("[a-zA-Z0-9_]", r"\w"),
    ("(?:", "("),
)


class MarkupFields:
    """Errors: leaves, cells or lines that differ; layout and order of keys do not."""

    name = "markup_fields"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording is data or a command line."""
        return bool(code_of(case.recorded.body).text.strip())

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or at most .5 and less the more differs."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted, got = code_of(case.recorded.body).text, _code_given(said.body)
        if chart := flowchart(wanted):
            drawn = flowchart(got)
            other_arrows = max(len(chart - drawn), len(drawn - chart))
            return valued(min(other_arrows, len(chart)), len(chart), "arrows")
        grid, other = Grid.of(wanted), Grid.of(body_of(got))
        if grid.is_table:
            other_cells = cell_errors(grid.cells, other.cells)
            return valued(min(other_cells, len(grid.cells)), len(grid.cells), "cells")
        one, two = _xml(wanted), _xml(got)
        if one is None or two is None:
            one, two = _toml(wanted), _toml(got)
        if one is None or two is None:
            one, two = _yaml(wanted), _yaml(got)
        if one is not None and two is not None:
            found = difference(one, two)
            return valued(min(found.wrong, found.asked), found.asked, "fields")
        if _is_recipe(wanted) and sorted(_steps(wanted)) == sorted(_steps(got)):
            moved = sum(map(ne, _steps(wanted), _steps(got)))
            return valued(min(moved, 2), len(_steps(wanted)), "lines in order")
        lines, given = _lines(wanted), _lines(got)
        wrong = max(len(lines - given), len(given - lines))
        return Score(
            usable(wrong, len(lines)), f"{wrong} lines differ" if wrong else ""
        )


def _code_given(body: str) -> str:
    """Return the code of an answer; in a sentence, what stands between backticks."""
    found = code_of(body).text
    spans = _SPAN.findall(body) if "```" not in body else []
    return max(spans, key=len) if spans and found.strip() == body.strip() else found


def _one_command(line: str) -> str:
    line = _SLASHED.sub(r"\g<inner>", line)
    line = _HEAD_CARET.sub("HEAD~1", _PLAIN_FILES.sub("", line))
    for spelt, short in _CLASSES:
        line = line.replace(spelt, short)
    return line


def _xml(text: str) -> Json:
    """Return the elements of a small document without declarations; None otherwise."""
    if len(text) > LONGEST_YAML or "<!" in text or not text.lstrip().startswith("<"):
        return None
    try:
        return _element(ET.fromstring(text.strip()))  # noqa: S314 - no entities
    except (ET.ParseError, RecursionError):
        return None


def _element(element: ET.Element) -> Json:
    inner: list[Json] = [_element(child) for child in element]
    attributes: dict[str, Json] = dict(element.attrib)
    text = " ".join((element.text or "").split())
    return {element.tag: {"attributes": attributes, "text": text, "inner": inner}}


def _toml(text: str) -> Json:
    """Return the tables of a document in TOML; None for anything else."""
    if len(text) > LONGEST_YAML or "=" not in text:
        return None
    try:
        return _as_json(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return None


def _is_recipe(text: str) -> bool:
    """Whether lines are steps that build on each other."""
    return bool(_RECIPE.search(text))


def _steps(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _yaml(text: str) -> Json:
    """Return a mapping or a list that `text` is; None for anything else."""
    if len(text) > LONGEST_YAML or _ANCHOR.search(text) or ":" not in text:
        return None
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return _as_json(value) if isinstance(value, dict | list) else None


def _as_json(value: object) -> Json:
    """Return what YAML reads with keys of any type (`on:` is true) and dates as JSON."""
    if isinstance(value, dict):
        return {str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    plain = value is None or isinstance(value, bool | int | float | str)
    return cast("Json", value if plain else str(value))


def _lines(text: str) -> frozenset[tuple[str, ...]]:
    """Return lines as tokens; a chain of arrows is one line an arrow."""
    found: set[tuple[str, ...]] = set()
    for line in text[:LONGEST_READ].splitlines():
        plain = _COUNT_FLAG.sub("-", line.strip().lstrip("$ "))
        plain = _FLAGS.sub(lambda m: "".join(sorted(m[0])), plain)
        parts = _ARROW.split(plain)
        if len(parts) > 3:
            steps = [" ".join(parts[i : i + 3]) for i in range(0, len(parts) - 2, 2)]
        else:
            steps = [" ".join(parts)]
        found.update(
            tuple(code_tokens(_one_command(step), sql=True))
            for step in steps
            if step.strip()
        )
    return frozenset(found)
