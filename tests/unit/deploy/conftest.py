"""What the deployment's tests share: the chart rendered, schemas, golden files.

The heavy tools are imported inside fixtures: a run that deselects these tests must
not need them.
"""

import json
import os
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CHART = ROOT / "helm" / "snaptrace"
GOLDEN = ROOT / "tests" / "golden" / "helm"
KUBERNETES = ("1.29", "1.37")  # oldest and newest supported

OBJECT_STORE = {"store": {"url": "s3://bucket/team", "keySecret": {"name": "fleet"}}}
UPSTREAM = {"config": {"upstream": {"url": "grpc://otel-collector:4317"}}}
ARMS = {
    "replayd": {
        "config": {
            "arms": {
                "production": {
                    "role": "control",
                    "url": "http://prod/v1",
                    "model": "assistant-7",
                },
                "next": {
                    "role": "canary",
                    "url": "http://next/v1",
                    "model": "assistant-8",
                    "revision": "2026-11-20",
                    "api_key_env": "NEXT_KEY",
                },
            }
        },
        "env": [
            {
                "name": "NEXT_KEY",
                "valueFrom": {"secretKeyRef": {"name": "keys", "key": "next"}},
            }
        ],
    }
}
MONITORED = {
    "monitoring": {
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "serviceMonitor": {"enabled": True},
        "rules": {"enabled": True},
        "dashboards": {"enabled": True},
    }
}


def merged(*trees):
    """Deep-merge mappings; the later one wins."""
    result = {}
    for tree in trees:
        for key, value in tree.items():
            here = result.get(key)
            both = isinstance(here, dict) and isinstance(value, dict)
            result[key] = merged(here, value) if both else value
    return result


def documents(rendered):
    """Return the objects of a render, without the notes."""
    return [
        document
        for name, text in sorted(rendered.items())
        if not name.endswith("NOTES.txt")
        for document in yaml.safe_load_all(text)
        if document
    ]


def only(found, kind, name_part=""):
    """Return the one object of a kind whose name holds `name_part`."""
    (match,) = [
        d for d in found if d["kind"] == kind and name_part in d["metadata"]["name"]
    ]
    return match


@pytest.fixture(scope="session")
def render():
    """Render a chart with values, as `helm template` does, to texts by template."""
    import helm_python

    def call(values=None, chart=CHART, release="demo"):
        with helm_python.Chart.load(str(chart)) as loaded:
            return loaded.render(values or {}, name=release, namespace="ml")

    return call


@pytest.fixture(scope="session")
def check_schemas():
    """Validate objects strictly: both Kubernetes versions, the operator's CRDs."""
    import kubernetes_validate
    from cloudcoil.models.prometheus_operator import v1 as operator

    def check_operator(document):
        model = getattr(operator, document["kind"]).model_validate(document)
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
