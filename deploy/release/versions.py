"""The version: `snaptrace.VERSION` is the source, everything else repeats it."""

import json
import re
from pathlib import Path

import yaml

from deploy.release.errors import ReleaseError
from snaptrace import VERSION

SEMANTIC = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")


def check(root: Path, _dist: Path) -> list[Path]:
    """Compare each place that repeats the package's version with it.

    What this release leaves in a store must be kept, for later ones to be tested on.

    Raises:
        ReleaseError: A place that names another version, or one that is not semantic.
    """
    if not SEMANTIC.fullmatch(VERSION):
        raise ReleaseError(f"snaptrace.VERSION is {VERSION}, not a semantic version")
    chart = yaml.safe_load((root / "helm/snaptrace/Chart.yaml").read_text())
    dockerfile = (root / "Dockerfile").read_text()
    label = re.search(r"^ARG VERSION=(\S+)$", dockerfile, re.MULTILINE)
    package = json.loads((root / "capture/node/package.json").read_text())
    captured = (root / "capture/python/snaptrace_capture/version.py").read_text()
    capture = re.search(r'^VERSION\b.*"(.+)"$', captured, re.MULTILINE)
    images = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    named = {
        "helm/snaptrace/Chart.yaml images": images[0]["image"].rpartition(":")[2],
        "capture/node/package.json version": str(package["version"]),
        "capture/python version": capture.group(1) if capture else "nothing",
        "helm/snaptrace/Chart.yaml version": str(chart["version"]),
        "helm/snaptrace/Chart.yaml appVersion": str(chart["appVersion"]),
        "Dockerfile ARG VERSION": label.group(1) if label else "nothing",
    }
    wrong = [
        f"{place}: {version}" for place, version in named.items() if version != VERSION
    ]
    if not (root / "tests/golden/releases" / VERSION).is_dir():
        wrong.append("tests/golden/releases: nothing of this version is kept")
    if wrong:
        raise ReleaseError(f"snaptrace.VERSION is {VERSION}; " + "; ".join(wrong))
    return []
