"""Mathematical expressions: read out of LaTeX or plain text, equal at sample points.

A parser of a few operations values an expression with numbers of our own; no name of
the text is ever looked up and nothing of it is run.
"""

import math
import re
from collections.abc import Callable
from typing import Final

LONGEST_READ = 200  # characters of one expression
MOST_TOKENS = 120
LARGEST_POWER = 64
LARGEST = 1e12
SAMPLES: Final = (0.37, 1.73, 2.61)
CLOSE = 1e-6

_LATEX: Final = (
    (
        re.compile(
            r"\\(?:left|right|displaystyle|,|;|!|:|quad)|\\\(|\\\)|\\\[|\\\]|\$|~"
        ),
        " ",
    ),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r"(\1/\2)"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"√\s*\(?(\w+)\)?"), r"sqrt(\1)"),
    (re.compile(r"\\(?:cdot|times)|[×·⋅]"), "*"),
    (re.compile(r"\\div|÷"), "/"),
    (re.compile(r"\\pi|π"), "pi"),
    (re.compile(r"\\(sin|cos|tan|ln|log|exp)\b"), r"\1 "),
    (re.compile(r"\^\{([^{}]*)\}"), r"^(\1)"),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"\\(?:text|mathrm)\{[^{}]*\}"), ""),
    (re.compile(r"½"), "(1/2)"),
    (re.compile(r"¼"), "(1/4)"),
    (re.compile(r"¾"), "(3/4)"),
)
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT = re.compile(r"([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_NAMED = re.compile(
    r"\A\s*(?:[a-zA-Z]'*\([a-z]\)|d\w?/d[a-z]|[a-zA-Z](?:_?\(?\d\)?|\d)?'*)\s*=\s*(?=\S)"
)
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[a-zA-Z]+)|(?P<mark>[-+*/^()]))"
)
_FUNCTIONS: Final[dict[str, Callable[[float], float]]] = {
    "sqrt": lambda x: math.sqrt(abs(x)),
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "ln": lambda x: math.log(abs(x) or 1.0),
    "log": lambda x: math.log(abs(x) or 1.0),
    "exp": lambda x: math.exp(min(x, 50.0)),
}
_CONSTANTS: Final = {"pi": math.pi, "e": math.e}
_NAMES = re.compile("|".join(sorted({*_FUNCTIONS, *_CONSTANTS}, key=len, reverse=True)))
LONGEST_PRODUCT = 3  # letters that are variables multiplied, not a word
_WORDS: Final = frozenset(
    "or and for the is are of to in if at by it as on an we so".split()
)


class NotAnExpressionError(ValueError):
    """The text is no expression that can be valued."""


def values_of(text: str) -> tuple[float, ...] | None:
    """Return the values of an expression at the sample points; None where it is none."""
    try:
        tokens = _tokens(_plain(text))
        return tuple(_Valued(tokens, point).value() for point in SAMPLES)
    except (ValueError, ZeroDivisionError, OverflowError, RecursionError):
        return None


def same_values(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two expressions have the same value everywhere they were asked."""
    return all(
        abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))
        for a, b in zip(one, other, strict=True)
    )


def _plain(text: str) -> str:
    text = text.strip()[:LONGEST_READ].strip(" .:;`*")
    text = _SUPERSCRIPT.sub(lambda m: f"^({m[1].translate(_SUPERSCRIPTS)})", text)
    for _ in range(2):  # one level of nesting within
        for pattern, form in _LATEX:
            text = pattern.sub(form, text)
    text = text.replace("{", "(").replace("}", ")").strip()
    text = _NAMED.sub("", text)
    return _GROUPED.sub("", text).replace("+ C", "+ c").replace("+C", "+c").strip()


def _tokens(text: str) -> list[str]:
    """Return numbers, names and marks; a row of letters is a product of variables."""
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(found) > MOST_TOKENS:
            raise NotAnExpressionError
        at = match.end()
        name = match["name"]
        found += _names(name) if name else [match["number"] or match["mark"]]
    if not found:
        raise NotAnExpressionError
    return found


def _names(name: str) -> list[str]:
    found: list[str] = []
    while name:
        known = _NAMES.match(name)
        if known and (known[0] != "e" or len(name) == 1):
            found.append(known[0])
            name = name[known.end() :]
            continue
        rest = _NAMES.search(name, 1)
        letters = name[: rest.start()] if rest and rest[0] != "e" else name
        if len(letters) > LONGEST_PRODUCT or letters.lower() in _WORDS:
            raise NotAnExpressionError
        found += letters
        name = name[len(letters) :]
    return found


class _Valued:
    """Values a row of tokens at one point, by recursive descent."""

    def __init__(self, tokens: list[str], point: float) -> None:
        self._tokens, self._point, self._at = tokens, point, 0

    def value(self) -> float:
        value = self._sum()
        if self._at < len(self._tokens):
            raise NotAnExpressionError
        return value

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _sum(self) -> float:
        value = self._product()
        while (mark := self._next()) in {"+", "-"}:
            self._at += 1
            other = self._product()
            value = value + other if mark == "+" else value - other
        return value

    def _product(self) -> float:
        value = self._signed()
        while mark := self._next():
            if mark in {"*", "/"}:
                self._at += 1
                other = self._signed()
                value = value * other if mark == "*" else value / other
            elif mark == "(" or mark[0].isalnum():
                value *= self._power()  # side by side
            else:
                break
            if abs(value) > LARGEST:
                raise OverflowError
        return value

    def _signed(self) -> float:
        if self._next() in {"+", "-"}:
            sign = -1.0 if self._next() == "-" else 1.0
            self._at += 1
            return sign * self._signed()
        return self._power()

    def _power(self) -> float:
        base = self._atom()
        if self._next() != "^":
            return base
        self._at += 1
        power = self._signed()
        if abs(power) > LARGEST_POWER:
            raise OverflowError
        value: float = math.pow(abs(base), power)
        return -value if base < 0 and power % 2 == 1 else value

    def _atom(self) -> float:
        atom = self._next()
        self._at += 1
        if atom == "(":
            value = self._sum()
            if self._next() != ")":
                raise NotAnExpressionError
            self._at += 1
            return value
        if atom in _FUNCTIONS:
            return _FUNCTIONS[atom](self._argument())
        if atom in _CONSTANTS:
            return _CONSTANTS[atom]
        if atom.isalpha():
            return self._point + 0.11 * (ord(atom[0]) - ord("a"))
        return float(atom)

    def _argument(self) -> float:
        """Return what a function is applied to: `(…)`, or `2x` without parentheses."""
        if self._next() == "(":
            return self._power()
        value = self._power()
        while self._next() not in _FUNCTIONS and self._next().isalnum():
            value *= self._power()
        return value
