"""Solutions that are no single value: inequalities, intervals and matrices."""

import json
import math
import re
from typing import Final, NamedTuple

from replayd.scoring.extract.expressions import values_of

LONGEST_READ = 400  # characters
MOST_ENTRIES = 100

_OPERATORS: Final = (
    (re.compile(r"\\leq?\b|≤|⩽|=<"), "<="),
    (re.compile(r"\\geq?\b|≥|⩾|=>"), ">="),
    (re.compile(r"\\lt\b"), "<"),
    (re.compile(r"\\gt\b"), ">"),
)
_SIDE = r"[^<>=]{1,40}?"
_CHAIN = re.compile(
    rf"(?P<low>{_SIDE})\s*(?P<one><=?)\s*(?P<name>[a-z])\s*(?P<two><=?)\s*(?P<high>{_SIDE})\Z"
)
_SINGLE = re.compile(
    rf"(?:(?P<name>[a-z])\s*(?P<op>[<>]=?)\s*(?P<value>{_SIDE})|(?P<left>{_SIDE})\s*(?P<turned>[<>]=?)\s*(?P<last>[a-z]))\Z"
)
_INTERVAL = re.compile(
    r"(?:[a-z]\s*(?:∈|\\in|in)\s*)?(?P<open>[(\[\]])\s*(?P<low>[^,;()\[\]]{1,30})\s*[,;]\s*(?P<high>[^,;()\[\]]{1,30})\s*(?P<close>[)\]\[])\Z"
)
_INFINITE = re.compile(r"\\infty|∞|infinity|inf\b", re.IGNORECASE)
_MATRIX = re.compile(
    r"\\begin\{[pbv]?(?:small)?(?:matrix|array)\}(?:\{[clr]+\})?(?P<rows>.+?)\\end\{",
    re.DOTALL,
)
_ROW = re.compile(r"[\[(|]\s*(?P<row>-?\d[\d\s,./-]*)[\])|]")


_BOTH = re.compile(r"\s*(?:,?\s(?:and|und|et|y|e|en|och|i|и)\s|∧|\\land)\s*(?=[^\s])")
_NAMED_ROW = re.compile(
    r"(?:row|zeile|ligne|fila|riga)\s*\d\s*[:=]\s*(?P<row>-?\d[\d\s,./-]*)",
    re.IGNORECASE,
)


_DELIMITERS = re.compile(r"\\[()\[\]]|\\(?:left|right)\b|\$")
_UNION = re.compile(
    r"\s*(?:∪|\\cup\b|∨|\\lor\b|\b(?:or|oder|ou|o|of|eller|lub|или)\b)\s*"
)
_BARS = re.compile(
    r"\A\s*\|(?P<name>[a-z])\|\s*(?P<op>[<>]=?)\s*(?P<value>[^<>=|]{1,20})\Z"
)
_VECTOR = re.compile(r"[(\[⟨<]\s*(?P<entries>[^()\[\]⟨⟩<>]{1,120})\s*[)\]⟩>]\Z")


class Interval(NamedTuple):
    """The numbers between two bounds."""

    low: float
    low_closed: bool
    high: float
    high_closed: bool


def interval_of(text: str) -> Interval | None:
    """Return the interval that an inequality or an interval states."""
    text = _DELIMITERS.sub("", text).strip().strip("$ .`*")[:LONGEST_READ]
    for pattern, plain in _OPERATORS:
        text = pattern.sub(plain, text)
    text = text.strip()
    if len(both := _BOTH.split(text)) == 2:
        return _common(interval_of(both[0]), interval_of(both[1]))
    if match := _CHAIN.match(text):
        low, high = _bound(match["low"]), _bound(match["high"])
        if low is None or high is None:
            return None
        return Interval(low, match["one"] == "<=", high, match["two"] == "<=")
    if match := _SINGLE.match(text):
        return _of_single(match)
    if match := _INTERVAL.match(text):
        low, high = _bound(match["low"]), _bound(match["high"])
        if low is None or high is None or low > high:
            return None
        return Interval(low, match["open"] == "[", high, match["close"] == "]")
    return None


