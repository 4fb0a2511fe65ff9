"""Values to render the chart with, and how to find an object in what it rendered."""

from pathlib import Path

import yaml

from collector.config.relay import CollectorConfig
from snaptrace.runtime import config as runtime_config

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

# A chart of somebody else that includes the sidecar.
PARENT = {
    "Chart.yaml": """
apiVersion: v2
name: assistant
version: 1.0.0
dependencies: [{name: snaptrace, version: 0.1.0}]
""",
    "values.yaml": """
snaptrace:
  image: {repository: registry.example/snaptrace, tag: "1"}
  store: {url: "s3://bucket/team", keySecret: {name: fleet}}
  collector:
    shape: none
    config:
      upstream: {url: "grpc://otel-collector:4317"}
      tap: {queue_bytes: 33554432}
  replayd: {enabled: false}
""",
    "templates/deployment.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: assistant}
spec:
  selector: {matchLabels: {app: assistant}}
  template:
    metadata: {labels: {app: assistant, snaptrace.io/collector: "true"}}
    spec:
      initContainers:
        {{- include "snaptrace.sidecar.container" .Subcharts.snaptrace | nindent 8 }}
      containers:
        - name: app
          image: assistant
          env:
            {{- $grpc := dict "protocol" "grpc" }}
            {{- include "snaptrace.sidecar.appEnv" $grpc | nindent 12 }}
      volumes:
        {{- include "snaptrace.sidecar.volumes" .Subcharts.snaptrace | nindent 8 }}
""",
}
SHARED_VOLUME = {"store": {"volume": {"accessModes": ["ReadWriteMany"]}}}
SHAPES = {
    "fanout": {"collector": {"shape": "fanout"}},
    "gateway": {"collector": {"shape": "gateway", "replicas": 3, **UPSTREAM}},
    "node": {"collector": {"shape": "node", **UPSTREAM}},
    "sidecar": {"collector": {"shape": "sidecar"}},
    "none": {"collector": {"shape": "none"}},
}
STORES = {"object": OBJECT_STORE, "shared": SHARED_VOLUME}


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


def environment(container):
    """Return plain environment values; references keep their mapping."""
    return {e["name"]: e.get("value", e.get("valueFrom")) for e in container["env"]}


def loaded(container):
    """Return the collector's configuration as the program reads it."""
    plain = {k: v for k, v in environment(container).items() if isinstance(v, str)}
    document = runtime_config.load(None, plain)
    document.section("store", runtime_config.StoreConfig)
    return document.section("collector", CollectorConfig), plain
