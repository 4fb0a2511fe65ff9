"""Masks: what a suite ignores, taken out of the recording and of every answer alike.

Linear in the text. Named classes are fixed patterns; a team's own run on RE2.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from replayd.scoring.extract.masking import MASK
from replayd.scoring.extract.structure.json_values import NOTHING, structured
from replayd.scoring.extract.text import Text
from snaptrace.snapshot.model import Answer
from snaptrace.suite.model import IgnoreEntry
from snaptrace.suite.patterns import compiled

LONGEST_MASKED: Final = 262_144  # characters; a longer text is left as it is
_TIMESTAMPS = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
    r"(?:Z|[+-]\d{2}:?\d{2})?)?\b|\b\d{1,2}:\d{2}(?::\d{2})?\b|\b1[5-9]\d{8}(?:\d{3})?\b"
)
_IDS = re.compile(
    r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{16,64}\b|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"
    r"|\b[a-z]{2,10}_(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{8,40}\b"
)
_BULLET = re.compile(r"[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t]+(.*)")


class Masked(Struct, frozen=True):
    """An answer without what is ignored, and how much was taken out of its text."""

    answer: Answer
    stretches: int = 0
    share: float = 0.0  # of the text's characters


class Masks:
    """All masks of one case."""

    def __init__(self, ignores: Sequence[IgnoreEntry] = ()) -> None:
        self.kinds = frozenset(each.kind for each in ignores)
        self._patterns = [
            compiled(value)
            for each in ignores
            if each.kind == "pattern"
            for value in each.values
        ]
        self._paths = [
            tuple(value.replace("[]", "").split("."))
            for each in ignores
            if each.kind == "json"
            for value in each.values
        ]
        self._ordered = "order" not in self.kinds

    @property
    def wording(self) -> bool:
        """Whether only facts count, not how they are put."""
        return "wording" in self.kinds

    def apply(self, answer: Answer) -> Masked:
        """Return an answer without what is ignored."""
        if not self.kinds:
            return Masked(answer)
        counted = _Counted()
        text = self._text(answer.text, counted)
        calls = tuple(
            replace(call, arguments=self._text(call.arguments, counted))
            for call in answer.tool_calls
        )
        length = max(
            1, len(answer.text) + sum(len(c.arguments) for c in answer.tool_calls)
        )
        return Masked(
            replace(answer, text=text, tool_calls=calls),
            counted.stretches,
            min(1.0, counted.characters / length),
        )

    def _text(self, text: str, counted: "_Counted") -> str:
        if len(text) > LONGEST_MASKED:
            return text
        value = structured(text) if self._paths or not self._ordered else NOTHING
        if value is not NOTHING:
            for path in self._paths:
                value = _without(value, path, counted)
            if not self._ordered:
                value = _sorted(value)
            text = msgspec.json.encode(value).decode()
        elif not self._ordered:
            text = _sorted_lines(text)
        for name, pattern in (("timestamps", _TIMESTAMPS), ("ids", _IDS)):
            if name in self.kinds:
                text = pattern.sub(counted, text)
        for own in self._patterns:
            text = own.sub(counted, text)
        return _plain_numbers(text, counted) if "number_formats" in self.kinds else text


class _Counted:
    """Stands in for a match, and counts it."""

    def __init__(self) -> None:
        self.stretches = self.characters = 0

    def __call__(self, match: Any) -> str:  # noqa: ANN401 - of re or of re2
        found = match.group(0)
        if not found:
            return ""  # an empty match takes nothing out
        self.add(len(found))
        return MASK.strip()

    def add(self, characters: int) -> None:
        """Count one stretch."""
        self.stretches += 1
        self.characters += characters


def _without(value: Any, path: tuple[str, ...], counted: _Counted) -> Any:  # noqa: ANN401
    """Return JSON without what is at `path`; lists are walked through."""
    if isinstance(value, list):
        return [_without(each, path, counted) for each in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        counted.add(len(msgspec.json.encode(value[path[0]])))
        return {key: each for key, each in value.items() if key != path[0]}
    return {
        key: _without(each, path[1:], counted) if key == path[0] else each
        for key, each in value.items()
    }


def _sorted(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=msgspec.json.encode)
    return value


def _sorted_lines(text: str) -> str:
    """Return a text in which each list stands in the order of its items' letters."""
    lines: list[str] = []
    items: list[str] = []
    for line in [*text.split("\n"), ""]:
        if match := _BULLET.fullmatch(line):
            items.append(match[1])
            continue
        lines += [f"- {item}" for item in sorted(items)]
        items = []
        lines.append(line)
    return "\n".join(lines[:-1])


def _plain_numbers(text: str, counted: _Counted) -> str:
    """Return a text with every number in one notation, where it has one reading."""
    read = Text(text)
    plain = read.plain
    for quantity in reversed(read.quantities):
        found = plain[quantity.start : quantity.end]
        if len(quantity.readings) == 1 and (value := min(quantity.readings)) != found:
            plain = plain[: quantity.start] + value + plain[quantity.end :]
            counted.add(0)
    return plain
