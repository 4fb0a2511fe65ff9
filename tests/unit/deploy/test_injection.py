"""The injection policy: what it makes of a pod.

No API server is at hand. The policy's expressions are evaluated with a CEL library;
`JSONPatch{...}` and `jsonpatch.escapeKey`, which only the API server knows, become a
map and the escaped text. What cannot be shown here: type checking and cost limits.
"""

import copy
import re

import pytest
from rendered import OBJECT_STORE, documents, environment, loaded, merged, only

from collector.exporter.endpoints import endpoints

pytestmark = pytest.mark.deploy

ANNOTATED = {"snaptrace.io/inject": "true"}


def literal(expression):
    """Turn what only the API server knows into plain CEL."""
    text = re.sub(r"JSONPatch\{", "{", expression)
    text = re.sub(r"(?<=[{,])\s*(op|path|value):", r' "\1":', text)
    text = re.sub(
        r'"value": (.*?)\}(?=[,\]])(?=\s*(\]|,\s*\{))', r'"value": dyn(\1)}', text
    )
    return text.replace(
        'jsonpatch.escapeKey("snaptrace.io/collector")', '"snaptrace.io~1collector"'
    )


class Policy:
    """The rendered policy, applied to a pod as the API server would."""

    def __init__(self, spec):
        self._spec = spec

    def apply(self, pod):
        """Return the pod after admission."""
        import cel

        context = {"object": pod, "variables": {}}
        for condition in self._spec["matchConditions"]:
            if not cel.evaluate(condition["expression"], context):
                return pod
        for variable in self._spec["variables"]:
            value = cel.evaluate(variable["expression"], context)
            context["variables"][variable["name"]] = value
        (mutation,) = self._spec["mutations"]
        expression = literal(mutation["jsonPatch"]["expression"])
        return patched(pod, cel.evaluate(expression, context))


def patched(document, operations):
    """Return `document` after RFC 6902 `add` operations."""
    result = copy.deepcopy(document)
    for operation in operations:
        assert operation["op"] == "add"
        *parents, last = [
            part.replace("~1", "/").replace("~0", "~")
            for part in operation["path"].split("/")[1:]
        ]
        here = result
        for part in parents:
            here = here[int(part)] if isinstance(here, list) else here[part]
        if isinstance(here, list):
            here.insert(len(here) if last == "-" else int(last), operation["value"])
        else:
            here[last] = operation["value"]
    return result


def injected_values(**collector):
    return merged(
        OBJECT_STORE,
        {
            "collector": {
                "shape": "sidecar",
                "injection": {"enabled": True},
                "config": collector,
            }
        },
    )


def policy_of(found):
    return Policy(only(found, "MutatingAdmissionPolicy", "inject")["spec"])


@pytest.fixture
def policy(render):
    return policy_of(documents(render(injected_values())))


