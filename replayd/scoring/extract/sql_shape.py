"""Queries in one form: aliases, order of conditions and ways to write the same removed.

Tokens only, no dialect: table aliases become table names, conditions joined by AND are
sorted, literals stand right of a comparison, `FETCH FIRST` is `LIMIT`. What is left of
two queries that ask the same is mostly equal.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from replayd.scoring.extract.sql_spelling import (
    by_place,
    in_one_form,
    one_of,
    sorted_columns,
    spelt_alike,
)

LONGEST_READ = 20_000  # characters
MOST_TOKENS = 2_000
QUERIES: Final = tuple("select insert update delete with create alter drop".split())

_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\[[A-Za-z_][\w ]*\]|\d+(?:\.\d+)?|[^\W\d]\w*"
    r"|<>|[<>!]=|\|\||::|[^\s\w]"
)
_NOISE: Final = frozenset("as outer inner ; asc".split())
_CLAUSES: Final = frozenset(
    "select from where group having order limit offset union intersect except join on set"
    " values left right full cross using returning window".split()
)
_ENDS_ALIAS: Final = _CLAUSES | frozenset(
    "and or , ( ) natural when then else end".split()
)
_FLIPPED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_TRUE_FALSE: Final = {"true": True, "false": False, "1": True, "0": False}


def query_form(text: str) -> list[str]:
    """Return the tokens of a query in one form."""
    tokens = [_plain(t) for t in _TOKEN.findall(_COMMENT.sub(" ", text[:LONGEST_READ]))]
    tokens = _limited(spelt_alike([t for t in tokens[:MOST_TOKENS] if t]))
    tokens = _without_names(_without_aliases(tokens))
    return _of_clauses([t for t in tokens if t not in _NOISE])


def _of_clauses(tokens: Sequence[str]) -> list[str]:
    """Return a query, or one in parentheses, with its clauses in one form."""
    found: list[str] = []
    for head, body in _clauses(tokens):
        inner = in_one_form(_with_subqueries(body))
        if head:
            found.append(head)
        if head in {"where", "on", "having"}:
            found += _sorted_conditions(inner)
        elif head in {"select", "group", "using"}:
            found += _sorted_items(inner)
        else:
            found += inner
    return sorted_columns(found)


def _with_subqueries(body: Sequence[str]) -> list[str]:
    """Return tokens with the queries in parentheses in one form themselves."""
    found: list[str] = []
    at = 0
    while at < len(body):
        if body[at : at + 2] != ["(", "select"]:
            found.append(body[at])
            at += 1
            continue
        depth, end = 0, at
        while end < len(body):
            depth += (body[end] == "(") - (body[end] == ")")
            end += 1
            if depth == 0:
                break
        found += ["(", *_of_clauses(body[at + 1 : end - 1]), ")"]
        at = end
    return found


def _plain(word: str) -> str:
    if word[0] in '"`[' and len(word) > 2:
        return word[1:-1].lower()
    if word[0] == "'":
        return word
    return {"!=": "<>"}.get(word, word.lower())


def _limited(tokens: Sequence[str]) -> list[str]:
    """Write `FETCH FIRST 5 ROWS ONLY` and `TOP 5` as `LIMIT 5`."""
    found = list(tokens)
    if "fetch" in found:
        at = found.index("fetch")
        count = next((t for t in found[at:] if t.isdigit()), "1")
        del found[at:]
        found += ["limit", count]
    if found[:2] == ["select", "top"] and len(found) > 2:
        count = found[2]
        del found[1:3]
        found += ["limit", count]
    return found


def _without_aliases(tokens: Sequence[str]) -> list[str]:
    """Replace the aliases of tables by their names; one table needs no qualifier."""
    names: dict[str, str] = {}
    tables: list[str] = []
    drop: set[int] = set()
    for i, word in enumerate(tokens[:-1]):
        starts = word in {"from", "join", "update"} or (
            word == "," and bool(tables) and i - 1 in drop
        )
        if not starts or not tokens[i + 1].isidentifier():
            continue
        tables.append(tokens[i + 1])
        at = i + 2
        if at < len(tokens) and tokens[at] == "as":
            drop.add(at)
            at += 1
        if (
            at < len(tokens)
            and tokens[at].isidentifier()
            and tokens[at] not in _ENDS_ALIAS
        ):
            names[tokens[at]] = tokens[i + 1]
            drop.add(at)
    twice = len(set(tables)) < len(tables)
    found: list[str] = []
    skip = False
    for i, word in enumerate(tokens):
        if skip or (i in drop and not twice):
            skip = False
            continue
        qualifies = i + 1 < len(tokens) and tokens[i + 1] == "."
        if qualifies and len(tables) == 1 and word in {*names, *tables}:
            skip = True
        else:
            found.append(names.get(word, word) if qualifies and not twice else word)
    return found


def _without_names(tokens: Sequence[str]) -> list[str]:
    """Replace the names given to columns by what they name."""
    if "select" not in tokens or "from" not in tokens:
        return list(tokens)
    start, stop = tokens.index("select") + 1, tokens.index("from")
    named: dict[str, list[str]] = {}
    items: list[str] = []
    shown: list[list[str]] = []
    for item in _split(tokens[start:stop], ","):
        kept = item
        if len(item) > 2 and item[-2] == "as":
            kept = item[:-2]
            named[item[-1]] = kept
        elif len(item) > 3 and item[-2] == ")" and item[-1].isidentifier():
            kept = item[:-1]  # named without `as`
            named[item[-1]] = kept
        shown.append(kept)
        items += [*kept, ","]
    tokens = by_place(tokens, shown)
    rest: list[str] = []
    for i, word in enumerate(tokens[stop:], start=stop):
        whole = word in named and (i + 1 >= len(tokens) or tokens[i + 1] != ".")
        column = tokens[i - 1] not in {".", "from", "join", "update", "into"}
        rest += named[word] if whole and column else [word]
    return _counted([*tokens[:start], *items[:-1], *rest])


def _counted(tokens: Sequence[str]) -> list[str]:
    """Count rows alike: `COUNT(1)` and the count of a key are `COUNT(*)`."""
    text = " ".join(tokens)
    text = re.sub(r"\bcount \( (?:1|(?:\w+ \. )?(?:id|\w+_id)) \)", "count ( * )", text)
    return text.split(" ") if "'" not in text else list(_respaced(text))


def _respaced(text: str) -> Iterator[str]:
    yield from _TOKEN.findall(text)


def _clauses(tokens: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield clauses of the outer query, each with its tokens."""
    depth = 0
    head, body = "", list[str]()
    for word in tokens:
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in _CLAUSES:
            if head or body:
                yield head, body
            head, body = word, []
        else:
            body.append(word)
    yield head, body


