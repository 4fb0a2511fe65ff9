"""The version: `snaptrace.VERSION` is the source, everything else repeats it."""

import re
from pathlib import Path

import yaml

from deploy.release.errors import ReleaseError
from snaptrace import VERSION

SEMANTIC = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")


def check(root: Path, _dist: Path) -> list[Path]:
    """Compare the chart's versions and the image's label with the package's version.

    Raises:
        ReleaseError: A place that names another version, or one that is not semantic.
    """
    if not SEMANTIC.fullmatch(VERSION):
        raise ReleaseError(f"snaptrace.VERSION is {VERSION}, not a semantic version")
    chart = yaml.safe_load((root / "helm/snaptrace/Chart.yaml").read_text())
    dockerfile = (root / "Dockerfile").read_text()
    label = re.search(r"^ARG VERSION=(\S+)$", dockerfile, re.MULTILINE)
    named = {
        "helm/snaptrace/Chart.yaml version": str(chart["version"]),
        "helm/snaptrace/Chart.yaml appVersion": str(chart["appVersion"]),
        "Dockerfile ARG VERSION": label.group(1) if label else "nothing",
    }
    wrong = [
        f"{place}: {version}" for place, version in named.items() if version != VERSION
    ]
    if wrong:
        raise ReleaseError(f"snaptrace.VERSION is {VERSION}; " + "; ".join(wrong))
    return []
