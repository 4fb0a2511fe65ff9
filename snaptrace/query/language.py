"""Filter language: terms that must all hold, as `service=shop outcome=refused,error`.

A term is FIELD, an operator and a value. `=` and `!=` take several values separated by
commas, with `*` for any characters; `~` looks for a text; `<`, `<=`, `>` and `>=`
compare numbers and times. A value with blanks stands in quotes. Patterns have few
stars and no regular expressions, so that a filter costs about the same on any text.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.query.fields import ATTRIBUTE, FIELDS, Field

MOST_TERMS: Final = 32
LONGEST_VALUE: Final = 1_000  # characters
MOST_STARS: Final = 4  # in one pattern
_TERM = re.compile(
    r"""\s*(?P<name>[A-Za-z_][\w.\-]*)\s*(?P<operator>!=|>=|<=|=|~|>|<)\s*"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s"']+)(?=\s|$)"""
)
_AGO = re.compile(r"(\d+)(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_ALIASES = {"since": ("time", ">="), "until": ("time", "<"), "has": ("media", "=")}


class FilterError(ValueError):
    """A filter that cannot be read; `column` counts from 1."""

    def __init__(self, why: str, column: int) -> None:
        super().__init__(f"column {column}: {why}")
        self.why, self.column = why, column


class Term(Struct, frozen=True, kw_only=True):
    """One condition."""

    field: str
    operator: str
    values: tuple[str, ...]
    number: float = 0.0  # of a comparison; nanoseconds for times


class Known(Struct, frozen=True):
    """Content that a snapshot's facts lack: read only where a term asks for it."""

    probability: Callable[[Facts], float | None] = lambda _facts: None
    uniform: Callable[[Facts], bool] = lambda _facts: False


class Query(Struct, frozen=True):
    """All conditions of one filter; none lets everything through."""

    terms: tuple[Term, ...] = ()

    @property
    def texts(self) -> tuple[Term, ...]:
        """Conditions on the text, which facts do not hold."""
        return tuple(term for term in self.terms if term.field == "text")

    @property
    def needs_frame(self) -> bool:
        """Whether thresholds of reservoirs must be known."""
        return any(term.field in ("probability", "uniform") for term in self.terms)

    def matches(self, facts: Facts, known: Known | None = None) -> bool:
        """Return whether facts meet every condition but those on the text."""
        known = known or Known()
        return all(_meets(term, facts, known) for term in self.terms)

    def matches_text(self, texts: tuple[str, ...]) -> bool:
        """Return whether texts meet every condition on the text."""
        folded = "\n".join(texts).casefold()
        return all(
            any(value.casefold() in folded for value in term.values)
            for term in self.texts
        )


def parse(text: str, now_ns: int) -> Query:
    """Read a filter; times that are written as ages count back from `now_ns`.

    Raises:
        FilterError: says what is wrong, and where.
    """
    terms: list[Term] = []
    at = 0
    while text[at:].strip():
        match = _TERM.match(text, at)
        begins = at + len(text[at:]) - len(text[at:].lstrip()) + 1
        if match is None:
            raise FilterError(
                "write FIELD=VALUE, as service=shop; values with blanks in quotes",
                begins,
            )
        terms.append(_term(match, begins, now_ns))
        at = match.end()
        if len(terms) > MOST_TERMS:
            raise FilterError(f"more than {MOST_TERMS} terms", begins)
    return Query(tuple(terms))


def _term(match: re.Match[str], column: int, now_ns: int) -> Term:
    name, operator = match["name"], match["operator"]
    value = match["value"].strip("\"'")
    if name in _ALIASES and operator == "=":
        name, operator = _ALIASES[name]
    field = _field(name, column)
    if len(value) > LONGEST_VALUE:
        raise FilterError(f"a value is longer than {LONGEST_VALUE} characters", column)
    allowed = _OPERATORS[field.kind]
    if operator not in allowed:
        raise FilterError(f"{name} takes {' '.join(allowed)}", column)
    if field.kind == "text":
        return Term(field=name, operator=operator, values=(value,))
    if field.kind in ("number", "time"):
        number = _number(field, value, column, now_ns)
        return Term(field=name, operator=operator, values=(value,), number=number)
    values = tuple(value.split(","))
    if any(each.count("*") > MOST_STARS for each in values):
        raise FilterError(f"more than {MOST_STARS} stars in one value", column)
    wrong = [
        v for v in values if field.values and "*" not in v and v not in field.values
    ]
    if wrong:
        offered = ", ".join(field.values)
        raise FilterError(
            f"{name} is never {wrong[0]!r}; it is one of {offered}", column
        )
    return Term(field=name, operator=operator, values=values)


_OPERATORS = {
    "word": ("=", "!="),
    "words": ("=", "!="),
    "flag": ("=",),
    "text": ("~",),
    "number": ("=", "!=", "<", "<=", ">", ">="),
    "time": ("<", "<=", ">", ">="),
}


def _field(name: str, column: int) -> Field:
    if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE):
        key = name[len(ATTRIBUTE) :]
        return Field(kind="word", help="", read=lambda f: f.attributes.get(key, ""))
    if (field := FIELDS.get(name)) is not None:
        return field
    near = get_close_matches(name, [*FIELDS, *_ALIASES], n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(FIELDS)}"
    raise FilterError(f"no field {name!r}{hint}", column)


def _number(field: Field, value: str, column: int, now_ns: int) -> float:
    if field.kind == "number":
        try:
            return float(value)
        except ValueError:
            raise FilterError(f"{value!r} is no number", column) from None
    if match := _AGO.fullmatch(value):
        return now_ns - int(match[1]) * _SECONDS[match[2]] * 1e9
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        why = f"{value!r} is no time; write 2026-11-20, 2026-11-20T08:00 or 7d"
        raise FilterError(why, column) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e9


def _meets(term: Term, facts: Facts, known: Known) -> bool:
    if term.field == "text":
        return True
    if term.field == "probability":
        return compares(term, known.probability(facts))
    if term.field == "uniform":
        return ("yes" in term.values) == known.uniform(facts)
    field = _field(term.field, 1)
    found = field.read(facts)
    if field.kind in ("number", "time"):
        return compares(term, found)
    return holds(term, found)


def holds(term: Term, found: object) -> bool:
    """Return whether one value, or one of several, is as a term on words asks."""
    every = found if isinstance(found, tuple | list) else (found,)
    held = any(
        fnmatchcase(str(each), value) if "*" in value else each == value
        for each in every
        for value in term.values
    )
    return held == (term.operator == "=")


def compares(term: Term, found: object) -> bool:
    """Return whether a number is as a term asks; an unknown one never is."""
    if not isinstance(found, int | float):
        return False
    match term.operator:
        case "=":
            return found == term.number
        case "!=":
            return found != term.number
        case "<":
            return found < term.number
        case "<=":
            return found <= term.number
        case ">":
            return found > term.number
        case _:
            return found >= term.number
