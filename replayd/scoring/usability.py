"""Usability: maps errors to a score, by what a person could still do with the answer.

Every rule of quality counts errors and asks here for the value, so that .5 means the
same everywhere: usable but for some of it. In a short answer one error is all of it.
"""

from typing import Final

from replayd.scoring.contract import Said, Score, ScoringCase

ONE_WRONG: Final = 0.5  # the most that an answer with an error can be worth


def usable(wrong: float, asked: float) -> float:
    """Return 1 without an error, else at most .5 and less the larger their share."""
    if wrong <= 0:
        return 1.0
    return ONE_WRONG * (1.0 - min(1.0, wrong / max(asked, 1.0)))


def valued(wrong: float, asked: float, noun: str) -> Score:
    """Return a score that says how many `noun` were wrong."""
    reason = f"{wrong:g} of {asked:g} {noun} wrong" if wrong > 0 else ""
    return Score(usable(wrong, asked), reason)


def unusable(case: ScoringCase, said: Said) -> Score | None:
    """Return 0 for what answers nothing, whatever the task; else None."""
    if said.is_empty:
        return Score(0.0, "empty")
    if said.refuses and not case.recorded.refuses:
        return Score(0.0, "refused")
    if said.answer.tool_calls and not case.reference.tool_calls:
        return Score(0.0, "a tool call that was not needed")
    return None
