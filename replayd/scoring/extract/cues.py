"""The cues of a transcript with times: SRT, WebVTT, `[00:12] …` lines, JSON segments."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from replayd.scoring.extract.structure.body import unfenced
from replayd.scoring.extract.structure.json_values import structured
from snaptrace.snapshot.model import Json

LONGEST_READ: Final = 262_144  # characters
MOST_CUES: Final = 4_000
FEWEST_CUES: Final = 2

_CLOCK: Final = r"(?:\d{1,2}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?"
_ARROW = re.compile(
    rf"^[ \t]*(?P<start>{_CLOCK})\s*-->\s*(?P<end>{_CLOCK})[^\n]*\n?", re.MULTILINE
)
_LINE = re.compile(
    rf"^[ \t]*[\[(]?(?P<start>{_CLOCK})(?:\s?(?:-|–|to|-->)\s?(?P<end>{_CLOCK}))?(?:[\])]|\s?[-–:])?[ \t]+(?P<text>\S[^\n]*)$",
    re.MULTILINE,
)
_TAG = re.compile(r"<[^<>\n]{1,60}>")
_LISTS: Final = ("segments", "words", "chunks", "utterances", "cues")
_TEXTS: Final = ("text", "word", "transcript", "content")


class Cue(NamedTuple):
    """Words with the seconds at which they begin and end."""

    start: float
    end: float
    text: str


@lru_cache(maxsize=64)
def cues_of(text: str) -> tuple[Cue, ...]:
    """Return the cues in the order they stand; () where a text has less than two."""
    plain = unfenced(text[:LONGEST_READ]).strip()
    if not any(map(str.isdigit, plain[:400])):
        return ()
    found = list(_of_json(plain) or _of_arrows(plain) or _of_lines(plain))
    return tuple(found[:MOST_CUES]) if len(found) >= FEWEST_CUES else ()


def spoken(text: str) -> str:
    """Return the words of a transcript alone, where it has cues, else the text."""
    cues = cues_of(text)
    return "\n".join(cue.text for cue in cues) if cues else text


def _of_json(text: str) -> list[Cue]:
    value = structured(text) if text[:1] in {"{", "["} else None
    if isinstance(value, dict):
        value = next((value[k] for k in _LISTS if isinstance(value.get(k), list)), None)
    rows = value if isinstance(value, list) else []
    found = [_of_row(row) for row in rows if isinstance(row, dict)]
    return [cue for cue in found if cue] if all(found) else []


def _of_row(row: Mapping[str, Json]) -> Cue | None:
    pair = row.get("timestamp")
    both = pair if isinstance(pair, list) and len(pair) == 2 else ()
    start, end = both or (row.get("start"), row.get("end"))
    said = next((row[k] for k in _TEXTS if isinstance(row.get(k), str)), None)
    begins, ends = _seconds(start), _seconds(end)
    if begins is None or ends is None or said is None:
        return None
    return Cue(begins, ends, str(said).strip())


def _of_arrows(text: str) -> list[Cue]:
    marks = list(_ARROW.finditer(text))
    stops = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    return [
        Cue(
            _seconds(mark["start"]) or 0.0,
            _seconds(mark["end"]) or 0.0,
            _words(text[mark.end() : stop]),
        )
        for mark, stop in zip(marks, stops, strict=True)
    ]


def _words(block: str) -> str:
    """Return the lines up to a blank one: the number of the next cue stands behind it."""
    return _TAG.sub("", block.split("\n\n", 1)[0]).strip()


def _of_lines(text: str) -> Iterator[Cue]:
    lines = [line for line in text.splitlines() if line.strip()]
    marks = [m for line in lines if (m := _LINE.match(line))]
    if len(marks) < FEWEST_CUES or len(marks) * 2 < len(lines):
        return
    starts = [_seconds(mark["start"]) or 0.0 for mark in marks]
    following: Sequence[float] = (*starts[1:], starts[-1])
    for mark, start, after in zip(marks, starts, following, strict=True):
        end = _seconds(mark["end"])
        yield Cue(start, max(start, after) if end is None else end, mark["text"])


def _seconds(value: Json) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    total = 0.0
    try:
        for part in value.strip().rstrip("s").replace(",", ".").split(":"):
            total = total * 60 + float(part)
    except ValueError:
        return None
    return total
