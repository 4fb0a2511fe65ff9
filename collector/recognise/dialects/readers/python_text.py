"""Python's `repr` of JSON-like values -> the values. A parser, never an evaluator.

LiteLLM writes lists and objects that way. Bounded in depth and size; anything that is
not a plain literal makes the whole text unreadable.
"""

import re
from typing import Any

_DEPTH_MAX = 48
_TEXT_MAX = 32 * 1024 * 1024
_WORDS_MAX = 200_000  # brackets, commas and values of one text
_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<open>[\[{(])|(?P<close>[\]})])|(?P<comma>,)|(?P<colon>:)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<name>None|True|False)"
    r"|(?P<number>-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|inf|nan))"
    r")",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_PLAIN = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}
_WORDS = {"None": None, "True": True, "False": False}
_CLOSING = {"[": "]", "{": "}", "(": ")"}
_NUMBER_MAX = 64  # characters


class UnreadableTextError(ValueError):
    """Not the `repr` of a plain value, or too deep or too large to look at."""


def loads(text: str) -> Any:  # noqa: ANN401 - any plain value
    """Return the value.

    Raises:
        UnreadableTextError: the text is not one plain literal.
    """
    if len(text) > _TEXT_MAX:
        raise UnreadableTextError("size")
    parser = _Parser(text)
    value = parser.value(0)
    if text[parser.at :].strip():
        raise UnreadableTextError("rest")
    return value


def block_texts(text: str) -> list[str]:
    """Return the texts of a printed list of texts or text blocks; [] for all else."""
    try:
        found = loads(text)
    except UnreadableTextError:
        return []
    blocks = found if isinstance(found, list) else []
    texts = [
        block["text"]
        if isinstance(block, dict) and block.keys() == {"type", "text"}
        else block
        for block in blocks
    ]
    return texts if all(isinstance(one, str) for one in texts) else []


def printed_bytes(text: str) -> bytes | None:
    """Return the bytes whose `repr` the text is; None if it is no such thing."""
    if len(text) > _TEXT_MAX or text[1:2] not in ("'", '"') or text[-1] != text[1]:
        return None
    try:
        return unescape(text[2:-1]).encode("latin-1")
    except UnicodeEncodeError:
        return None


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0
        self._words = 0

    def _next(self) -> tuple[str, str]:
        self._words += 1
        if self._words > _WORDS_MAX:
            raise UnreadableTextError("size")
        found = _TOKEN.match(self._text, self.at)
        if found is None or found.lastgroup is None:
            raise UnreadableTextError("token")
        self.at = found.end()
        return found.lastgroup, found[found.lastgroup]

    def value(self, depth: int) -> Any:  # noqa: ANN401 - any plain value
        if depth > _DEPTH_MAX:
            raise UnreadableTextError("depth")
        kind, word = self._next()
        return self._from_word(kind, word, depth)

    def _from_word(self, kind: str, word: str, depth: int) -> Any:  # noqa: ANN401 - as above
        if kind == "text":
            return unescape(word[1:-1]) if "\\" in word else word[1:-1]
        if kind == "name":
            return _WORDS[word]
        if kind == "number":
            return _number(word)
        if kind == "open":
            return self._object(depth) if word == "{" else self._array(word, depth)
        raise UnreadableTextError("order")

    def _array(self, opening: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while True:
            if depth > _DEPTH_MAX:
                raise UnreadableTextError("depth")
            kind, word = self._next()
            if kind == "close" and word == _CLOSING[opening]:
                return items
            items.append(self._from_word(kind, word, depth + 1))
            kind, word = self._next()
            if kind == "close" and word == _CLOSING[opening]:
                return items
            if kind != "comma":
                raise UnreadableTextError("comma")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            if depth > _DEPTH_MAX:
                raise UnreadableTextError("depth")
            kind, word = self._next()
            if kind == "close" and word == "}":
                return found
            key = self._from_word(kind, word, depth + 1)
            if self._next()[0] != "colon" or not isinstance(key, str | int):
                raise UnreadableTextError("key")
            found[str(key)] = self.value(depth + 1)
            kind, word = self._next()
            if kind == "close" and word == "}":
                return found
            if kind != "comma":
                raise UnreadableTextError("comma")


def unescape(text: str) -> str:
    """Return a string literal's text."""

    def plain(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code is not None:
            try:
                return chr(int(code, 16))
            except (ValueError, OverflowError):
                raise UnreadableTextError("escape") from None
        return _PLAIN.get(found[4], found[4])

    return _ESCAPE.sub(plain, text)


def _number(word: str) -> int | float:
    if len(word) > _NUMBER_MAX:
        raise UnreadableTextError("number")
    try:
        return int(word)
    except ValueError:
        return float(word)
