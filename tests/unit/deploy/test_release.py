"""What a release publishes, and the workflows that publish it."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from rendered import ROOT

from snaptrace import VERSION

pytestmark = pytest.mark.deploy

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
# What a workflow runs: make targets, and what needs its own identity.
ALLOWED = re.compile(
    r"make |mkdir upload && mv dist/|cosign sign |gh release create |helm push "
    r"|npm publish dist/"
    r"|echo \"\$TOKEN\" \| "
)


def steps(path):
    jobs = yaml.safe_load(path.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.timeout(300)
def test_two_builds_are_one(tmp_path, monkeypatch):
    """Nobody could check that the published wheel comes from the tagged commit."""
    from deploy.release import distributions
    from deploy.release.errors import ReleaseError

    made = distributions.build(ROOT, tmp_path)
    names = sorted(path.name.partition("-")[0] for path in made)
    assert names == ["snaptrace", "snaptrace", "snaptrace_capture", "snaptrace_capture"]
    # Left as setuptools writes it, a source distribution carries the build's own time.
    monkeypatch.setattr(distributions, "_set_times", lambda *_: None)
    with pytest.raises(ReleaseError, match="differ"):
        distributions.build(ROOT, tmp_path)


def test_a_wheel_claims_three_names(tmp_path):
    """A folder beside the three packages would land in everybody's site-packages."""
    import zipfile

    from deploy.release import distributions
    from deploy.release.errors import ReleaseError

    wheel = tmp_path / "snaptrace-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("snaptrace/__init__.py", "")
        archive.writestr("bench/__init__.py", "")
    with pytest.raises(ReleaseError, match="bench"):
        distributions.claims_only(wheel, frozenset({"snaptrace"}))


def test_a_version_that_differs_is_refused(tmp_path):
    """A chart of one version would install the image of another."""
    from deploy.release import versions
    from deploy.release.errors import ReleaseError

    assert versions.check(ROOT, tmp_path) == []
    shutil.copytree(ROOT / "helm", tmp_path / "helm")
    shutil.copy(ROOT / "Dockerfile", tmp_path)
    shutil.copytree(ROOT / "capture", tmp_path / "capture")
    (tmp_path / "tests/golden/releases" / VERSION).mkdir(parents=True)
    chart = tmp_path / "helm/snaptrace/Chart.yaml"
    chart.write_text(re.sub(r"(?m)^version: .*", "version: 9.9.9", chart.read_text()))
    package = tmp_path / "capture/node/package.json"
    package.write_text(package.read_text().replace(VERSION, "8.8.8"))
    with pytest.raises(ReleaseError, match=r"8\.8\.8.*version: 9\.9\.9"):
        versions.check(tmp_path, tmp_path)
    (tmp_path / "tests/golden/releases" / VERSION).rmdir()
    with pytest.raises(ReleaseError, match="nothing of this version is kept"):
        versions.check(tmp_path, tmp_path)


def test_the_list_of_parts_is_what_is_locked(tmp_path):
    """A part of the image would be missing from its SPDX document, or invented."""
    from deploy.release import sbom

    (made,) = sbom.write(ROOT, tmp_path)
    named = {
        (part["name"], part["versionInfo"])
        for part in json.loads(made.read_text())["packages"]
        if part["name"] != "snaptrace"
    }
    lock = (ROOT / "requirements/workers.txt").read_text()
    assert named == set(sbom.locked(lock))
    assert len(named) > 20
    every = set(re.findall(r"(?m)^([\w.-]+)==", lock))
    assert every >= {name for name, _ in named}
    assert len(every) - len(named) <= lock.count(" ; ")


def test_the_list_of_licences_is_whole(tmp_path):
    """A part would be shipped under terms that nobody has looked at."""
    from deploy.release import licences, sbom

    (made,) = licences.write(ROOT, tmp_path)
    lock = (ROOT / "requirements/workers.txt").read_text()
    text = made.read_text()
    for part in sbom.locked(lock):
        assert f"\n| {part.name} | {part.version} | " in text
    assert not re.search(r"\| (GPL|AGPL)", text)


MACHINE_READABLE = """Format: https://www.debian.org/doc/copyright-format/1.0/

Files: *
License: Zlib

Files: debian/*
License: GPL-2+ with exception
 text
"""
FREE = "PYTHON SOFTWARE FOUNDATION LICENSE ... see /usr/share/common-licenses/GPL-2."


