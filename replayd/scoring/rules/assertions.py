"""Pinned cases: does the answer meet what a person wrote down for it?

An assertion is an object with one of these keys:

    contains, excludes      text, letter case aside
    equals                  text, in the same words and marks
    number                  a value that must stand in the answer, any locale
    json                    an object whose fields the answer must hold
    schema                  a JSON Schema that the answer must satisfy
    tool                    name of a tool that must be asked for
    refuses                 true or false
"""

from collections.abc import Callable

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.quantity import agree
from replayd.scoring.extract.structure.json_values import (
    NOTHING,
    leaf_agreement,
    leaves,
    parsed,
)
from replayd.scoring.extract.structure.schemas import accepts, compiled
from replayd.scoring.extract.text import Text
from snaptrace.snapshot.model import Json


def _contains(wanted: Json, said: Said) -> bool:
    return str(wanted).casefold() in said.answer.text.casefold()


def _equals(wanted: Json, said: Said) -> bool:
    return marked_words(said.answer.text) == marked_words(str(wanted))


def _number(wanted: Json, said: Said) -> bool:
    asked = Text(str(wanted)).quantities
    found = said.text.quantities
    return bool(asked) and all(any(agree(a, f) for f in found) for a in asked)


def _json(wanted: Json, said: Said) -> bool:
    if said.json is NOTHING:
        return False
    given = leaves(said.json)
    return all(
        any(leaf_agreement(value, other) == 1.0 for other in given.get(path, ()))
        for path, values in leaves(wanted).items()
        for value in values
    )


def _schema(wanted: Json, said: Said) -> bool:
    schema, value = compiled(wanted), parsed(said.answer.text, fenced=True)
    return schema is not None and value is not NOTHING and accepts(schema, value)


CHECKS: dict[str, Callable[[Json, Said], bool]] = {
    "contains": _contains,
    "excludes": lambda wanted, said: not _contains(wanted, said),
    "equals": _equals,
    "number": _number,
    "json": _json,
    "schema": _schema,
    "tool": lambda wanted, said: wanted in {c.name for c in said.answer.tool_calls},
    "refuses": lambda wanted, said: said.refuses == wanted,
}


class Assertions:
    """Share of a pin's assertions that the answer meets."""

    name = "assertions"

    def applies(self, case: ScoringCase) -> bool:
        """Where the case is pinned with assertions, all of a known kind."""
        return bool(case.assertions) and not unknown_kinds(case)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return met / written down; an empty or refused answer meets none."""
        kinds = {kind for assertion in case.assertions for kind in assertion}
        if said.is_empty or (said.refuses and "refuses" not in kinds):
            return Score(0.0, "empty or refused")
        checks = [
            (kind, CHECKS[kind](wanted, said))
            for assertion in case.assertions
            for kind, wanted in assertion.items()
        ]
        broken = sorted({kind for kind, met in checks if not met})
        value = sum(met for _, met in checks) / len(checks)
        return Score(value, f"broken: {', '.join(broken)}" if broken else "")


def problem_of(assertion: Json) -> str:
    """Return why an assertion, or a list of them, could not be checked; "" if it can.

    For whoever writes one down: stored ones are read as they are.
    """
    every = assertion if isinstance(assertion, list | tuple) else [assertion]
    if not every:
        return "an empty list asserts nothing"
    for each in every:
        if not isinstance(each, dict) or not each:
            return "an assertion is an object with one of: " + ", ".join(CHECKS)
        for kind, wanted in each.items():
            if kind not in CHECKS:
                return f"no assertion {kind!r}; there are: " + ", ".join(CHECKS)
            if why := _misfit(kind, wanted):
                return f"{kind}: {why}"
    return ""


def _misfit(kind: str, wanted: Json) -> str:
    """Return why a value cannot be what this kind asks for."""
    if kind == "refuses":
        return "" if isinstance(wanted, bool) else "true or false is wanted"
    if kind == "schema":
        return "" if compiled(wanted) is not None else "not a JSON Schema"
    if kind == "json":
        held = isinstance(wanted, dict | list) and bool(wanted)
        return "" if held else "an object or list of fields is wanted"
    if kind == "number":
        plain = isinstance(wanted, str | int | float) and not isinstance(wanted, bool)
        held = plain and bool(Text(str(wanted)).quantities)
        return "" if held else "a value is wanted, as 42.7 or '1,250 kg'"
    held = isinstance(wanted, str) and bool(wanted.strip())
    return "" if held else "a text is wanted"


def unknown_kinds(case: ScoringCase) -> tuple[str, ...]:
    """Return assertion kinds that this release cannot check."""
    kinds = {kind for assertion in case.assertions for kind in assertion}
    return tuple(sorted(kinds - CHECKS.keys()))
