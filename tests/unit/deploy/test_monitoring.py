"""Alert rules and dashboards: valid, tested, and about metrics that exist."""

import json
import re
import subprocess

import pytest
import yaml
from expressions import DASHBOARDS, RULES, expressions, panels, rules
from prometheus_tools import unpack
from registries import of_collector, of_replayd
from rendered import ROOT

pytestmark = pytest.mark.deploy

ALERTS = ROOT / "deploy" / "alerts"
TESTS = ALERTS / "snaptrace.tests.yaml"


EXPRESSIONS = [pytest.param(expr, id=where) for where, expr in expressions()]


@pytest.fixture(scope="session")
def promtool(pytestconfig):
    return unpack(pytestconfig.cache.mkdir("prometheus")) / "promtool"


def test_rules_are_valid(promtool):
    """Prometheus would refuse the file and load no alert at all."""
    subprocess.run([promtool, "check", "rules", RULES], check=True, capture_output=True)


def test_rules_do_what_they_say(promtool):
    """An alert would stay silent, or cry at a restart."""
    run = subprocess.run(
        [promtool, "test", "rules", TESTS.name],
        cwd=ALERTS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_rule_tests_can_fail(promtool, tmp_path):
    """The tests would pass whatever the rules say."""
    text = RULES.read_text().replace("regressed_previous_epoch", "nothing")
    (tmp_path / RULES.name).write_text(text)
    (tmp_path / TESTS.name).write_text(TESTS.read_text())
    run = subprocess.run(
        [promtool, "test", "rules", TESTS.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "SnaptraceModalityRegressed" in run.stdout + run.stderr


def test_every_alert_is_tested_silent_too():
    """An alert that always fires passes a test of firing."""
    silent, firing = set(), set()
    for case in yaml.safe_load(TESTS.read_text())["tests"]:
        for check in case["alert_rule_test"]:
            (firing if check["exp_alerts"] else silent).add(check["alertname"])
    names = {rule["alert"] for rule in rules()}
    assert firing == names
    # These two stay silent for other series of the very test in which they fire.
    assert names - silent <= {
        "SnaptraceForwardingFails",
        "SnaptraceCollectorDropping",
        "SnaptraceReplayPaused",
    }


def test_every_alert_has_its_runbook_entry():
    """Whoever is woken up finds a dead link."""
    text = (ROOT / "docs" / "runbook.md").read_text()
    anchors = {h.strip().lower() for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        link = rule["annotations"]["runbook_url"]
        assert "{{ else }}docs/runbook.md{{ end }}" in link
        assert link.endswith(f"#{rule['alert'].lower()}")
        assert rule["alert"].lower() in anchors


def test_committed_files_equal_the_generated():
    """Somebody edited the JSON by hand; the next generation would undo it."""
    from deploy.generate import files

    for path, text in files().items():
        assert path.read_text() == text, path.name


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_expressions_parse(expr):
    """A panel or an alert would show an error for ever."""
    import promql_parser

    promql_parser.parse(expr)


def selectors(node):
    """Yield (metric, label names) of every selector below a parsed expression."""
    import promql_parser

    if isinstance(node, promql_parser.VectorSelector):
        matched = {matcher.name for matcher in node.matchers.matchers}
        yield node.name, matched
        return
    for name in ("expr", "lhs", "rhs", "param", "vector_selector", "args"):
        child = getattr(node, name, None)
        for each in child if isinstance(child, list) else [child]:
            if each is not None and type(each).__module__ == type(node).__module__:
                yield from selectors(each)


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_metrics_and_labels_exist(expr):
    """A metric was renamed, and an alert went silent with it."""
    import promql_parser

    known = of_replayd() | of_collector()
    found = list(selectors(promql_parser.parse(expr)))
    named = set(re.findall(r"snaptrace_(?:collector|replayd)_\w+", expr))
    assert {metric for metric, _ in found} == named
    for metric, labels in found:
        assert metric in known
        assert labels <= known[metric]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboards_are_portable_and_say_their_units(path):
    """A dashboard would work only where it was made, or show numbers without a unit."""
    board = json.loads(path.read_text())
    kinds = {v["name"]: v["type"] for v in board["templating"]["list"]}
    assert kinds["datasource"] == "datasource"
    for panel in panels(board):
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["description"]
        refs = [target["refId"] for target in panel["targets"]]
        assert refs
        assert all(refs)
        assert len(set(refs)) == len(refs)
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
    uids = [json.loads(p.read_text())["uid"] for p in DASHBOARDS]
    assert len(set(uids)) == len(uids)


def test_one_row_for_each_modality():
    """An average over modalities would hide the one that fell."""
    board = json.loads((ROOT / "deploy/dashboards/snaptrace-overview.json").read_text())
    rows = [p for p in board["panels"] if p["type"] == "row"]
    assert "modality" in [p.get("repeat") for p in rows]
    for panel in panels(board):
        for target in panel.get("targets", []):
            over = re.search(
                r"\b(avg|sum|mean)\b[^(]*\([^)]*delta_mean", target["expr"]
            )
            assert over is None