def pod(env=(), **more):
    spec = {"containers": [{"name": "app", "image": "app", "env": list(env)}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app", "annotations": dict(ANNOTATED)},
        "spec": merged(spec, more),
    }


def sidecar_of(document):
    return document["spec"]["initContainers"][0]


def test_injected_equals_included(parent, render):
    """The two ways to a sidecar would drift apart."""
    values = injected_values(upstream={"url": "none"}, tap={"queue_bytes": 33554432})
    policy = policy_of(documents(render(values)))
    alike = {
        "image": {"repository": "snaptrace", "tag": ""},
        "collector": {"config": {"upstream": {"url": "none"}}},
        **OBJECT_STORE,
    }
    found = documents(render({"snaptrace": alike}, chart=parent, release="assistant"))
    spec = only(found, "Deployment", "assistant")["spec"]["template"]["spec"]
    done = policy.apply(pod())
    ours, theirs = sidecar_of(done), spec["initContainers"][0]
    assert {k: v for k, v in ours.items() if k != "env"} == {
        k: v for k, v in theirs.items() if k != "env"
    }
    assert environment(ours) == environment(theirs)
    assert done["spec"]["volumes"] == spec["volumes"]
    assert done["metadata"]["labels"] == {"snaptrace.io/collector": "true"}


@pytest.mark.parametrize(
    ("env", "target", "protocol", "points_at"),
    [
        ({"ENDPOINT": "http://c:4317"}, "c:4317", "grpc", "http://127.0.0.1:4317"),
        (
            {"ENDPOINT": "http://c:4318"},
            "http://c:4318/v1/traces",
            "http/protobuf",
            "http://127.0.0.1:4318",
        ),
        (
            {"ENDPOINT": "https://c:443/otlp", "PROTOCOL": "http/json"},
            "https://c:443/otlp/v1/traces",
            "http/json",
            "http://127.0.0.1:4318",
        ),
        (
            {"TRACES_ENDPOINT": "http://t:4318/custom"},
            "http://t:4318/custom",
            "http/protobuf",
            "http://127.0.0.1:4318",
        ),
    ],
)
def test_the_original_becomes_the_upstream(policy, env, target, protocol, points_at):
    """Telemetry would go somewhere else than before, or in circles."""
    given = [
        {"name": f"OTEL_EXPORTER_OTLP_{name}", "value": value}
        for name, value in env.items()
    ]
    done = policy.apply(pod(given))
    app = environment(done["spec"]["containers"][0])
    assert app["OTEL_EXPORTER_OTLP_ENDPOINT"] == points_at
    assert app["OTEL_EXPORTER_OTLP_PROTOCOL"] == protocol
    assert "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" not in app
    config, plain = loaded(sidecar_of(done))
    assert config.upstream.url == "env"
    traces = endpoints(config.upstream, plain)["traces"]
    assert traces.target == target


def test_headers_move_and_everything_else_stays(policy):
    """The upstream would see credentials twice, or the app lose its settings."""
    secret = {"secretKeyRef": {"name": "otel", "key": "headers"}}
    given = [
        {"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
        {"name": "LOG_LEVEL", "value": "debug"},
        {"name": "DATABASE", "valueFrom": {"secretKeyRef": {"name": "d", "key": "u"}}},
        {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://$(HOST_IP):4317"},
        {"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": secret},
        {"name": "OTEL_EXPORTER_OTLP_TIMEOUT", "value": "5000"},
    ]
    done = policy.apply(pod(given))
    app = environment(done["spec"]["containers"][0])
    sidecar = environment(sidecar_of(done))
    assert "OTEL_EXPORTER_OTLP_HEADERS" not in app
    assert sidecar["OTEL_EXPORTER_OTLP_HEADERS"] == secret
    assert sidecar["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://$(HOST_IP):4317"
    names = [e["name"] for e in sidecar_of(done)["env"]]
    assert names.index("HOST_IP") < names.index("OTEL_EXPORTER_OTLP_ENDPOINT")
    assert len(names) == len(set(names))
    assert "DATABASE" not in sidecar
    untouched = {"HOST_IP", "LOG_LEVEL", "DATABASE", "OTEL_EXPORTER_OTLP_TIMEOUT"}
    assert untouched <= set(app)


def test_a_signals_own_protocol_is_kept(policy):
    """Traces over gRPC would be sent to the HTTP port."""
    given = [
        {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://c:4318"},
        {"name": "OTEL_EXPORTER_OTLP_PROTOCOL", "value": "http/protobuf"},
        {"name": "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "value": "http://t:4317"},
        {"name": "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "value": "grpc"},
    ]
    done = policy.apply(pod(given))
    app = environment(done["spec"]["containers"][0])
    assert app["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4318"
    assert app["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == "http://127.0.0.1:4317"
    config, plain = loaded(sidecar_of(done))
    found = endpoints(config.upstream, plain)
    assert (found["traces"].protocol, found["traces"].target) == ("grpc", "t:4317")
    assert found["logs"].target == "http://c:4318/v1/logs"


def test_first_and_before_other_init_containers(policy):
    """An init container's own export would find no listener."""
    others = {
        "initContainers": [{"name": "migrate", "image": "m"}],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    done = policy.apply(pod(**others))
    assert [c["name"] for c in done["spec"]["initContainers"]] == [
        "snaptrace-collector",
        "migrate",
    ]
    assert done["spec"]["volumes"][0]["name"] == "data"


def test_the_named_container_is_the_one(policy):
    """Another container of the pod would be pointed at the sidecar."""
    given = pod()
    given["spec"]["containers"].insert(0, {"name": "proxy", "image": "p"})
    given["metadata"]["annotations"]["snaptrace.io/container"] = "app"
    done = policy.apply(given)
    proxy, app = done["spec"]["containers"]
    assert "env" not in proxy
    assert environment(app)["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4317"


@pytest.mark.parametrize(
    "left_alone",
    [
        merged(pod(), {"metadata": {"annotations": {"snaptrace.io/inject": "false"}}}),
        {"metadata": {"name": "plain"}, "spec": {"containers": [{"name": "app"}]}},
        pod(initContainers=[{"name": "snaptrace-collector", "image": "s"}]),
        pod([{"name": "OTEL_EXPORTER_OTLP_CERTIFICATE", "value": "/etc/ca.pem"}]),
        merged(
            pod(), {"metadata": {"annotations": {"snaptrace.io/container": "nobody"}}}
        ),
        {
            "metadata": {"annotations": ANNOTATED},
            "spec": {
                "containers": [
                    {"name": "app"},
                    {"name": "agent", "ports": [{"containerPort": 4317}]},
                ]
            },
        },
    ],
    ids=["declined", "plain", "twice", "own-certificate", "no-container", "port-taken"],
)
def test_left_alone(policy, left_alone):
    """A pod that cannot be changed safely, or did not ask, would be changed."""
    assert policy.apply(left_alone) == left_alone


def test_injected_pod_is_valid(policy, check_schemas):
    """The API server would refuse the pod that its own policy made."""
    done = policy.apply(pod(volumes=[{"name": "data", "emptyDir": {}}]))
    check_schemas([done])


def test_admission_never_stops_a_pod(render):
    """An error in the policy would keep pods from starting."""
    spec = only(documents(render(injected_values())), "MutatingAdmissionPolicy", "")
    assert spec["spec"]["failurePolicy"] == "Ignore"
