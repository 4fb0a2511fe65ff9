"""Mathematical expressions: read out of LaTeX or plain text, equal at sample points.

A parser of a few operations values an expression with numbers of our own; no name of
the text is ever looked up and nothing of it is run.
"""

import cmath
import math
import re
from collections.abc import Callable
from typing import Final

from replayd.scoring.extract.math_notation import plain_expression

LONGEST_READ = 200  # characters of one expression
MOST_TOKENS = 120
LARGEST_POWER = 64
LARGEST = 1e12
MOST_FACTORS: Final = 20  # of a factorial
SAMPLES: Final = (0.37, 1.73, 2.61, -3.3)
CLOSE = 1e-6

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[a-zA-Z]+)|(?P<mark>[-+*/^()]))"
)
Value = float | complex
_FUNCTIONS: Final[dict[str, Callable[[Value], Value]]] = {
    "sqrt": lambda x: abs(x) ** 0.5,
    "sin": lambda x: _real(cmath.sin(x)),
    "cos": lambda x: _real(cmath.cos(x)),
    "tan": lambda x: _real(cmath.tan(x)),
    "arcsin": lambda x: math.asin(_within_one(x)),
    "arccos": lambda x: math.acos(_within_one(x)),
    "arctan": lambda x: math.atan(x.real),
    "ln": lambda x: math.log(abs(x) or 1.0),
    "log": lambda x: math.log(abs(x) or 1.0),
    "exp": lambda x: math.exp(min(abs(x), 50.0) * (-1 if _real(x) == -abs(x) else 1)),
    "abs": abs,
    "fact": lambda x: float(math.factorial(min(int(abs(x)), MOST_FACTORS))),
}
_CONSTANTS: Final[dict[str, Value]] = {"pi": math.pi, "e": math.e}


def _real(value: Value) -> Value:
    """Return a value without an imaginary part that is nought."""
    return value.real if abs(value.imag) <= CLOSE else value


def _within_one(value: Value) -> float:
    return min(1.0, abs(value)) * 0.99


_NAMES = re.compile("|".join(sorted({*_FUNCTIONS, *_CONSTANTS}, key=len, reverse=True)))
LONGEST_PRODUCT = 3  # letters that are variables multiplied, not a word
_WORDS: Final = frozenset(
    "or and for the is are of to in if at by it as on an we so".split()
)


class NotAnExpressionError(ValueError):
    """The text is no expression that can be valued."""


def values_of(text: str) -> tuple[Value, ...] | None:
    """Return the values of an expression at the sample points; None where it is none."""
    try:
        tokens = _tokens(plain_expression(text[:LONGEST_READ]))
        return tuple(_real(_Valued(tokens, point).value()) for point in SAMPLES)
    except (ValueError, ZeroDivisionError, OverflowError, RecursionError):
        return None


def same_values(one: tuple[Value, ...], other: tuple[Value, ...]) -> bool:
    """Whether two expressions have the same value everywhere they were asked."""
    return all(
        abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))
        for a, b in zip(one, other, strict=True)
    )


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

    def value(self) -> Value:
        value = self._sum()
        if self._at < len(self._tokens):
            raise NotAnExpressionError
        return value

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _sum(self) -> Value:
        value = self._product()
        while (mark := self._next()) in {"+", "-"}:
            self._at += 1
            other = self._product()
            value = value + other if mark == "+" else value - other
        return value

    def _product(self) -> Value:
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

    def _signed(self) -> Value:
        if self._next() in {"+", "-"}:
            sign = -1.0 if self._next() == "-" else 1.0
            self._at += 1
            return sign * self._signed()
        return self._power()

    def _power(self) -> Value:
        base = self._atom()
        if self._next() != "^":
            return base
        self._at += 1
        power = self._signed()
        if abs(power) > LARGEST_POWER:
            raise OverflowError
        if isinstance(base, complex) or isinstance(power, complex):
            return _real(complex(base) ** power)
        value: float = math.pow(abs(base), power)
        return -value if base < 0 and power % 2 == 1 else value

    def _atom(self) -> Value:
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
        if atom == "i":
            return 1j
        if atom.isalpha():
            return self._point + 0.11 * (ord(atom[0]) - ord("a"))
        return float(atom)

    def _argument(self) -> Value:
        """Return what a function is applied to: `(…)`, or `2x` without parentheses."""
        if self._next() == "(":
            return self._atom()
        value = self._power()
        while self._next() not in _FUNCTIONS and self._next().isalnum():
            value *= self._power()
        return value
