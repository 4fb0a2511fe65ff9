"""Values that earlier releases' users have set, with the chart of today."""

import json

import pytest
import yaml
from fakes.release_state import RELEASES
from rendered import documents

pytestmark = pytest.mark.deploy

VALUES = sorted(RELEASES.glob("*/values/*.yaml"))


@pytest.mark.parametrize(
    "path", VALUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_older_values_still_render(path, render, check_schemas):
    """`helm upgrade --reset-then-reuse-values` would fail, or lose what was set."""
    values = yaml.safe_load(path.read_text())
    found = documents(render(values))
    check_schemas([d for d in found if not d["apiVersion"].startswith("admission")])
    assert values["image"]["repository"] in json.dumps(found)
    if url := values.get("store", {}).get("url"):
        assert url in json.dumps(found)