def _split(tokens: Sequence[str], mark: str) -> list[list[str]]:
    """Split at a word outside parentheses; the AND of a BETWEEN splits nothing."""
    parts: list[list[str]] = [[]]
    depth = between = 0
    for word in tokens:
        depth += (word == "(") - (word == ")")
        between += word == "between"
        if word == mark and depth == 0 and not (mark == "and" and between):
            parts.append([])
        else:
            between -= word == "and" and between > 0
            parts[-1].append(word)
    return parts


def _sorted_items(body: Sequence[str]) -> list[str]:
    items = sorted(_split(body, ","))
    return [t for item in items for t in (*item, ",")][:-1]


def _sorted_conditions(body: Sequence[str]) -> list[str]:
    if "or" in body:
        parts = _split(body, "or")
        if any("and" in part for part in parts) or len(parts) < 2:
            return list(body)
        ordered = sorted(_condition(part) for part in parts)
        return one_of([t for part in ordered for t in (*part, "or")][:-1])
    parts = sorted(_condition(part) for part in _split(body, "and"))
    return [t for part in parts for t in (*part, "and")][:-1]


def _condition(part: Sequence[str]) -> list[str]:
    """Put a literal right of its comparison, and a flag in one form."""
    if part[:1] == ["("] and part[-1:] == [")"] and "select" not in part:
        part = part[1:-1]
    if len(part) >= 2 and part[0] == "not" and "(" not in part:
        return [*part[1:], "=", "false"]
    marks = [i for i, t in enumerate(part) if t in _FLIPPED and not _inside(part, i)]
    if not marks:
        flag = bool(part) and all(t.isidentifier() or t == "." for t in part)
        return [*part, "=", "true"] if flag and "is" not in part else list(part)
    at = marks[0]
    left, mark, right = list(part[:at]), part[at], list(part[at + 1 :])
    turned = _is_literal(left) and not _is_literal(right)
    if turned or (mark in {"=", "<>"} and not _is_literal(right) and right < left):
        left, mark, right = right, _FLIPPED[mark], left
    if left[:2] == ["count", "("] and len(right) == 1 and right[0].isdecimal():
        # Whole numbers: more than four are at least five.
        if mark == ">":
            mark, right = ">=", [str(int(right[0]) + 1)]
        elif mark == "<":
            mark, right = "<=", [str(int(right[0]) - 1)]
    if mark == "<>" and right[:1] and right[0] in {"true", "false"}:
        mark, right = "=", ["false" if right[0] == "true" else "true"]
    if right in (["1"], ["0"]) and mark == "=":
        right = ["true" if right == ["1"] else "false"]  # a flag, in either spelling
    return [*left, mark, *right]


def _inside(tokens: Sequence[str], at: int) -> bool:
    """Whether a token stands within parentheses."""
    before = tokens[:at]
    return before.count("(") > before.count(")")


def _is_literal(tokens: Sequence[str]) -> bool:
    if not tokens:
        return False
    settled = tokens[0] in _TRUE_FALSE or tokens[0].startswith("current_")
    return settled or tokens[0][0] in "'0123456789" or tokens[:2] == ["(", "select"]
