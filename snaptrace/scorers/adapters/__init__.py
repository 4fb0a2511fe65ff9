"""Adapters: a metric that a team already has becomes a scorer."""

from snaptrace.scorers.adapters.deepeval_metric import DeepEvalMetric
from snaptrace.scorers.adapters.inspect_scorer import InspectScorer
from snaptrace.scorers.adapters.promptfoo_assertion import PromptfooAssertion

__all__ = ["DeepEvalMetric", "InspectScorer", "PromptfooAssertion"]
