"""`snaptrace gate --junit`: what a pipeline's viewer is shown of a gate's answer."""

from xml.etree import ElementTree as ET

import pytest
from fakes.gate_verdicts import NOW, verdicts_of

from replayd.verdicts.gate import decide
from snaptrace.cli import main
from snaptrace.cli.evidence.verdict_junit import junit


def suite_of(verdicts, **asked):
    """Return the suite that a gate's answer becomes, and the answer."""
    answer = decide(verdicts, "canary", now_ns=NOW, **asked)
    view = verdicts.canaries.get("canary") if verdicts else None
    return ET.fromstring(junit("canary", view, answer)).find("testsuite"), answer


@pytest.mark.parametrize(
    ("verdicts", "asked", "kinds"),
    [
        (verdicts_of(pairs=3000), {}, [None]),
        (verdicts_of(pairs=3000, worse=0.3), {}, ["failure"]),
        (verdicts_of(pairs=5), {}, ["error"]),
        (verdicts_of(pairs=3000), {"revision": "another"}, ["error"]),
        (verdicts_of(pairs=3000, leading=False), {}, ["error"]),
        (None, {}, ["error"]),
    ],
)
def test_only_a_pass_is_green(verdicts, asked, kinds):
    """A pipeline's viewer would show a shut gate as passed."""
    suite, answer = suite_of(verdicts, **asked)
    found = [case[0].tag if len(case) else None for case in suite.iter("testcase")]
    assert found == kinds
    assert (answer.exit_code == 0) == (kinds == [None])
    shut = int(suite.get("failures")) + int(suite.get("errors"))
    assert shut == len([kind for kind in kinds if kind])


def test_a_gate_that_nobody_answers_is_written_too(tmp_path, monkeypatch, capsys):
    """A dead replayd would leave the pipeline without a report, or with an old one."""
    monkeypatch.chdir(tmp_path)
    argv = ["gate", "--canary", "c", "--url", "http://127.0.0.1:9"]
    assert main([*argv, "--junit", "gate.xml"]) == 3
    (error,) = ET.parse(tmp_path / "gate.xml").iter("error")
    assert error.get("message") == "no replica leads and has caught up"
    assert main([*argv, "--junit", "missing/gate.xml"]) == 4
    assert "--junit missing/gate.xml" in capsys.readouterr().err
