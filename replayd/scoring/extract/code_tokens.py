"""Code as tokens: comments, layout, quotes and names of variables left out."""

import ast
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

LONGEST_READ = 20_000  # characters
MOST_TOKENS = 4_000

_COMMENT = re.compile(
    r"/\*.*?\*/|(?:(?<=\s)|^)(?:#(?![0-9a-fA-F]{3,8}\b)|//|--\s)[^\n]*"
    r"|^\s*(?:\"\"\".*?\"\"\"|'''.*?''')",
    re.DOTALL | re.MULTILINE,
)
_TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`\n]*`|\d+(?:\.\d+)?|[^\W\d]\w*"
    r"|\.{3}|[<>=!]=|=>|->|:=|\+\+|--(?=\w)|&&|\|\||\*\*|//|[^\s\w]"
)
_ANNOTATION = re.compile(
    r":\s*(?:str|int|float|bool|list|dict|tuple|Path)(?:\[[^\]]*\])?(?=\s*[,)=])|\)\s*->\s*[\w\[\], .|]+(?=:)"
)
_KEYWORDS: Final = frozenset(
    "def return if else elif for while in not and or is none true false lambda with as import from try except finally raise"
    " class yield pass break continue function const let var new this func package range type struct nil fn pub mut match"
    " public private static void int string bool float double char self".split()
)
_BINDING: Final = frozenset(
    "= := => for def function func fn let const var lambda class".split()
)
_LOOP = re.compile(r"\b(?:do|then)\b[\s\S]*\b(?:done|fi)\b")
_SHELL: Final = frozenset("done fi esac".split())
_SPREAD = re.compile(r"\bArray\.from\(((?:[^(),]|\([^()]*\)){1,200})\)")
_DECLARED = re.compile(
    r"\b(?:def|func|function|fn|class)\s+(\w+)"
    r"|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:\(|function\b|\w+\s*=>)"
    r"|^(\w+)\s*=\s*lambda\b",
    re.MULTILINE,
)
_SQL_NOISE: Final = frozenset({"as", "outer", "inner", ";", "asc"})


def code_tokens(text: str, *, sql: bool = False) -> list[str]:
    """Return the tokens of code; variables are numbered in order of appearance."""
    text = _COMMENT.sub(" ", text[:LONGEST_READ])
    if _LOOP.search(text):
        text = text.replace('"', " ")  # names stand within quotes there
    text = _SPREAD.sub(r"[...\1]", text)
    text = _ANNOTATION.sub(lambda m: ")" if m[0].startswith(")") else "", text)
    found = [_one_form(t) for t in _TOKEN.findall(text)][:MOST_TOKENS]
    if sql:
        return [t for t in map(str.lower, found) if t not in _SQL_NOISE]
    return _renamed([t for t in found if t != ";"])


def _one_form(token: str) -> str:
    if token[0] in "\"'`" and len(token) > 1:
        return f'"{token[1:-1]}"'
    return token


def _renamed(tokens: Sequence[str]) -> list[str]:
    """Number the names that are bound here: parameters, variables, loop names."""
    if _BINDING.isdisjoint(tokens):
        return list(tokens)  # settings, whose words are no variables
    bound = {
        token
        for i, token in enumerate(tokens)
        if token.isidentifier()
        and token.lower() not in _KEYWORDS
        and (i + 1 >= len(tokens) or tokens[i + 1] != "(")
        and (i == 0 or tokens[i - 1] != ".")
    }
    if not _SHELL.isdisjoint(tokens):
        pairs = pairwise(tokens)
        named = {b if a == "for" else a for a, b in pairs if a == "for" or b == "="}
        bound &= named  # other words are commands
    numbers: dict[str, str] = {}
    renamed: list[str] = []
    for i, token in enumerate(tokens):
        if token in bound and not (i and tokens[i - 1] == "."):
            numbers.setdefault(token, f"v{len(numbers)}")
            renamed.append(numbers[token])
        else:
            renamed.append(token)
    return renamed


def calls_of(tokens: Sequence[str]) -> frozenset[str]:
    """Return the names that are called."""
    return frozenset(
        token.lower()
        for i, token in enumerate(tokens[:-1])
        if token.isidentifier()
        and tokens[i + 1] == "("
        and token.lower()
        not in {
            "if",
            "for",
            "while",
            "in",
            "and",
            "or",
            "not",
            "return",
            "exists",
            "on",
            "where",
            "values",
        }
    )


def literals_of(tokens: Sequence[str]) -> frozenset[str]:
    """Return numbers and strings."""
    return frozenset(t for t in tokens if t[0].isdigit() or t[0] == '"')


def declared(text: str) -> frozenset[str]:
    """Return the functions and classes that are defined."""
    return frozenset(
        name for match in _DECLARED.findall(text) for name in match if name
    )


def is_broken_python(text: str) -> bool:
    """Whether Python text does not parse; it is only parsed, never run."""
    try:
        ast.parse(text[:LONGEST_READ])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return False


def is_trivial(text: str) -> bool:
    """Whether functions do nothing but return a constant, or nothing at all."""
    bodies = re.findall(
        r"def \w+\([^)]*\)[^:\n]*:\s*\n?(.*?)(?=\ndef |\Z)", text, re.DOTALL
    )
    return bool(bodies) and all(
        re.fullmatch(
            r"\s*(?:pass|\.\.\.|return(?: (?:None|True|False|-?\d+|\"\"|''|\[\]|\{\}))?)?\s*",
            body,
        )
        for body in bodies
    )
