"""Speakers of a transcript: who says which turn, whatever the turns look like."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

FEWEST_TURNS: Final = 2
_TURN = re.compile(
    r"^[ \t]*(?:[-*>][ \t]+)?(?P<mark>[\[(*_]{0,3})(?P<name>[^\W\d_][\w .'-]{0,24}?)[\])*_]{0,3}"
    r"(?:[:：][*_]{0,2}|(?<=[\])])|(?<=[ _][\w])[ \t][–—-])[ \t]+(?=\S)",
    re.MULTILINE,
)
_GENERIC = re.compile(
    r"(?:speaker|sprecher\w*|locuteur|hablante|interlocutore|spk|person|persona|personne|voice|voix|voz|mówca|gesprächspartner\w*|spreker|talare|hablante|falante|locutor\w*|parlante|diktor|спикер|конуш\w*|konuşmacı|화자|话者|說話者|说话人|話者)?[ _]?\w{1,3}\Z",
    re.IGNORECASE,
)


class Turns(NamedTuple):
    """The names of speakers, one for each turn, and the text without them."""

    names: tuple[str, ...]
    text: str


def turns_of(text: str) -> Turns:
    """Return the turns of a transcript; no names where fewer than two are marked."""
    found = list(_TURN.finditer(text))
    lines = sum(bool(line.strip()) for line in text.splitlines())
    names = tuple(" ".join(m["name"].casefold().split()) for m in found)
    many = len(found) >= FEWEST_TURNS and len(found) * 2 >= lines
    if not many or len(set(names)) == len(names) > FEWEST_TURNS:
        return Turns((), text)
    return Turns(names, _TURN.sub("", text))


def turn_errors(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Count turns given to another speaker; general names stand for any."""
    if not wanted or not got:
        return 0  # whose words they are was not said on one side
    if set(wanted) != set(got) and (_all_general(wanted) or _all_general(got)):
        wanted, got = _numbered(wanted), _numbered(got)
    wrong = sum(a != b for a, b in zip(wanted, got, strict=False))
    return wrong + abs(len(wanted) - len(got))


def _all_general(names: Sequence[str]) -> bool:
    return all(map(_GENERIC.match, names))


def _numbered(names: Sequence[str]) -> list[str]:
    order = list(dict.fromkeys(names))
    return [str(order.index(name)) for name in names]
