"""Pinned cases: does the answer meet what a person wrote down for it?

An assertion is an object with one of these keys:

    contains, excludes      text, letter case aside
    equals                  text, in the same words
    number                  a value that must stand in the answer, any locale
    json                    an object whose fields the answer must hold
    schema                  a JSON Schema that the answer must satisfy
    tool                    name of a tool that must be asked for
    refuses                 true or false
"""

from collections.abc import Callable

from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.json_values import (
    NOTHING,
    leaf_agreement,
    leaves,
    parsed,
    structured,
)
from replayd.scoring.quantities import agree, quantities
from replayd.scoring.refusals import refuses, says_nothing
from replayd.scoring.schemas import accepts, compiled
from replayd.scoring.words import words_of
from snaptrace.snapshots.model import Answer, Json


def _contains(wanted: Json, answer: Answer) -> bool:
    return str(wanted).casefold() in answer.text.casefold()


def _equals(wanted: Json, answer: Answer) -> bool:
    return words_of(answer.text) == words_of(str(wanted))


def _number(wanted: Json, answer: Answer) -> bool:
    asked = quantities(str(wanted))
    found = quantities(answer.text)
    return bool(asked) and all(any(agree(a, f) for f in found) for a in asked)


def _json(wanted: Json, answer: Answer) -> bool:
    got = structured(answer.text)
    if got is NOTHING:
        return False
    given = leaves(got)
    return all(
        any(leaf_agreement(value, other) == 1.0 for other in given.get(path, ()))
        for path, values in leaves(wanted).items()
        for value in values
    )


def _schema(wanted: Json, answer: Answer) -> bool:
    schema, value = compiled(wanted), parsed(answer.text, fenced=True)
    return schema is not None and value is not NOTHING and accepts(schema, value)


CHECKS: dict[str, Callable[[Json, Answer], bool]] = {
    "contains": _contains,
    "excludes": lambda wanted, answer: not _contains(wanted, answer),
    "equals": _equals,
    "number": _number,
    "json": _json,
    "schema": _schema,
    "tool": lambda wanted, answer: wanted in {c.name for c in answer.tool_calls},
    "refuses": lambda wanted, answer: refuses(answer) == wanted,
}


class Assertions:
    """Share of a pin's assertions that the answer meets."""

    name = "assertions"

    def applies(self, case: ScoringCase) -> bool:
        """Where the case is pinned with assertions, all of a known kind."""
        return bool(case.assertions) and not unknown_kinds(case)

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return met / written down; an empty or refused answer meets none."""
        kinds = {kind for assertion in case.assertions for kind in assertion}
        if says_nothing(answer) or (refuses(answer) and "refuses" not in kinds):
            return Score(0.0, "empty or refused")
        checks = [
            (kind, CHECKS[kind](wanted, answer))
            for assertion in case.assertions
            for kind, wanted in assertion.items()
        ]
        broken = sorted({kind for kind, met in checks if not met})
        value = sum(met for _, met in checks) / len(checks)
        return Score(value, f"broken: {', '.join(broken)}" if broken else "")


def unknown_kinds(case: ScoringCase) -> tuple[str, ...]:
    """Return assertion kinds that this release cannot check."""
    kinds = {kind for assertion in case.assertions for kind in assertion}
    return tuple(sorted(kinds - CHECKS.keys()))
