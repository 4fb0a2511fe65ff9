"""Fixtures of the deployment's tests: the chart rendered, schemas, golden files.

The heavy tools are imported inside fixtures: a run that deselects these tests must
not need them.
"""

import json
import os
import shutil

import pytest
from rendered import CHART, GOLDEN, KUBERNETES, PARENT


@pytest.fixture(scope="session")
def render():
    """Render a chart with values, as `helm template` does, to texts by template."""
    import helm_python

    def call(values=None, chart=CHART, release="demo"):
        with helm_python.Chart.load(str(chart)) as loaded:
            return loaded.render(values or {}, name=release, namespace="ml")

    return call


@pytest.fixture
def parent(tmp_path):
    """Return a chart of somebody else that includes the sidecar."""
    for name, text in PARENT.items():
        path = tmp_path / "assistant" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
    shutil.copytree(CHART, tmp_path / "assistant" / "charts" / "snaptrace")
    return tmp_path / "assistant"


@pytest.fixture(scope="session")
def check_schemas():
    """Validate objects strictly: both Kubernetes versions, operators' CRDs."""
    import kubernetes_validate
    from cloudcoil.models.keda import v1alpha1 as keda
    from cloudcoil.models.prometheus_operator import v1 as operator

    def check_operator(document, kinds=operator):
        model = getattr(kinds, document["kind"]).model_validate(document)
        # The models accept unknown fields and drop them; what comes back tells.
        back = json.loads(
            model.model_dump_json(by_alias=True, exclude_unset=True, exclude_none=True)
        )
        assert back == document

    def check(found, versions=KUBERNETES):
        for document in found:
            if document["apiVersion"].startswith("monitoring.coreos.com/"):
                check_operator(document)
                continue
            if document["apiVersion"].startswith("keda.sh/"):
                check_operator(document, keda)
                continue
            for version in versions:
                kubernetes_validate.validate(document, version, strict=True)

    return check


@pytest.fixture
def golden():
    """Compare a text with its golden file, or rewrite the file if asked to."""

    def check(name, text):
        path = GOLDEN / name
        if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return check
