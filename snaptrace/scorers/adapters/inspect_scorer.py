"""A scorer of Inspect AI as a scorer of snaptrace.

Source: Inspect AI, `inspect_ai.scorer` and `TaskState`, 0.3. The library is imported
in the scorer's own process, when it is first asked.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from snaptrace.scorers.contract import Score, ScorerCase
from snaptrace.snapshot.model import Answer

# Inspect's own marks for correct, partial, incorrect and no answer.
_MARKS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}


class InspectScorer:
    """Values an answer by `scorer(state, target)`, the recording being the target."""

    def __init__(
        self,
        scorer: Callable[[Any, Any], Awaitable[Any]],
        *,
        name: str,
        version: str,
        target: Callable[[ScorerCase], str] = lambda case: case.reference.text,
    ) -> None:
        """Wrap a scorer as Inspect makes it, for example `match()`."""
        self.name, self.version = name, version
        self._scorer, self._target = scorer, target

    def applies(self, case: ScorerCase) -> bool:
        """Return whether there is a target to hold an answer against."""
        return bool(self._target(case).strip())

    async def score(self, case: ScorerCase, answer: Answer) -> Score:
        """Return Inspect's value in [0, 1]; an empty answer is 0 without asking."""
        if not answer.text.strip() or answer.outcome == "error":
            return Score(0.0, "no answer")
        from inspect_ai.model import (  # noqa: PLC0415 - an optional library
            ChatMessageUser,
            ModelOutput,
        )
        from inspect_ai.scorer import Target  # noqa: PLC0415
        from inspect_ai.solver import TaskState  # noqa: PLC0415

        asked = case.question
        state = TaskState(
            model="snaptrace/replay",
            sample_id=case.snapshot.snapshot_id,
            epoch=1,
            input=asked,
            messages=[ChatMessageUser(content=asked)],
            output=ModelOutput.from_content("snaptrace/replay", answer.text),
        )
        found = await self._scorer(state, Target(self._target(case)))
        why = str(getattr(found, "explanation", "") or "")
        return Score(_value(getattr(found, "value", None)), why or "no value")


def _value(value: object) -> float | None:
    if isinstance(value, str):
        return _MARKS.get(value.upper())
    if isinstance(value, int | float):
        return float(value)
    return None  # lists and tables of values have no one value
