"""JSON values compared field by field. Bounded in size and depth."""

import json
import re
from collections.abc import Iterator
from typing import Final

from replayd.scoring.extract.facts import facts_agreement, facts_of
from replayd.scoring.extract.text import Text
from snaptrace.snapshot.model import Json

LONGEST_READ = 262_144  # characters of JSON text
MOST_LEAVES = 2_000
LONGEST_EXACT = 5  # words; a longer string is prose and compared by its facts

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class _Nothing:
    """No JSON value at all, not even null."""


NOTHING: Final = _Nothing()


def parsed(text: str, *, fenced: bool = False) -> Json:
    """Return the value that `text` is, or `NOTHING`; never raises.

    `fenced` allows a Markdown code fence around it.
    """
    if len(text) > LONGEST_READ:
        return NOTHING
    if fenced and (match := _FENCE.match(text)):
        text = match[1]
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return NOTHING


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def structured(text: str) -> Json:
    """Return the object or list that `text` is, fence or not, else `NOTHING`."""
    if text.lstrip()[:1] not in {"{", "[", "`"}:
        return NOTHING  # prose, as most answers are
    value = parsed(text, fenced=True)
    return value if isinstance(value, dict | list) else NOTHING


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
    if wanted.words == got.words:
        # Only marks: `->` and `=>` are no words but not the same either.
        return float(bool(wanted.words) or reference.strip() == answer.strip())
    if len(wanted.words) <= LONGEST_EXACT:
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
