"""Tool use: were the same tools asked for, with the same arguments?

No tool is executed, here or anywhere.
"""

from collections.abc import Sequence

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.json_values import (
    NOTHING,
    fields_agreement,
    parsed,
)
from snaptrace.snapshot.model import ToolCall

NAME_SHARE = 0.25  # of a call's credit; the arguments are the rest
MOST_CALLS = 64


class ToolAgreement:
    """Each recorded call matched with the best answered call of the same name."""

    name = "tool_agreement"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording asked for a tool and the offered tools were seen."""
        return bool(case.reference.tool_calls) and not case.hides("tools")

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return credit / max(calls recorded, calls answered)."""
        wanted, got = case.reference.tool_calls, said.answer.tool_calls
        if not got:
            return Score(0.0, "no tool asked for")
        credit = matched_credit(wanted[:MOST_CALLS], got[:MOST_CALLS])
        value = credit / max(len(wanted), len(got))
        names = sorted({call.name for call in got} - {call.name for call in wanted})
        return Score(value, "other tool" if names else f"{value:.0%} of calls")


def matched_credit(wanted: Sequence[ToolCall], got: Sequence[ToolCall]) -> float:
    """Return the summed credit of the best pairs, each call used once."""
    offers = sorted(
        (
            (-_credit(one, other), i, j)
            for i, one in enumerate(wanted)
            for j, other in enumerate(got)
            if one.name == other.name
        ),
    )
    credit = 0.0
    used_wanted: set[int] = set()
    used_got: set[int] = set()
    for less, i, j in offers:
        if i not in used_wanted and j not in used_got:
            used_wanted.add(i)
            used_got.add(j)
            credit -= less
    return credit


def _credit(wanted: ToolCall, got: ToolCall) -> float:
    one, other = _arguments(wanted), _arguments(got)
    if other is NOTHING:
        return 0.0 if one is not NOTHING else float(wanted.arguments == got.arguments)
    return NAME_SHARE + (1.0 - NAME_SHARE) * fields_agreement(one, other)


def _arguments(call: ToolCall) -> object:
    return parsed(call.arguments) if call.arguments.strip() else {}
