"""The Dockerfile, read: `make image-test` builds it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rendered import ROOT

pytestmark = pytest.mark.deploy

DOCKERFILE = ROOT / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def lint(text):
    return subprocess.run(
        [HADOLINT, "-"], input=text, capture_output=True, text=True, check=False
    )


def test_hadolint_finds_nothing():
    """A known mistake stands in the Dockerfile."""
    found = lint(DOCKERFILE.read_text())
    assert found.returncode == 0, found.stdout
    assert lint("FROM debian\nRUN sudo apt install curl\n").returncode != 0


def test_the_context_holds_what_is_copied():
    """A build would fail on a file that .dockerignore hides, or send all of .venv."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    }
    first, *lines = (ROOT / ".dockerignore").read_text().splitlines()[1:]
    assert first == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((ROOT / source).exists() for source in copied)


def test_runs_as_a_number_and_from_bases_that_can_be_exchanged():
    """Kubernetes could not see that it is not root, or a release pin no digest."""
    text = DOCKERFILE.read_text()
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert stages == ["${BUILD_BASE}", "${BASE}"]
    bases = dict(re.findall(r"^ARG (BASE|BUILD_BASE)=(\S+)$", text, re.MULTILINE))
    assert all(re.search(r":[^:/]+$", base) for base in bases.values())
    assert set(bases) == {"BASE", "BUILD_BASE"}
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["65532:65532"]
