"""A metric of DeepEval as a scorer of snaptrace.

Source: DeepEval, `LLMTestCase` and `BaseMetric`, 3 and 4. The library is imported in
the scorer's own process, when it is first asked.
"""

from collections.abc import Callable
from typing import Any

from snaptrace.scorers.contract import Score, ScorerCase
from snaptrace.snapshot.model import Answer


class DeepEvalMetric:
    """Values an answer by `metric.measure`, the recording being the expected output.

    `make` returns a new metric: metrics keep what they measured last. A metric for
    which less is better, as of bias, is turned round with `lower_is_better`.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        *,
        name: str,
        version: str,
        lower_is_better: bool = False,
        applies: Callable[[ScorerCase], bool] = lambda case: bool(
            case.reference.text.strip()
        ),
    ) -> None:
        self.name, self.version = name, version
        self._make, self._turned, self._applies = make, lower_is_better, applies

    def applies(self, case: ScorerCase) -> bool:
        """Return whether the metric judges a case."""
        return self._applies(case)

    def score(self, case: ScorerCase, answer: Answer) -> Score:
        """Return the metric's score; an empty answer is 0 without asking."""
        if not answer.text.strip() or answer.outcome == "error":
            return Score(0.0, "no answer")
        from deepeval.test_case import LLMTestCase  # noqa: PLC0415 - optional

        metric = self._make()
        measured = metric.measure(
            LLMTestCase(
                input=case.question,
                actual_output=answer.text,
                expected_output=case.reference.text,
            )
        )
        found = getattr(metric, "score", None)
        found = measured if found is None else found
        if found is None:
            return Score(None, str(getattr(metric, "error", "") or "no score"))
        value = min(max(float(found), 0.0), 1.0)
        why = str(getattr(metric, "reason", "") or "")
        return Score(1.0 - value if self._turned else value, why)
