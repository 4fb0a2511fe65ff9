"""One detector of personal data or secrets: a pattern, its check and its prefilters."""

import re
from collections.abc import Callable

from msgspec import Struct

from snaptrace.redact.config import DetectorName

# A value that one of our own pseudonyms already replaced.
REDACTED = "redacted_"


class Detector(Struct, frozen=True):
    """Finds values of one kind. The pattern's first group, if any, is the value.

    A pattern begins with a sign or a set of signs where it can: looking behind comes
    after it, since a search for a set of signs is several times as fast.
    """

    name: DetectorName  # switched on and off by it
    kind: str  # of its pseudonyms, and label of the counter
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool] = lambda _text: True
    gate: str = ""  # key of `prefilters.GATES`; a text that fails it cannot match
    words: tuple[str, ...] = ()  # lower case; a text with none of them cannot match
    # What has to stand before the match, for values that nothing else tells, and the
    # words without which that cannot be: they say where to look at all.
    before: "re.Pattern[str] | None" = None
    near: "re.Pattern[str] | None" = None


def row(
    name: DetectorName,
    kind: str,
    pattern: str,
    is_one: Callable[[str], bool] = lambda _text: True,
    *,
    gate: str = "",
    words: tuple[str, ...] = (),
    before: str = "",
    near: str = "",
) -> Detector:
    """Return a detector; `near` alone asks for a name before the value."""
    if near and not before:
        before = _named(near)
    told = re.compile(before + r"\Z") if before else None
    names = re.compile(f"(?i:{near})") if near else None
    return Detector(name, kind, re.compile(pattern), is_one, gate, words, told, names)


def _named(words: str) -> str:
    """Return a pattern of what stands before a number that has no shape of its own."""
    return (
        rf"(?i:(?<![A-Za-z])(?:{words})(?:[ _\-]?(?:number|nummer|num|nr|no|id|card))?"
        r"\.?(?![A-Za-z]))(?i:[\s:=#\"'(\\]|\b(?:is|ist|lautet|at|me)\b){0,8}"
    )
