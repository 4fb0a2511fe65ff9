"""An assertion of promptfoo as a scorer of snaptrace.

Source: promptfoo, `assertions.runAssertion` of the Node package and the `get_assert`
of Python assertion files, 0.121. A Python file is called here. Any other assertion is
run by promptfoo itself in a Node process, which has as little network as the scorer.
"""

import json
import subprocess
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from snaptrace.scorers.contract import Score, ScorerCase
from snaptrace.snapshot.model import Answer

# Reads a line, answers a line; promptfoo's own log goes to stderr.
_SCRIPT = """
console.log = console.info = console.debug = console.error;
const at = require.resolve('promptfoo', { paths: [process.argv[1]] });
const { assertions } = require(at);
const lines = require('readline').createInterface({ input: process.stdin });
(async () => {
  for await (const line of lines) {
    let told;
    try { told = await assertions.runAssertion(JSON.parse(line)); }
    catch (error) { told = { fault: error.name }; }
    process.stdout.write(JSON.stringify(told) + '\\n');
  }
})();
"""


class PromptfooAssertion:
    """Values an answer by one assertion, as it stands in a promptfoo configuration.

    `{{recorded}}` and `{{question}}` are variables in its value. `folder` is where
    `promptfoo` is installed, or where a `file://` of the assertion begins.
    """

    def __init__(
        self,
        assertion: dict[str, Any],
        *,
        name: str,
        version: str,
        folder: str | Path = ".",
        node: str = "node",
    ) -> None:
        self.name, self.version = name, version
        self._assertion, self._folder, self._node = assertion, Path(folder), node
        self._process: subprocess.Popen[str] | None = None
        self._python: Callable[..., Any] | None = None

    def applies(self, case: ScorerCase) -> bool:
        """Return whether there is a recorded text to hold an answer against."""
        return bool(case.reference.text.strip())

    def score(self, case: ScorerCase, answer: Answer) -> Score:
        """Return promptfoo's score; an empty answer is 0 without asking."""
        if not answer.text.strip() or answer.outcome == "error":
            return Score(0.0, "no answer")
        values = {"recorded": case.reference.text, "question": case.question}
        if self._assertion.get("type") == "python":
            context = {"vars": values, "prompt": case.question, "test": {}}
            return _graded(self._loaded()(answer.text, context))
        return _graded(self._told(answer.text, case.question, values))

    def close(self) -> None:
        """End promptfoo's process; it ends with the scorer's, too."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _loaded(self) -> Callable[..., Any]:
        if self._python is None:
            value = str(self._assertion["value"]).removeprefix("file://")
            path, _, function = value.partition(":")
            spec = spec_from_file_location("promptfoo_file", self._folder / path)
            assert spec is not None
            assert spec.loader is not None
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            self._python = getattr(module, function or "get_assert")
        return self._python

    def _told(self, output: str, prompt: str, values: dict[str, str]) -> object:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603 - the operator's Node
                [self._node, "-e", _SCRIPT, str(self._folder.absolute())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {
            "prompt": prompt,
            "assertion": self._assertion,
            "test": {"vars": values},
            "providerResponse": {"output": output},
        }
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline() or "{}")


def _graded(found: object) -> Score:
    """Return a score: promptfoo grades by a truth, a number, or a table."""
    if isinstance(found, bool | int | float):
        return Score(float(found))
    if isinstance(found, dict):
        passed = found.get("pass", found.get("pass_"))
        score = found.get("score", passed)
        why = str(found.get("reason") or "")
        if isinstance(score, bool | int | float):
            # A failed assertion below its threshold may still have a high score.
            return Score(min(max(float(score), 0.0), 1.0), why)
    raise ValueError("promptfoo gave no grade")
