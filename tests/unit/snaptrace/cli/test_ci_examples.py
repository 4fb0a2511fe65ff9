"""Examples for pipelines: valid YAML whose commands the command line takes."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from cyclopts import App

from snaptrace.cli.suites.commands import check
from snaptrace.cli.suites.run import run_pinned

FOLDER = Path(__file__).parents[4] / "deploy" / "ci"
VARIABLE = re.compile(r"\$\{\{[^}]*\}\}|\$[A-Z_]+")


def commands(name):
    """Return every snaptrace command of an example, as words."""
    text = yaml.safe_load((FOLDER / name).read_text())
    if "jobs" in text:
        steps = [step.get("run", "") for step in text["jobs"]["suite"]["steps"]]
    else:
        steps = text["suite"]["script"]
    lines = [VARIABLE.sub("http://x/v1", step) for step in steps]
    return [shlex.split(line) for line in lines if line.startswith("snaptrace ")]


def app():
    """Return the commands that pipelines use."""
    found = App(result_action="return_value")
    found.command(run_pinned, name="test")
    nested = App(name="suite")
    nested.command(check, name="check")
    found.command(nested)
    return found


@pytest.mark.parametrize("name", ["github-actions.yaml", "gitlab-ci.yaml"])
def test_examples_parse_and_their_options_exist(name):
    """If it failed, the first pipeline that copies an example would fail."""
    found = commands(name)
    assert [words[1] for words in found] == ["suite", "test"]
    for words in found:
        command, bound, _ = app().parse_args(words[1:], exit_on_error=False)
        assert command in (run_pinned, check)
        assert bound.arguments


def test_github_writes_reports_even_if_the_suite_fails():
    """If it failed, a red suite would leave no report behind."""
    text = yaml.safe_load((FOLDER / "github-actions.yaml").read_text())
    after = text["jobs"]["suite"]["steps"][-3:]
    assert all(step["if"] == "always()" for step in after)
