"""Word- and number-level differences of one text against another. Pure, bounded."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct
from rapidfuzz.distance import Indel, Opcodes

MOST_TOKENS: Final = 4_000  # of one text; a longer one is not compared
LEAST_SHARED: Final = 0.25  # of the words; below, marks would only be noise
# Numbers with their separators, words, white space, and any other sign.
_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|\s+|.", re.DOTALL)  # noqa: RUF001 - an apostrophe
_DECIMALS = re.compile(r"[.,]\d{1,2}\Z")

Kind = Literal["same", "added", "removed", "number_added", "number_removed"]


class Piece(Struct, frozen=True):
    """A stretch of text; removed ones stand in the other text only."""

    text: str
    kind: Kind


class Compared(Struct, frozen=True, kw_only=True):
    """One text against another."""

    pieces: tuple[Piece, ...]  # all but the removed ones, joined, are the text
    numbers_added: tuple[str, ...] = ()  # in this text only
    numbers_removed: tuple[str, ...] = ()  # in the other only
    alike: bool = False  # the same but for white space
    reworded: bool = False  # too little in common: only numbers are marked


def compare(text: str, other: str) -> Compared:
    """Return what of `text` is not in `other`, and what of `other` is missing.

    Long texts and an empty `other` are returned unmarked.
    """
    here, there = _TOKEN.findall(text), _TOKEN.findall(other)
    if not there or not here or max(len(here), len(there)) > MOST_TOKENS:
        return Compared(pieces=(Piece(text, "same"),) if text else ())
    keys, other_keys = list(map(_key, here)), list(map(_key, there))
    added, removed = _numbers(here, there), _numbers(there, here)
    reworded = not _shares_enough(keys, other_keys)
    marked: list[tuple[str, Kind]] = []
    if reworded:
        marked = [(t, "number_added" if t in added else "same") for t in here]
    else:
        steps = Indel.opcodes(other_keys, keys)
        marked = list(_marked(here, there, steps, (added, removed)))
    return Compared(
        pieces=tuple(_joined(marked)),
        numbers_added=added,
        numbers_removed=removed,
        alike=not reworded and all(k == "same" or not t.strip() for t, k in marked),
        reworded=reworded,
    )


def _marked(
    here: list[str],
    there: list[str],
    steps: Opcodes,
    numbers: tuple[tuple[str, ...], tuple[str, ...]],
) -> Iterator[tuple[str, Kind]]:
    """Yield every token with its mark; in a changed stretch what was, then what is."""
    new: list[tuple[str, Kind]] = []
    for step in steps:
        tokens = here[step.dest_start : step.dest_end]
        if step.tag == "equal":
            yield from new
            new = []
            yield from ((token, "same") for token in tokens)
        else:
            old = there[step.src_start : step.src_end]
            yield from ((token, _removed(token, numbers[1])) for token in old)
            new += [(token, _added(token, numbers[0])) for token in tokens]
    yield from new


def _added(token: str, numbers: tuple[str, ...]) -> Kind:
    return "number_added" if token in numbers else "added"


def _removed(token: str, numbers: tuple[str, ...]) -> Kind:
    return "number_removed" if token in numbers else "removed"


def _key(token: str) -> str:
    """Return what is compared: numbers by value as far as that is plain."""
    if not token[0].isdigit():
        return " " if token.isspace() else token
    whole = _DECIMALS.sub("", token)
    return re.sub(r"[.,]", "", whole) + token[len(whole) :].replace(",", ".")


def _numbers(here: list[str], there: list[str]) -> tuple[str, ...]:
    """Return the numbers of `here` that are not in `there`, once each, in order."""
    known = {_key(token) for token in there if token[0].isdigit()}
    found = [t for t in here if t[0].isdigit() and _key(t) not in known]
    return tuple(dict.fromkeys(found))


def _shares_enough(keys: list[str], others: list[str]) -> bool:
    words, known = (
        Counter(key for key in each if key.isalnum()) for each in (keys, others)
    )
    least = min(words.total(), known.total())
    return not least or (words & known).total() >= LEAST_SHARED * least


def _joined(marked: list[tuple[str, Kind]]) -> list[Piece]:
    """Join neighbours of one kind; a changed blank alone is not marked."""
    pieces: list[Piece] = []
    for token, told in marked:
        kind: Kind = "same" if told == "added" and token.isspace() else told
        if told == "removed" and token.isspace() and not _in_removed(pieces):
            continue
        if pieces and pieces[-1].kind == kind:
            pieces[-1] = Piece(pieces[-1].text + token, kind)
        else:
            pieces.append(Piece(token, kind))
    return pieces


def _in_removed(pieces: list[Piece]) -> bool:
    return bool(pieces) and pieces[-1].kind == "removed"
