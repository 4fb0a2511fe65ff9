"""The chart under kube-score: clean, but for what is listed here with its reason.

`make test-deploy` builds the tool with Go; without it the test is skipped.
"""

import shutil
import subprocess

import pytest
from rendered import ROOT
from test_chart import MATRIX

pytestmark = pytest.mark.deploy

BUILT = ROOT / ".venv/servers/kube-score"
TOOL = BUILT if BUILT.exists() else shutil.which("kube-score")
EXCEPTIONS = {
    "container-image-pull-policy": "a tag is a release, and never moves",
    "container-ephemeral-storage-request-and-limit": (
        "emptyDir volumes have size limits; a limit would count log files, too"
    ),
    "deployment-has-host-podantiaffinity": "left to `affinity`; one replica by default",
    "deployment-replicas": "beside your collector nothing waits for a second replica",
    "deployment-strategy": "a volume with one writer needs Recreate",
}
# Printed by tests that other pods should pass; so these are told by their text.
KNOWN = {
    "The pod does not have a matching egress NetworkPolicy": (
        "models and stores are anywhere; `networkPolicy.egress` names them"
    ),
}


def findings(text, *options):
    """Return what kube-score says of a manifest, below OK."""
    ignored = [part for name in options for part in ("--ignore-test", name)]
    done = subprocess.run(
        # A limit on CPU slows a relay down at its busiest: requests are set instead.
        [
            *(TOOL, "score", "--output-format", "ci"),
            *("--ignore-container-cpu-limit", *ignored, "-"),
        ],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return [
        line
        for line in done.stdout.splitlines()
        if not line.startswith("[OK]") and "SKIPPED" not in line
    ]


@pytest.mark.skipif(TOOL is None, reason="no kube-score here: make test-deploy")
@pytest.mark.parametrize("name", MATRIX)
def test_kube_score_finds_nothing_new(name, render):
    """A stranger's first check of the chart would find what we had not seen."""
    rendered = render(MATRIX[name])
    text = "\n---\n".join(
        part for file, part in rendered.items() if not file.endswith("NOTES.txt")
    )
    found = [
        line
        for line in findings(text, *EXCEPTIONS)
        if not any(line.endswith(known) for known in KNOWN)
        # `helm test` runs for seconds and talks to one Service.
        and "send-span v1/Pod: The pod does not have a matching NetworkPolicy"
        not in line
    ]
    assert found == []


@pytest.mark.skipif(TOOL is None, reason="no kube-score here: make test-deploy")
def test_every_exception_is_needed(render):
    """An exception would stay when its reason has gone."""
    rendered = render(MATRIX["default"])
    text = "\n---\n".join(
        part for file, part in rendered.items() if not file.endswith("NOTES.txt")
    )
    gateway = "\n---\n".join(
        part
        for file, part in render(MATRIX["gateway-object-page"]).items()
        if not file.endswith("NOTES.txt")
    )
    both = f"{text}\n---\n{gateway.replace('demo-', 'other-')}"
    for name in EXCEPTIONS:
        others = [other for other in EXCEPTIONS if other != name]
        assert len(findings(both, *others)) > len(findings(both, *EXCEPTIONS)), name
