"""JSON values compared field by field. Bounded in size and depth."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from replayd.scoring.extract.numbers.marks import (
    looks_coded_text,
    marked_words,
    marks_of,
)
from replayd.scoring.extract.prose.facts import facts_agreement, facts_of
from replayd.scoring.extract.structure.body import body_of, unfenced, without_thoughts
from replayd.scoring.extract.text import Text
from snaptrace.snapshot.model import Json

LONGEST_READ = 262_144  # characters of JSON text
MOST_LEAVES = 2_000
LONGEST_EXACT = 5  # words; a longer string is prose and compared by its facts

MAIN_SHARE = 0.5  # of a text, from which a value within it is its answer
_OPENS = re.compile(r"[{\[]")
MOST_TRIES = 5


class _Nothing:
    """No JSON value at all, not even null."""


NOTHING: Final = _Nothing()


def parsed(text: str, *, fenced: bool = False) -> Json:
    """Return the value that `text` is, or `NOTHING`; never raises.

    `fenced` allows a Markdown code fence around it.
    """
    if len(text) > LONGEST_READ:
        return NOTHING
    if fenced:
        text = unfenced(without_thoughts(text).strip())
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return NOTHING


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def structured(text: str) -> Json:
    """Return the object or list that `text` is, fence or not, else `NOTHING`.

    Words before and after it are no part of the value, as long as it is most of the text.
    """
    if "{" not in text and "[" not in text:
        return NOTHING  # prose, as most answers are
    value = parsed(text, fenced=True)
    if value is NOTHING:
        value = _within(unfenced(body_of(text)))
    return value if isinstance(value, dict | list) else NOTHING


def _within(text: str) -> Json:
    """Return the value that most of `text` is, else `NOTHING`."""
    if len(text) > LONGEST_READ:
        return NOTHING
    for opening in islice(_OPENS.finditer(text), MOST_TRIES):
        try:
            value, end = _decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        if end - opening.start() >= MAIN_SHARE * len(text.strip()):
            return value
    return NOTHING


def fields_agreement(reference: Json, answer: Json) -> float:
    """Return F1 over leaf fields, in [0, 1]; 1 if both are empty.

    Lists of plain values compare without order, lists of objects by place. Numbers
    compare by value, short strings by their words, prose by its facts.
    """
    asked, given = leaves(reference), leaves(answer)
    if not asked and not given:
        return 1.0
    met = 0.0
    for path, values in asked.items():
        rest = list(given.get(path, ()))
        for value in values:
            best = max(
                range(len(rest)),
                key=lambda i: leaf_agreement(value, rest[i]),
                default=None,
            )
            if best is not None:
                met += leaf_agreement(value, rest[best])
                rest.pop(best)
    total = sum(map(len, asked.values())) + sum(map(len, given.values()))
    return 2 * met / total


def leaves(value: Json) -> dict[str, list[Json]]:
    """Return values by path, at most `MOST_LEAVES`; an empty object is a leaf."""
    found: dict[str, list[Json]] = {}
    for count, (path, leaf) in enumerate(_walk(value)):
        if count >= MOST_LEAVES:
            break
        found.setdefault(path, []).append(leaf)
    return found


def leaf_agreement(reference: Json, answer: Json) -> float:
    """Return how far two plain values are the same, in [0, 1]."""
    if isinstance(reference, str) and isinstance(answer, str):
        return _strings_agreement(reference, answer)
    if isinstance(reference, bool) or isinstance(answer, bool):
        return float(reference is answer)
    if isinstance(reference, int | float) and isinstance(answer, int | float):
        return float(reference == answer)
    return float(type(reference) is type(answer) and reference == answer)


def _strings_agreement(reference: str, answer: str) -> float:
    wanted, got = Text(reference), Text(answer)
    if marked_words(reference) == marked_words(answer):
        return 1.0
    if len(wanted.words) <= LONGEST_EXACT or wanted.words == got.words:
        return 0.0  # where only marks differ, an operator or a sign does
    if marks_of(reference) != marks_of(answer) and looks_coded_text(reference):
        return 0.0
    facts = facts_of(wanted)
    if facts.count:
        return facts_agreement(facts, got, granted=Text(""))
    return float(bool(got.words))


def _walk(root: Json) -> Iterator[tuple[str, Json]]:
    stack: list[tuple[str, Json]] = [("", root)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict) and value:
            stack.extend((f"{path}.{key}", value[key]) for key in reversed(value))
        elif isinstance(value, list) and value:
            stack.extend(
                (f"{path}[{i}]" if isinstance(item, dict | list) else f"{path}[]", item)
                for i, item in reversed(list(enumerate(value)))
            )
        elif path or not isinstance(value, dict | list):
            yield path, value
