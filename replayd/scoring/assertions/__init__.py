"""Kinds of assertions: one row each, by the word that stands in a pin or a suite.

contains, excludes          text, letter case aside
equals                      text, in the same words and marks
mentions, does_not_mention  words, or a list of them, standing together
matches                     a regular expression (RE2) that must be found
max_words                   the most words that an answer may have
number                      a value in any locale, as 42.7, '1,250 kg', '42.7 ± 1 %'
json                        an object whose fields the answer must hold
field                       values by path, as {'order.total': 42.7}
schema                      a JSON Schema that the answer must satisfy
tool                        name of a tool that must be asked for
tool_call                   a tool with arguments: equal, or matching a pattern
refuses                     true or false
language                    ISO 639-1 code
cites_only_given            true: every source that is named is in the request
"""

from collections.abc import Mapping
from typing import Final

from replayd.scoring.assertions import conduct, texts, tools, values
from replayd.scoring.assertions.contract import Kind
from replayd.scoring.contract import Said, ScoringCase
from snaptrace.snapshot.model import Json

KINDS: Final[Mapping[str, Kind]] = {
    "contains": texts.CONTAINS,
    "excludes": texts.EXCLUDES,
    "equals": texts.EQUALS,
    "mentions": texts.MENTIONS,
    "does_not_mention": texts.DOES_NOT_MENTION,
    "matches": texts.MATCHES,
    "max_words": texts.MAX_WORDS,
    "number": values.NUMBER,
    "json": values.JSON,
    "field": values.FIELD,
    "schema": values.SCHEMA,
    "tool": tools.TOOL,
    "tool_call": tools.TOOL_CALL,
    "refuses": conduct.REFUSES,
    "language": conduct.LANGUAGE,
    "cites_only_given": conduct.CITES_ONLY_GIVEN,
}


def problem_of(assertion: Json) -> str:
    """Return why an assertion, or a list of them, could not be checked; "" if it can.

    For whoever writes one down: stored ones are read as they are.
    """
    every = assertion if isinstance(assertion, list | tuple) else [assertion]
    if not every:
        return "an empty list asserts nothing"
    for each in every:
        if not isinstance(each, dict) or not each:
            return "an assertion is an object with one of: " + ", ".join(KINDS)
        for kind, wanted in each.items():
            if kind not in KINDS:
                return f"no assertion {kind!r}; there are: " + ", ".join(KINDS)
            if why := KINDS[kind].misfit(wanted):
                return f"{kind}: {why}"
    return ""


def met(kind: str, wanted: Json, said: Said, case: ScoringCase) -> bool:
    """Return whether an answer meets an assertion of a known kind.

    A value that no release would have written down is not met.
    """
    row = KINDS[kind]
    return not row.misfit(wanted) and row.met(wanted, said, case)
