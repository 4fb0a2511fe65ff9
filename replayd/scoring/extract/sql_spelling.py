"""Ways to write one and the same in a query, rewritten into one of them.

Intervals, the present, tests of truth, BETWEEN, lists of alternatives, ordinals of
columns, operands of sums and products, and the columns of an INSERT.
"""

import re
from collections.abc import Sequence
from typing import Final

_INTERVAL = re.compile(r"'(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+?)s?'", re.IGNORECASE)
_QUANTITY = re.compile(r"'(\d+(?:\.\d+)?)'")
_TIME_UNITS: Final = frozenset("second minute hour day week month quarter year".split())
_NOW: Final = frozenset("now getdate sysdate systimestamp localtimestamp".split())
_ATOM = re.compile(r"'.*'|\d+(?:\.\d+)?|[^\W\d]\w*")
_NUMBER = re.compile(r"\d+\.\d*?0+|\d+\.")
_NO_OPERAND: Final = frozenset(
    "select distinct by where on and or not in like set".split()
)


def spelt_alike(tokens: Sequence[str]) -> list[str]:
    """Return tokens with intervals, the present, numbers and tests in one spelling."""
    found: list[str] = []
    at = 0
    while at < len(tokens):
        word, rest = tokens[at], list(tokens[at + 1 : at + 3])
        if word == "interval" and rest:
            parts, used = _interval(rest)
            found += ["interval", *parts]
            at += 1 + used
        elif word in _NOW and rest[:2] == ["(", ")"]:
            found.append("current_timestamp")
            at += 3
        elif word == "is" and rest[:1] in (["true"], ["false"]):
            found.append("=")
            at += 1
        elif _NUMBER.fullmatch(word):
            found.append(word.rstrip("0").rstrip("."))
            at += 1
        else:
            found.append(word)
            at += 1
    return found


def _interval(rest: Sequence[str]) -> tuple[list[str], int]:
    """Return number and unit of an interval, and how many tokens they were."""
    whole = _INTERVAL.fullmatch(rest[0])
    if whole:
        return [whole["n"], whole["unit"].lower()], 1
    quoted = _QUANTITY.fullmatch(rest[0])
    number = quoted[1] if quoted else rest[0]
    unit = rest[1].removesuffix("s") if len(rest) > 1 else ""
    if unit in _TIME_UNITS:
        return [number, unit], 2
    return [rest[0]], 1


def by_place(tokens: Sequence[str], shown: Sequence[Sequence[str]]) -> list[str]:
    """Replace `GROUP BY 1` and `ORDER BY 2` by the columns that they count to."""
    found: list[str] = []
    sorting = False
    for i, word in enumerate(tokens):
        if word == "by" and i and tokens[i - 1] in {"group", "order"}:
            sorting = True
        elif word in {"limit", "having", "where", "union", ")", "offset"}:
            sorting = False
        place = int(word) if sorting and word.isdecimal() else 0
        before = tokens[i - 1] if i else ""
        if 1 <= place <= len(shown) and before in {"by", ","}:
            found += shown[place - 1]
        else:
            found.append(word)
    return found


def in_one_form(body: Sequence[str]) -> list[str]:
    """Return tokens with BETWEEN as two bounds, and lists and operands sorted."""
    return _commuted(_listed(_bounded(body)))


def _bounded(body: Sequence[str]) -> list[str]:
    """Write `x BETWEEN a AND b` as `x >= a AND x <= b`, where all three are atoms."""
    found = list(body)
    at = 0
    while "between" in found[at:]:
        at = found.index("between", at)
        column = _column_before(found, at)
        low, high = found[at + 1 : at + 2], found[at + 3 : at + 4]
        plain = found[at + 2 : at + 3] == ["and"] and found[at + 4 : at + 5] != ["("]
        if column and plain and low and high and found[at - 1] != "not":
            found[at : at + 4] = [">=", *low, "and", *column, "<=", *high]
        at += 1
    return found


def _column_before(tokens: Sequence[str], at: int) -> list[str]:
    if at >= 3 and tokens[at - 2] == "." and tokens[at - 3].isidentifier():
        return list(tokens[at - 3 : at])
    return list(tokens[at - 1 : at]) if at and tokens[at - 1].isidentifier() else []


def _listed(body: Sequence[str]) -> list[str]:
    """Sort the literals of `IN (...)`."""
    found = list(body)
    for at in [i for i, word in enumerate(found) if word == "in"]:
        if found[at + 1 : at + 2] != ["("] or ")" not in found[at:]:
            continue
        end = found.index(")", at)
        items = [word for word in found[at + 2 : end] if word != ","]
        if len(items) * 2 - 1 == end - at - 2 and all(map(_is_literal, items)):
            ordered = [t for item in sorted(items) for t in (item, ",")][:-1]
            found[at + 2 : end] = ordered
    return found


def _is_literal(word: str) -> bool:
    return word[0] in "'0123456789"


def one_of(parts: Sequence[str]) -> list[str]:
    """Write `x = 1 OR x = 2` as `x IN (1, 2)`."""
    tests: list[list[str]] = [[]]
    for word in parts:
        if word == "or":
            tests.append([])
        else:
            tests[-1].append(word)
    columns = {tuple(test[:-2]) for test in tests}
    equal = all(
        len(test) >= 3 and test[-2] == "=" and _is_literal(test[-1]) for test in tests
    )
    if len(tests) < 2 or len(columns) != 1 or not equal:
        return list(parts)
    literals = sorted(test[-1] for test in tests)
    items = [t for literal in literals for t in (literal, ",")][:-1]
    return [*columns.pop(), "in", "(", *items, ")"]


def _commuted(body: Sequence[str]) -> list[str]:
    """Sort the two operands of a sum or a product of atoms."""
    found = list(body)
    for at in range(1, len(found) - 1):
        if found[at] not in {"*", "+"}:
            continue
        left, right = found[at - 1], found[at + 1]
        if not _ATOM.fullmatch(left) or not _ATOM.fullmatch(right):
            continue
        beside = (
            (found[at - 2 : at - 1] or [""])[0],
            (found[at + 2 : at + 3] or [""])[0],
        )
        joined = {".", "*", "+", "-", "/"}
        if (
            left in _NO_OPERAND
            or beside[0] in joined
            or beside[1] in {".", "*", "/", "("}
        ):
            continue
        found[at - 1], found[at + 1] = sorted((left, right))
    return found


def sorted_columns(tokens: Sequence[str]) -> list[str]:
    """Sort the columns of `INSERT INTO t (a, b) VALUES (1, 2)`, each with its value."""
    found = list(tokens)
    if (
        found[:2] != ["insert", "into"]
        or found.count("(") != 2
        or "values" not in found
    ):
        return found
    start, middle = found.index("("), found.index("values")
    columns = [t for t in found[start + 1 : middle - 1] if t != ","]
    values = [t for t in found[middle + 2 : -1] if t != ","]
    if len(columns) != len(values) or found[-1] != ")":
        return found
    pairs = sorted(zip(columns, values, strict=True))
    named = [t for column, _ in pairs for t in (column, ",")][:-1]
    given = [t for _, value in pairs for t in (value, ",")][:-1]
    return [*found[: start + 1], *named, ")", "values", "(", *given, ")"]
