"""The injection policy, by the API server's own code.

`tests/system/admission` is a small Go program around it. Building takes minutes and a
download, so that the binary is given by the environment variable SNAPTRACE_ADMISSION
(`go build -o PATH .` in that folder). Without it the test is skipped, and says so;
`test_injection.py` evaluates the same expressions with a CEL library.
"""

import json
import os
import subprocess

import pytest
from rendered import documents, merged, only
from test_injection import ANNOTATED, injected_values, pod, policy_of

BINARY = os.environ.get("SNAPTRACE_ADMISSION", "")
pytestmark = [
    pytest.mark.deploy,
    pytest.mark.skipif(not BINARY, reason="SNAPTRACE_ADMISSION names no binary"),
]

SECRET = {"secretKeyRef": {"name": "otel", "key": "headers"}}
FIELD = {"fieldRef": {"fieldPath": "status.hostIP"}}


def exporting(**values):
    """Return an annotated pod with these exporter variables."""
    return pod(
        [{"name": f"OTEL_EXPORTER_OTLP_{k}", "value": values[k]} for k in values]
    )


PODS = {
    "plain": {"metadata": {"name": "plain"}, "spec": {"containers": [{"name": "app"}]}},
    "no variables": pod(),
    "grpc": exporting(ENDPOINT="http://c:4317"),
    "http": exporting(ENDPOINT="http://c:4318", TIMEOUT="5000"),
    "traces alone": exporting(
        ENDPOINT="http://c:4318",
        PROTOCOL="http/protobuf",
        TRACES_ENDPOINT="http://t:4317",
        TRACES_PROTOCOL="grpc",
    ),
    "headers": pod(
        [
            {"name": "HOST_IP", "valueFrom": FIELD},
            {"name": "LOG_LEVEL", "value": "debug"},
            {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://$(HOST_IP):4317"},
            {"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": SECRET},
        ]
    ),
    "certificate": exporting(ENDPOINT="https://c", CERTIFICATE="/etc/ca.pem"),
    "other containers": pod(
        initContainers=[{"name": "migrate", "image": "m"}],
        volumes=[{"name": "data", "emptyDir": {}}],
    ),
    "named": merged(
        pod(), {"metadata": {"annotations": {"snaptrace.io/container": "nobody"}}}
    ),
    "labelled": merged(pod(), {"metadata": {"labels": {"app": "assistant"}}}),
    "port taken": {
        "metadata": {"name": "taken", "annotations": ANNOTATED},
        "spec": {
            "containers": [{"name": "app", "ports": [{"containerPort": 4317}]}],
        },
    },
}


def bare(value):
    """Return a tree without what is empty: Go writes some of it, Python none."""
    if isinstance(value, dict):
        kept = {k: bare(v) for k, v in value.items() if k not in ("kind", "apiVersion")}
        return {k: v for k, v in kept.items() if v not in (None, {}, [])}
    return [bare(each) for each in value] if isinstance(value, list) else value


def test_the_api_server_injects_the_same(render):
    """The policy would not compile in a cluster, or do something else there."""
    found = documents(render(injected_values(upstream={"url": "grpc://c:4317"})))
    manifest = only(found, "MutatingAdmissionPolicy", "inject")
    question = {"policy": manifest, "pods": list(PODS.values())}
    run = subprocess.run(
        [BINARY],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert answer["errors"] == []
    policy = policy_of(found)
    for (name, given), done in zip(PODS.items(), answer["pods"], strict=True):
        assert bare(done) == bare(policy.apply(given)), name
