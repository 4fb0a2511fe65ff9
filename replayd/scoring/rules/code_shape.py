"""Code and queries: the same program by static shape? Nothing is ever run.

Equal in one form (names of variables, layout, order of conditions and other ways to
write the same left out) is the same program. A few tokens changed in the recorded
program, or a part of it left out, are an error. A program that is written otherwise is
accepted if it parses, declares what the recording does, and is not empty.
"""

import re

from rapidfuzz.distance import LCSseq

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.code_tokens import (
    calls_of,
    code_tokens,
    declared,
    is_broken_python,
    is_trivial,
)
from replayd.scoring.extract.python_form import python_form
from replayd.scoring.extract.sql_shape import QUERIES, query_form
from replayd.scoring.extract.structure.code_blocks import Code, code_of
from replayd.scoring.usability import ONE_WRONG, unusable

_NO_MATCH = re.compile(r"\bnot (?:exists|in)\b|\bis null\b|\bexcept\b")
FEW = 4  # tokens changed, up to which one program was edited into the other
FEW_SHARE = 0.15  # of the tokens, likewise
NEAR = 0.7  # of a query's tokens in common, likewise
SHARED = 0.5  # of the words of a program that calls nothing
SHORT_STRING = 3  # characters of one with its quotes that says little
SMALLEST = 0.3  # of the recorded tokens: less is no program for the same


class CodeShape:
    """1 for the same program or another way to write it, at most .5 for an edit."""

    name = "code_shape"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording is code."""
        return len(code_tokens(code_of(case.recorded.body).text)) > 1

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 for an edited program, 0 for none."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted, got = code_of(case.recorded.body), code_of(said.body)
        if wanted.text.lstrip().lower().startswith(QUERIES):
            return _query(wanted.text, got.text)
        return _program(wanted, got)


def _program(wanted: Code, got: Code) -> Score:
    one, other = code_tokens(wanted.text), code_tokens(got.text)
    if one == other:
        return Score(1.0)
    if not other or (not got.language and wanted.language):
        return Score(0.0, "no code")
    if wanted.language == "python" and not is_broken_python(wanted.text):
        if is_broken_python(got.text):
            return Score(0.0, "does not parse")
        if is_trivial(got.text) and not is_trivial(wanted.text):
            return Score(0.0, "does nothing")
        if python_form(wanted.text) == python_form(got.text):
            return Score(1.0)
    alike = LCSseq.normalized_similarity(one, other)
    if wanted.is_markup or _is_edited(one, other):
        return Score(ONE_WRONG * alike, "edited")
    if _does_otherwise(wanted, got, one, other):
        return Score(1.0, "written otherwise")
    return Score(ONE_WRONG * alike, "another program")


def _query(wanted: str, got: str) -> Score:
    one, other = query_form(wanted), query_form(got)
    if one == other:
        return Score(1.0)
    if not other or other[0] not in QUERIES:
        return Score(0.0, "no query")
    alike = LCSseq.normalized_similarity(one, other)
    if alike < NEAR and _asks_otherwise(one, other):
        return Score(1.0, "written otherwise")
    return Score(ONE_WRONG * alike, "edited" if alike >= NEAR else "another query")


def _asks_otherwise(one: list[str], other: list[str]) -> bool:
    tables = {t for i, t in enumerate(one) if i and one[i - 1] in {"from", "join"}}
    return (
        one[0] == other[0]
        and _literals(one) <= _literals(other) | {"1"}
        and calls_of(one) == calls_of(other)
        and tables <= set(other)
        and _asks_for_none(one) == _asks_for_none(other)
    )


def _literals(query: list[str]) -> set[str]:
    return {word for word in query if word[0].isdigit() or word[0] == "'"}


def _asks_for_none(query: list[str]) -> bool:
    """Whether a query asks for what has no match, however it is written."""
    return bool(_NO_MATCH.search(" ".join(query)))


def _is_edited(one: list[str], other: list[str]) -> bool:
    """Whether a program was made out of the other by a small change, or by leaving out."""
    blocks = [b for b in LCSseq.opcodes(one, other) if b.tag != "equal"]
    lost = sum(b.src_end - b.src_start for b in blocks)
    new = sum(b.dest_end - b.dest_start for b in blocks)
    if not new:
        return True
    return max(lost, new) <= max(FEW, FEW_SHARE * len(one))


def _does_otherwise(wanted: Code, got: Code, one: list[str], other: list[str]) -> bool:
    """Whether a program that is written otherwise may do the same."""
    if len(other) < SMALLEST * len(one):
        return False
    strings = {token for token in one if token[0] == '"' and len(token) > SHORT_STRING}
    if strings and not strings & set(other):
        return False  # nothing of what it speaks of
    names = declared(wanted.text)
    if names:
        return bool(names & declared(got.text))
    calls = calls_of(one)
    if calls:
        return bool(calls & calls_of(other))
    mine, theirs = _words(one), _words(other)
    return len(mine & theirs) >= SHARED * min(len(mine), len(theirs)) and (
        len(other) >= SHARED * len(one)
    )


def _words(tokens: list[str]) -> set[str]:
    return {token for token in tokens if any(map(str.isalnum, token))}
