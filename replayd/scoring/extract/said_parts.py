"""A short text as tokens: values and words, and which part of the text each stands in.

Tables of labels and values, lines, sentences and JSON come out alike; values and units
are read as measures, so their spelling does not count.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import Measure, measured
from replayd.scoring.extract.prose.claim_words import absences, negations
from replayd.scoring.extract.prose.sentences import carries
from replayd.scoring.extract.structure.body import unfenced
from replayd.scoring.extract.structure.cells import Grid
from replayd.scoring.extract.structure.fields import YES_OR_NO
from replayd.scoring.extract.structure.json_values import structured
from snaptrace.snapshot.model import Json

LONGEST_READ: Final = 1_500  # characters

_MARKUP = re.compile(r"\*\*|__|`|^\s*(?:[-*•–]|\d{1,2}[.)])\s+|^#+\s", re.MULTILINE)
_RULED = re.compile(
    r"^[^\n]*\|[^\n]*\n[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*\n", re.MULTILINE
)
_WIDE = re.compile(r"\|[^|\n]+\|[^|\n]+\|[^|\n]+|<t[dr]\b", re.IGNORECASE)
# Between parts that may stand in any order, and between the sides of one part.
_GROUPS = re.compile(
    r"\n+|[;。；؛!?？！]|(?<=\w\w\w)[.](?=\s|\Z)|[,،、，](?!\d)"
    r"|\s(?:and|und|et|y|e|en|och|og|i|и|і|та|ve|dan|và|و)\s"
)
# A text without these is one part.
MARKS_PARTS = re.compile(r"[\n,;.:、，；。：–(|]")
_ATOMS = re.compile(r"[:：=→|()（）\[\]\"“”„«»「」]|\s[-–—]+\s")
_LETTER_DIGIT = re.compile(r"\b([A-Z]{1,4})[-\s]?(\d{2,})(?![\w-])")
_DIGIT_LETTER = re.compile(r"(?<![\w-])(\d{3,})\s?([A-Z]{1,3})\b")
UNSPACED: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_PIECES = re.compile(rf"{UNSPACED.pattern}|[^\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
_KANA = re.compile(r"[\u3041-\u309f]")
_MARKED = re.compile(r"[|\t]|<t[dr]\b")


class Token(NamedTuple):
    """A value or a word, and which part of the text it stands in."""

    word: str  # folded
    measure: Measure | None
    group: int
    atom: int
    small: bool = False  # a word that says nothing by itself
    label: bool = False  # a key of JSON, which the recording may do without


@lru_cache(maxsize=512)
def read_parts(text: str) -> tuple[Token, ...]:
    """Return the tokens of a text; () where it is too long, or a table of its own."""
    plain = unfenced(text)
    if len(plain) > LONGEST_READ or _WIDE.search(plain):
        return ()
    value = structured(plain)
    keyed = isinstance(value, dict | list)
    if isinstance(value, dict | list):
        plain = "\n".join(_lines(value))
    else:
        grid = Grid.of(plain)
        if grid.laid_out and any(cell.column for cell in grid.cells):
            return ()
        if grid.laid_out and _MARKED.search(plain):
            plain = "\n".join(_rows(grid))
    plain = _MARKUP.sub("", _RULED.sub("", f"{plain}\n"))
    plain = _DIGIT_LETTER.sub(r"\1 \2", _LETTER_DIGIT.sub(r"\1 \2", plain))
    read = measured(plain)
    tokens = _tokens(read.text, read.measures)
    return tuple(_as_labels(tokens) if keyed else tokens)


def _as_labels(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens of JSON, the first side of each line as its label."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for token in tokens:
        first.setdefault(token.group, token.atom)
        last[token.group] = token.atom
    return [
        token._replace(
            label=token.atom == first[token.group] < last[token.group]
            and token.measure is None
        )
        for token in tokens
    ]


def _rows(grid: Grid) -> list[str]:
    """Return a table of labels and values as lines, units of its head beside them."""
    return [f"{cell.row}: {cell.value}" for cell in grid.cells]


def _lines(value: Json, label: str = "") -> list[str]:
    """Return JSON as lines of labels and values."""
    if isinstance(value, dict):
        return [
            line
            for key, inner in value.items()
            for line in _lines(inner, re.sub(r"[_-]", " ", str(key)))
        ]
    if isinstance(value, list):
        return [line for inner in value for line in _lines(inner, label)]
    return [f"{label}: {value}"] if label else [str(value)]


def _tokens(text: str, measures: Sequence[Measure]) -> list[Token]:
    found: list[Token] = []
    group = atom = at = 0
    for measure in (*measures, None):
        end = len(text) if measure is None else measure.start
        if measure is not None and measure.start < at:
            continue
        between = text[at:end]
        for number, part in enumerate(_GROUPS.split(between)):
            group += number > 0
            for place, side in enumerate(_ATOMS.split(part)):
                atom += place > 0 or number > 0
                said = YES_OR_NO.get(side.strip(" .!").casefold())
                words = [said] if said else _words(side)
                found += (
                    Token(word, None, group, atom, small=not (said or _says(word)))
                    for word in words
                )
        if measure is not None:
            written = text[measure.start : measure.end].casefold()
            found.append(Token(written, measure, group, atom))
            at = measure.end
    return found


def _words(text: str) -> list[str]:
    """Return the words in order, those without blanks letter by letter."""
    found: list[str] = []
    for word in marked_words(text):
        pieces = _PIECES.findall(word) if UNSPACED.search(word) else [word]
        found += [piece for piece in pieces if any(map(str.isalnum, piece))]
    return found


def _says(word: str) -> bool:
    if word in negations() or word in absences():
        return True
    return carries(word) and not _KANA.match(word)
