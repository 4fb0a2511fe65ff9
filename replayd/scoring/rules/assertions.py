"""Pinned cases: does the answer meet what a person wrote down for it?

The kinds are in `replayd/scoring/assertions`; here they become a value.
"""

from replayd.scoring.assertions import KINDS, met
from replayd.scoring.contract import Said, Score, ScoringCase


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
            (kind, met(kind, wanted, said, case))
            for assertion in case.assertions
            for kind, wanted in assertion.items()
        ]
        broken = sorted({kind for kind, held in checks if not held})
        value = sum(held for _, held in checks) / len(checks)
        return Score(value, f"broken: {', '.join(broken)}" if broken else "")


def unknown_kinds(case: ScoringCase) -> tuple[str, ...]:
    """Return assertion kinds that this release cannot check."""
    kinds = {kind for assertion in case.assertions for kind in assertion}
    return tuple(sorted(kinds - KINDS.keys()))