def ranges_of(text: str) -> frozenset[Interval] | None:
    """Return the intervals whose union a text states."""
    text = _DELIMITERS.sub("", text).strip().strip("$ .`*")[:LONGEST_READ]
    for pattern, plain in _OPERATORS:
        text = pattern.sub(plain, text)
    if bars := _BARS.match(text):
        name, op, value = bars["name"], bars["op"], bars["value"].strip()
        if op.startswith("<"):
            text = f"-{value} {op} {name} {op} {value}"
        else:
            text = f"{name} {op} {value} or {name} {op.replace('>', '<')} -{value}"
    parts = [interval_of(part) for part in _UNION.split(text)]
    found = frozenset(part for part in parts if part is not None)
    return found if found and len(found) == len(parts) else None


def vector_of(text: str) -> tuple[float, ...] | None:
    """Return the numbers of a point or a vector, in a row or a column."""
    text = _DELIMITERS.sub(lambda m: m[0][-1] if m[0][-1] in "[]" else "", text)
    text = text.strip().strip("$ .`*")[:LONGEST_READ]
    if match := _MATRIX.search(text):
        entries = re.split(r"\\\\|&", match["rows"])
    elif match := _VECTOR.search(text):
        entries = re.split(r"[;,]", match["entries"])
    else:
        return None
    values = [_bound(entry) for entry in entries if entry.strip()]
    known = tuple(value for value in values if value is not None)
    return known if 2 <= len(known) == len(values) else None


def _common(one: Interval | None, other: Interval | None) -> Interval | None:
    """Return what two half-lines have in common: `x > -2 and x < 3`."""
    if one is None or other is None:
        return None
    low = max(one, other, key=lambda each: (each.low, not each.low_closed))
    high = min(one, other, key=lambda each: (each.high, each.high_closed))
    if low.low >= high.high:
        return None
    return Interval(low.low, low.low_closed, high.high, high.high_closed)


def _of_single(match: re.Match[str]) -> Interval | None:
    if match["name"]:
        operator, value = match["op"], _bound(match["value"])
    else:
        turned = match["turned"].translate(str.maketrans("<>", "><"))
        operator, value = turned, _bound(match["left"])
    if value is None:
        return None
    closed = operator.endswith("=")
    if operator.startswith("<"):
        return Interval(-math.inf, low_closed=False, high=value, high_closed=closed)
    return Interval(value, closed, math.inf, high_closed=False)


def _bound(text: str) -> float | None:
    if _INFINITE.search(text):
        return -math.inf if text.strip().startswith(("-", "−")) else math.inf
    values = values_of(text)
    if values is None or any(abs(v - values[0]) > 1e-9 for v in values):
        return None
    first = values[0]
    return None if isinstance(first, complex) else round(first, 9)


def matrix_of(text: str) -> tuple[tuple[float, ...], ...] | None:
    """Return the rows of a matrix in LaTeX, JSON or lines of brackets."""
    text = text.strip()[:LONGEST_READ]
    if match := _MATRIX.search(text):
        rows = [row.split("&") for row in match["rows"].split("\\\\") if row.strip()]
        return _numbers(rows)
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if (
        isinstance(value, list)
        and value
        and all(isinstance(row, list) for row in value)
    ):
        return _numbers([[str(entry) for entry in row] for row in value])
    rows = [re.split(r"[\s,]+", m["row"].strip()) for m in _ROW.finditer(text)]
    if len(rows) < 2:
        named = _NAMED_ROW.finditer(text)
        rows = [re.split(r"[\s,]+", m["row"].strip(" ,\n")) for m in named]
    return _numbers(rows) if len(rows) > 1 else None


def _numbers(rows: list[list[str]]) -> tuple[tuple[float, ...], ...] | None:
    found: list[tuple[float, ...]] = []
    for row in rows:
        values = [_bound(entry) for entry in row]
        if any(value is None for value in values):
            return None
        found.append(tuple(value for value in values if value is not None))
    if not found or len({len(row) for row in found}) > 1:
        return None
    return tuple(found) if sum(map(len, found)) <= MOST_ENTRIES else None
