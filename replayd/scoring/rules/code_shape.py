"""Code and queries: the same program by static shape? Nothing is ever run.

Equal tokens, up to names of variables, layout and comments, are the same program. A few
tokens changed in the recorded program are an error. A program that is written otherwise
is accepted if it parses, defines and calls what the recording does, and is not empty.
"""

from rapidfuzz.distance import LCSseq

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.code_tokens import (
    calls_of,
    code_tokens,
    declared,
    is_broken_python,
    is_trivial,
    literals_of,
)
from replayd.scoring.extract.structure.code_blocks import Code, code_of
from replayd.scoring.usability import ONE_WRONG, unusable

NEAR = 0.7  # of the tokens in common, from which one program was edited into the other
SMALLEST = 0.3  # of the recorded tokens: less is no program for the same
QUERIES = ("select", "insert", "update", "delete", "with", "create", "alter", "drop")


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
        sql = wanted.text.lstrip().lower().startswith(QUERIES)
        one, other = code_tokens(wanted.text, sql=sql), code_tokens(got.text, sql=sql)
        if one == other:
            return Score(1.0)
        if not other or (not got.language and not sql and wanted.language):
            return Score(0.0, "no code")
        if wanted.language == "python" and not is_broken_python(wanted.text):
            if is_broken_python(got.text):
                return Score(0.0, "does not parse")
            if is_trivial(got.text) and not is_trivial(wanted.text):
                return Score(0.0, "does nothing")
        alike = LCSseq.normalized_similarity(one, other)
        if alike >= NEAR or wanted.is_markup:
            return Score(ONE_WRONG * alike, "edited")
        if _does_otherwise(wanted, got, one, other, sql=sql):
            return Score(1.0, "written otherwise")
        return Score(ONE_WRONG * alike, "another program")


def _does_otherwise(
    wanted: Code, got: Code, one: list[str], other: list[str], *, sql: bool
) -> bool:
    """Whether a program that is written otherwise may do the same."""
    if len(other) < SMALLEST * len(one):
        return False
    if sql:
        tables = {t for i, t in enumerate(one) if i and one[i - 1] in {"from", "join"}}
        return (
            one[0] == other[0]
            and literals_of(one) <= literals_of(other) | {"1"}
            and calls_of(one) == calls_of(other)
            and tables <= set(other)
        )
    names = declared(wanted.text)
    if names and not names & declared(got.text):
        return False
    calls = calls_of(one) - {name.lower() for name in names}
    shared = calls & calls_of(other)
    return bool(shared) or not calls
