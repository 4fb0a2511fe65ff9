"""Write what the deployment takes from code: dashboards, and the chart's copies.

A chart can only read files of its own folder, so alert rules and dashboards stand
there a second time. `tests/unit/deploy` compares both with what this writes.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.dashboards import DASHBOARDS

DEPLOY = Path(__file__).parent
CHART_FILES = DEPLOY.parent / "helm" / "snaptrace" / "files"


def files() -> dict[Path, str]:
    """Return every generated file with its content."""
    written: dict[Path, str] = {}
    for name, build in DASHBOARDS.items():
        text = JSONEncoder(sort_keys=True, indent=2).encode(build().build()) + "\n"
        json.loads(text)
        written[DEPLOY / "dashboards" / f"{name}.json"] = text
        written[CHART_FILES / "dashboards" / f"{name}.json"] = text
    rules = DEPLOY / "alerts" / "snaptrace.rules.yaml"
    written[CHART_FILES / "alerts.yaml"] = rules.read_text(encoding="utf-8")
    return written


def main() -> int:
    """Write the files; return 0."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
