"""Mathematical expressions: read out of LaTeX or plain text, equal at sample points.

Parsed into a tree of a few known operations and evaluated with numbers of our own; no
name of the text is ever looked up and nothing of it is run.
"""

import ast
import math
import re
from collections.abc import Callable
from typing import Final

LONGEST_READ = 200  # characters of one expression
LARGEST_POWER = 64
SAMPLES: Final = (0.37, 1.73, 2.61)
CLOSE = 1e-6

_LATEX: Final = (
    (
        re.compile(
            r"\\(?:left|right|displaystyle|,|;|!|:|quad)|\\\(|\\\)|\\\[|\\\]|\$|~"
        ),
        "",
    ),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r"(\1/\2)"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"√\s*\(?(\w+)\)?"), r"sqrt(\1)"),
    (re.compile(r"\\(?:cdot|times)|[×·⋅]"), "*"),
    (re.compile(r"\\div|÷"), "/"),
    (re.compile(r"\\pi|π"), "pi"),
    (re.compile(r"\\(sin|cos|tan|ln|log|exp)\b"), r"\1"),
    (re.compile(r"\^\{([^{}]*)\}"), r"**(\1)"),
    (re.compile(r"\^"), "**"),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"\\(?:text|mathrm)\{[^{}]*\}"), ""),
)
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT = re.compile(r"([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_NAMED = re.compile(r"\A\s*(?:[a-zA-Z]\w?|f\([a-z]\)|[a-z]'|dy/dx)\s*=\s*(?=\S)")
_IMPLICIT = re.compile(r"(?<=[\d)])\s*(?=[a-zA-Z(])|(?<=[a-z)])\s+(?=[a-z(])")
_EXPRESSION = re.compile(r"[-+*/().,\d\sa-zA-Z=]+\Z")
_WORD = re.compile(r"[a-zA-Z]{2,}")
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


class NotAnExpressionError(ValueError):
    """The text is no expression that can be valued."""


def values_of(text: str) -> tuple[float, ...] | None:
    """Return the values of an expression at the sample points; None where it is none."""
    plain = _plain(text)
    if not plain or not _EXPRESSION.match(plain) or "=" in plain:
        return None
    unknown = [
        w for w in _WORD.findall(plain) if w not in _FUNCTIONS and w not in _CONSTANTS
    ]
    if unknown:
        return None
    try:
        tree = ast.parse(plain, mode="eval").body
        return tuple(_value(tree, point) for point in SAMPLES)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError):
        return None


def same_values(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two expressions have the same value everywhere they were asked."""
    return all(
        abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))
        for a, b in zip(one, other, strict=True)
    )


def _plain(text: str) -> str:
    text = text.strip()[:LONGEST_READ].strip(" .:;`*")
    text = _SUPERSCRIPT.sub(lambda m: f"**({m[1].translate(_SUPERSCRIPTS)})", text)
    for _ in range(2):  # one level of nesting within
        for pattern, form in _LATEX:
            text = pattern.sub(form, text)
    text = _NAMED.sub("", text.replace("{", "(").replace("}", ")"))
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return _IMPLICIT.sub("*", text).replace("C", "c").strip()


def _value(node: ast.expr, point: float) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        return point + 0.11 * (ord(node.id[0]) - ord("a"))
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, point)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        return _binary(node, point)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _FUNCTIONS
        and len(node.args) == 1
    ):
        return _FUNCTIONS[node.func.id](_value(node.args[0], point))
    raise NotAnExpressionError


def _binary(node: ast.BinOp, point: float) -> float:
    left, right = _value(node.left, point), _value(node.right, point)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Div):
        return left / right
    if isinstance(node.op, ast.Pow) and abs(right) <= LARGEST_POWER:
        value: float = math.pow(abs(left), right)
        return -value if left < 0 and right % 2 == 1 else value
    raise NotAnExpressionError
