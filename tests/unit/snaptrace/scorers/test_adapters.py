"""Metrics of other tools as scorers; on the tools themselves where there are any."""

import shutil
import sys
from types import ModuleType, SimpleNamespace

import pytest

from snaptrace.scorers.adapters import (
    DeepEvalMetric,
    InspectScorer,
    PromptfooAssertion,
)
from snaptrace.scorers.cases import shipped
from snaptrace.snapshot.model import Answer

CASE = shipped()[0].case
RIGHT = Answer(text=CASE.reference.text)
WRONG = Answer(text="It is closed.")


class Metric:
    """Shape of DeepEval's metrics, read from version 4.3."""

    score, reason = None, ""

    def measure(self, case):
        """Keep a score, as DeepEval's metrics do."""
        self.score = float(case.actual_output == case.expected_output)
        self.reason = f"asked {case.input}"
        return self.score


@pytest.fixture
def test_case(monkeypatch):
    """Stand in for `deepeval.test_case` where it is not installed."""
    module = ModuleType("deepeval.test_case")
    module.LLMTestCase = SimpleNamespace
    monkeypatch.setitem(sys.modules, "deepeval", ModuleType("deepeval"))
    monkeypatch.setitem(sys.modules, "deepeval.test_case", module)


def test_a_deepeval_metric_gets_question_answer_and_recording(test_case):
    """A metric would compare an answer with nothing."""
    scorer = DeepEvalMetric(Metric, name="same", version="1")
    assert scorer.applies(CASE)
    found = scorer.score(CASE, RIGHT)
    assert (found.value, found.reason) == (1.0, f"asked {CASE.question}")
    assert scorer.score(CASE, WRONG).value == 0.0
    turned = DeepEvalMetric(Metric, name="same", version="1", lower_is_better=True)
    assert turned.score(CASE, WRONG).value == 1.0
    assert turned.score(CASE, Answer()).value == 0.0


def test_a_real_deepeval_metric_is_a_scorer():
    """A release of DeepEval would break the adapter unseen."""
    metrics = pytest.importorskip("deepeval.metrics")
    scorer = DeepEvalMetric(metrics.ExactMatchMetric, name="same", version="1")
    assert scorer.score(CASE, RIGHT).value == 1.0
    assert scorer.score(CASE, WRONG).value == 0.0


async def test_a_real_inspect_scorer_is_a_scorer():
    """A release of Inspect AI would break the adapter unseen."""
    scorers = pytest.importorskip("inspect_ai.scorer")
    scorer = InspectScorer(scorers.includes(), name="includes", version="1")
    assert (await scorer.score(CASE, RIGHT)).value == 1.0
    assert (await scorer.score(CASE, WRONG)).value == 0.0


async def test_an_empty_answer_is_0_without_asking_inspect():
    """A library that is not there would be asked for nothing."""
    scorer = InspectScorer(lambda _state, _target: None, name="x", version="1")
    assert (await scorer.score(CASE, Answer(text=" "))).value == 0.0


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("return output == context['vars']['recorded']", 0.0),
        ("return 0.25", 0.25),
        ("return {'pass': False, 'score': 0.4, 'reason': 'r'}", 0.4),
        ("return {'pass': True, 'reason': 'r'}", 1.0),
    ],
)
def test_a_python_assertion_of_promptfoo_is_called_as_promptfoo_does(
    tmp_path, body, value
):
    """A team's assertion file would have to be written again."""
    (tmp_path / "grade.py").write_text(
        f"def get_assert(output, context):\n    {body}\n"
    )
    assertion = {"type": "python", "value": "file://grade.py"}
    scorer = PromptfooAssertion(assertion, name="g", version="1", folder=tmp_path)
    assert scorer.applies(CASE)
    assert scorer.score(CASE, WRONG).value == value


PACKAGE = """
exports.assertions = {
  runAssertion: async ({ prompt, assertion, test, providerResponse }) => {
    console.log('a library that prints');
    const wanted = assertion.value.replace('{{recorded}}', test.vars.recorded);
    const pass = providerResponse.output.includes(wanted);
    return { pass, score: pass ? 1 : 0, reason: prompt };
  },
};
"""


@pytest.mark.skipif(not shutil.which("node"), reason="no Node on this machine")
def test_other_assertions_are_run_by_the_node_package(tmp_path):
    """An assertion that promptfoo has would be read by rules of our own."""
    folder = tmp_path / "node_modules" / "promptfoo"
    folder.mkdir(parents=True)
    (folder / "index.js").write_text(PACKAGE)
    assertion = {"type": "contains", "value": "{{recorded}}"}
    scorer = PromptfooAssertion(assertion, name="c", version="1", folder=tmp_path)
    try:
        found = scorer.score(CASE, RIGHT)
        assert (found.value, found.reason) == (1.0, CASE.question)
        assert scorer.score(CASE, WRONG).value == 0.0
    finally:
        scorer.close()
