"""The chart as an archive, made by the Helm engine."""

from pathlib import Path

from deploy.release.errors import ReleaseError

# Helm's severities: 0 unknown, 1 info, 2 warning, 3 error.
WARNING = 2


def package(root: Path, dist: Path) -> list[Path]:
    """Lint the chart strictly and package it.

    Raises:
        ReleaseError: Helm warns of something, or cannot package the chart.
    """
    from helm_python import chart  # noqa: PLC0415 - of the group `deploy`
    from helm_python.errors import HelmError  # noqa: PLC0415 - likewise

    source = root / "helm/snaptrace"
    try:
        report = chart.lint(source, strict=True)
        made = chart.package(source, destination=dist)
    except HelmError as error:
        raise ReleaseError(f"helm: {error}") from None
    found = [one for one in report["messages"] if one["severity"] >= WARNING]
    if found:
        raise ReleaseError("\n".join(f"{one['path']}: {one['error']}" for one in found))
    return [Path(made)]