@pytest.mark.parametrize("distroless", [False, True])
def test_debians_packages_are_listed_with_their_licences(tmp_path, distroless):
    """A base image's packages would be shipped under terms that nobody can list."""
    from deploy.release import debian

    known = {"zlib1g": MACHINE_READABLE, "python3.11": FREE, "bare": None}
    texts = {f"Package: {name}\nVersion: 1-{name}" for name in known}
    folder = tmp_path / "var/lib/dpkg"
    if distroless:
        (folder / "status.d").mkdir(parents=True)
        for text in texts:
            name = text.split()[1]
            (folder / "status.d" / name).write_text(f"{text}\n")
            (folder / "status.d" / f"{name}.md5sums").write_text("Package: no\n")
    else:
        folder.mkdir(parents=True)
        blocks = [f"{text}\nStatus: install ok installed\n" for text in texts]
        blocks.append("Package: gone\nStatus: deinstall ok config-files\n")
        (folder / "status").write_text("\n".join(blocks))
    for name, text in known.items():
        place = tmp_path / "usr/share/doc" / name
        place.mkdir(parents=True)
        if text is not None:
            (place / "copyright").write_text(text)
    assert list(debian.packages(tmp_path)) == [
        debian.DebianPackage("bare", "1-bare", (debian.UNREADABLE,)),
        debian.DebianPackage(
            "python3.11", "1-python3.11", ("PSF-2.0", "refers to GPL-2")
        ),
        debian.DebianPackage("zlib1g", "1-zlib1g", ("Zlib", "GPL-2+ with exception")),
    ]


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here")
def test_the_capture_package_for_node_is_packed(tmp_path):
    """`npm install` would bring a package without a module that it loads."""
    from deploy.release import node

    (made,) = node.pack(ROOT, tmp_path)
    assert made.name == f"snaptrace-capture-{VERSION}.tgz"


def test_the_context_is_what_the_dockerfile_may_read():
    """The digest would be of other files than the image is built from."""
    from deploy.release import image

    lines = (ROOT / ".dockerignore").read_text().splitlines()
    visible = {line[1:] for line in lines if line.startswith("!")}
    assert set(image.CONTEXT) == visible | {"Dockerfile"}


def test_the_chart_packages(tmp_path):
    """The chart could not be published as an archive."""
    from deploy.release import chart

    (made,) = chart.package(ROOT, tmp_path)
    assert made.name.startswith("snaptrace-")
    assert made.stat().st_size > 10_000


def test_each_fragment_stands_in_the_changelog(tmp_path):
    """A change that users were promised to read about would be left out."""
    from deploy.release import changelog

    fragments = sorted((ROOT / "changelog.d").glob("*.md"))
    if not fragments:
        pytest.skip("no fragment since the last release")
    (made,) = changelog.render(ROOT, tmp_path)
    text = " ".join(made.read_text().split())
    for fragment in fragments:
        assert " ".join(fragment.read_text().split()) in text, fragment.name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_what_can_be_tried_here(path):
    """A step could not be run outside the workflow, or an action changes."""
    for step in steps(path):
        if "uses" in step:
            assert PINNED.fullmatch(step["uses"]), step
        else:
            for line in step["run"].strip().splitlines():
                assert ALLOWED.match(line.strip()), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_targets_that_exist(path):
    """A renamed target would be noticed on the day of the release."""
    targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text()))
    called = {
        word
        for step in steps(path)
        for word in re.findall(r"\bmake ([\w-]+)", step.get("run", ""))
    }
    assert called <= targets
    assert called


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_starts_with_the_right_to_read(path):
    """A compromised step could write to the repository."""
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}


def test_actionlint_finds_nothing():
    """A workflow has a mistake that shows only when it runs."""
    built = ROOT / ".venv/servers/actionlint"
    tool = built if built.exists() else shutil.which("actionlint")
    if tool is None:
        pytest.skip("no actionlint here: `make test-deploy` builds it with Go")
    found = subprocess.run(
        [tool, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout


CONSUMER = """
    from snaptrace import VERSION
    from snaptrace.snapshot.model import Snapshot

    text: str = VERSION
    def read(one: Snapshot) -> None:
        wrong: int = VERSION
"""


@pytest.mark.parametrize("tool", ["mypy", "basedpyright"])
def test_a_consumer_sees_our_types(tool, tmp_path):
    """`py.typed` is promised, and a type checker would see Any."""
    script = tmp_path / "consumer.py"
    script.write_text(textwrap.dedent(CONSUMER))
    options = {"mypy": ["--no-incremental", "--follow-imports=silent"]}.get(tool, [])
    found = subprocess.run(
        [Path(sys.executable).with_name(tool), *options, str(script)],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in found.stdout.splitlines() if "error:" in line]
    assert len(errors) == 1, found.stdout
    assert "consumer.py:7" in errors[0]
    assert '"int"' in errors[0]
