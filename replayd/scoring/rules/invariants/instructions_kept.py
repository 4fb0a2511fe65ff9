"""Invariant: an answer keeps the constraints on form that the recording kept."""

from typing import Final

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.prose.constraints import Constraint, constraints_of
from replayd.scoring.tasks import Task, task_of

# Where one choice is read out of the answer, a label or a reason around it is no harm.
_CHOICES: Final[frozenset[Task]] = frozenset({"options", "classification"})


class InstructionsKept:
    """0 if the answer breaks a countable instruction, else 1.

    What the recording itself does not keep is no rule to hold others to. Courtesies
    around an answer are not counted.
    """

    name = "instructions_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where the request puts constraints that the recording keeps."""
        return (
            not case.nothing_recorded
            and bool(_kept(case))
            and task_of(case) not in _CHOICES
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        if said.is_empty:
            return Score(0.0, "empty")
        if said.refuses:
            return Score(1.0)  # another rule's business
        for constraint in _kept(case):
            if not constraint.holds(said.body):
                return Score(0.0, f"breaks: {constraint.told}")
        return Score(1.0)


def _kept(case: ScoringCase) -> list[Constraint]:
    body = case.recorded.body
    if not body.strip() or case.recorded.refuses:
        return []
    return [each for each in constraints_of(case.instructions) if each.holds(body)]
