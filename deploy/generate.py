"""Write what the deployment takes from code: dashboards, keys, copies, manifests.

A chart can only read files of its own folder, so alert rules and dashboards stand
there a second time. `tests/unit/deploy` compares both with what this writes.
"""

import json
import re
import sys
from pathlib import Path

import helm_python
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from collector.config.relay import CollectorConfig
from deploy import chart_readme
from deploy.config_keys import keys_of
from deploy.dashboards import DASHBOARDS
from replayd.config import ReplaydConfig

DEPLOY = Path(__file__).parent
CHART = DEPLOY.parent / "helm" / "snaptrace"
CHART_FILES = CHART / "files"
SCHEMA = CHART / "values.schema.json"


def files() -> dict[Path, str]:
    """Return every generated file with its content."""
    written: dict[Path, str] = {}
    for name, build in DASHBOARDS.items():
        text = JSONEncoder(sort_keys=True, indent=2).encode(build().build()) + "\n"
        json.loads(text)
        written[DEPLOY / "dashboards" / f"{name}.json"] = text
        written[CHART_FILES / "dashboards" / f"{name}.json"] = text
    written[SCHEMA] = _schema()
    written[CHART / "README.md"] = chart_readme.text(CHART)
    rules = DEPLOY / "alerts" / "snaptrace.rules.yaml"
    written[CHART_FILES / "alerts.yaml"] = rules.read_text(encoding="utf-8")
    for values in sorted((DEPLOY / "kustomize").glob("*/values.yaml")):
        written[values.with_name("snaptrace.yaml")] = _rendered(values)
    return written


def _schema() -> str:
    """Return the schema of the chart's values with the keys of both programs."""
    tree = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for name, section in (("collector", CollectorConfig), ("replayd", ReplaydConfig)):
        config = tree["properties"][name]["properties"]["config"]
        described = {"description": config["description"]}
        tree["properties"][name]["properties"]["config"] = keys_of(section) | described
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _rendered(values: Path) -> str:
    """Return the chart's objects for `values`, for those who do not use Helm."""
    tree = yaml.safe_load(values.read_text(encoding="utf-8"))
    with helm_python.Chart.load(str(CHART)) as chart:
        rendered = chart.render(tree, name="snaptrace", namespace="default")
    objects = [
        re.sub(r"^\s+$|^\s*helm\.sh/chart: .*$\n?", "", text, flags=re.MULTILINE)
        for path, text in sorted(rendered.items())
        if not path.endswith("NOTES.txt") and "/tests/" not in path and text.strip()
    ]
    head = f"# Rendered from the chart with {values.name}; `make chart` renews it.\n"
    joined = "\n---\n".join(
        text.strip().removeprefix("---").strip() for text in objects
    )
    return (
        head
        + joined.replace(
            "app.kubernetes.io/managed-by: Helm",
            "app.kubernetes.io/managed-by: kustomize",
        )
        + "\n"
    )


def main() -> int:
    """Write the files; return 0."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
