"""The chart: lint, schemas, shapes, golden renders, refusals."""

import itertools
import re

import msgspec
import pytest
import yaml
from rendered import (
    ARMS,
    CHART,
    KUBERNETES,
    MONITORED,
    OBJECT_STORE,
    SHAPES,
    SHARED_VOLUME,
    STORES,
    UPSTREAM,
    documents,
    merged,
    only,
)

from collector.config.relay import CollectorConfig
from replayd.config import ReplaydConfig
from snaptrace.runtime import config as runtime_config

pytestmark = pytest.mark.deploy

INJECTION = {"collector": {"injection": {"enabled": True}}}
PAGE = {
    "replayd": {"standby": True, "page": {"tokenSecret": {"name": "page"}}},
    "networkPolicy": {
        "egress": {"enabled": True, "to": [{"ports": [{"port": 443}]}]},
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
    },
}


def matrix():
    """Yield (name, values): shape x store x monitoring x standby and page."""
    choices = itertools.product(SHAPES, STORES, ({}, MONITORED), ({}, PAGE))
    for shape, store, monitoring, page in choices:
        if shape == "sidecar" and store == "shared":
            continue  # refused, see test_refusals
        name = f"{shape}-{store}{'-monitored' * bool(monitoring)}{'-page' * bool(page)}"
        yield name, merged(SHAPES[shape], STORES[store], ARMS, monitoring, page)
    for monitoring, page in itertools.product(({}, MONITORED), ({}, PAGE)):
        name = f"injected{'-monitored' * bool(monitoring)}{'-page' * bool(page)}"
        injected = merged(SHAPES["sidecar"], INJECTION, OBJECT_STORE)
        yield name, merged(injected, ARMS, monitoring, page)
    yield "default", {}
    yield "default-monitored", MONITORED
    yield "volume", ARMS
    yield (
        "gateway-volume",
        merged(ARMS, {"collector": {"shape": "gateway", **UPSTREAM}}),
    )
    for path in sorted((CHART / "ci").glob("*-values.yaml")):
        prefix = "injected-" if "injection" in path.read_text() else ""
        yield f"{prefix}ci-{path.stem}", yaml.safe_load(path.read_text())
    yield (
        "host-ports",
        merged(
            SHAPES["node"], OBJECT_STORE, {"collector": {"node": {"hostPort": True}}}
        ),
    )


MATRIX = dict(matrix())
GOLDEN_CASES = (
    "default",
    "volume",
    "gateway-object",
    "node-object",
    "none-object-page",
    "injected",
    "ci-workers-values",
)


def containers(found):
    """Yield (pod spec, container) of everything that runs."""
    for document in found:
        spec = document.get("spec", {})
        pod = (
            spec if document["kind"] == "Pod" else spec.get("template", {}).get("spec")
        )
        for container in (pod or {}).get("containers", []):
            yield pod, container


def test_lint_is_clean():
    """Helm itself would complain at install time."""
    import helm_python

    report = helm_python.lint(str(CHART), strict=True)
    assert report["errors"] == []
    assert [m for m in report["messages"] if m["severity"] > 1] == []


@pytest.mark.parametrize("name", MATRIX)
def test_renders_are_valid(name, render, check_schemas):
    """An API server of the oldest or newest supported release would refuse it."""
    found = documents(render(MATRIX[name]))
    policy = [d for d in found if d["apiVersion"].startswith("admission")]
    assert bool(policy) == name.startswith("injected")
    check_schemas(policy, KUBERNETES[1:])  # the oldest does not know the kind
    check_schemas([d for d in found if d not in policy])


@pytest.mark.parametrize("version", ["v1beta1", "v1"])
def test_injection_is_valid(version, render, check_schemas):
    """The API server would refuse the policy, and no pod would get its sidecar."""
    api = f"admissionregistration.k8s.io/{version}"
    values = merged(SHAPES["sidecar"], OBJECT_STORE, INJECTION)
    found = documents(
        render(merged(values, {"collector": {"injection": {"apiVersion": api}}}))
    )
    policy = [d for d in found if d["apiVersion"].startswith("admission")]
    assert {d["kind"] for d in policy} == {
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    }
    check_schemas(policy, ("1.34" if version == "v1beta1" else "1.36", "1.37")[:1])
    if version == "v1":
        check_schemas(policy, ("1.37",))


@pytest.mark.parametrize("name", GOLDEN_CASES)
def test_golden(name, render, golden):
    """A change of a template changes more than was meant."""
    rendered = render(MATRIX[name])
    text = "\n".join(
        f"# {path}\n{body.strip()}"
        for path, body in sorted(rendered.items())
        if body.strip()
    )
    golden(f"{name}.yaml", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE) + "\n")


@pytest.mark.parametrize("name", MATRIX)
def test_pods_are_restricted(name, render):
    """A cluster that enforces pod security `restricted` would refuse the pods."""
    for pod, container in containers(documents(render(MATRIX[name]))):
        security = container["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] == 65532
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert "hostNetwork" not in pod
        if name != "host-ports":
            assert not any("hostPort" in port for port in container.get("ports", []))
        assert "memory" in container["resources"]["limits"]
        assert "cpu" not in container["resources"]["limits"]


@pytest.mark.parametrize("name", MATRIX)
def test_no_secret_stands_in_a_manifest(name, render):
    """A rendered manifest ends up in a repository, with the secret in it."""
    found = documents(render(MATRIX[name]))
    assert [d["kind"] for d in found if d["kind"] == "Secret"] == []


@pytest.mark.parametrize("name", MATRIX)
def test_the_programs_accept_the_configuration(name, render):
    """The pods would crash at start over a key that the program does not know."""
    found = documents(render(MATRIX[name]))
    maps = [
        d for d in found if d["kind"] == "ConfigMap" and "snaptrace.yaml" in d["data"]
    ]
    for document in maps:
        tree = yaml.safe_load(document["data"]["snaptrace.yaml"])
        loaded = runtime_config.Document(tree, name)
        loaded.section("store", runtime_config.StoreConfig)
        loaded.section("collector", CollectorConfig)
        loaded.section("replayd", ReplaydConfig)


def test_ports_are_the_programs_own(render):
    """A default lives only in the chart, or the Service leads nowhere."""
    found = documents(render(merged(OBJECT_STORE, ARMS)))
    tree = yaml.safe_load(only(found, "ConfigMap")["data"]["snaptrace.yaml"])
    chart = runtime_config.Document(tree, "chart")
    ours, own = chart.section("collector", CollectorConfig), CollectorConfig()
    for part in ("grpc", "http", "metrics"):
        assert getattr(ours, part).listen.port == getattr(own, part).listen.port
    assert ours.reservoir == own.reservoir
    assert ours.seal.spool_bytes >= own.seal.spool_bytes
    plain = msgspec.structs.replace(
        ours,
        grpc=own.grpc,
        http=own.http,
        metrics=own.metrics,
        seal=own.seal,
        journal_dir="",
    )
    assert plain == own
    served = chart.section("replayd", ReplaydConfig)
    assert served.metrics.listen == ReplaydConfig().metrics.listen


def test_grace_is_longer_than_the_drain(render):
    """The kubelet would kill a program that is still draining."""
    found = documents(render(merged(OBJECT_STORE, ARMS)))
    for part, drain in (
        ("collector", CollectorConfig().drain),
        ("replayd", ReplaydConfig().drain),
    ):
        pod = only(found, "Deployment", part)["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] > drain


def test_memory_limit_covers_what_the_collector_may_hold(render):
    """The kernel would kill the relay while it is within its own bounds."""
    found = documents(render({}))
    (limit,) = [
        c["resources"]["limits"]["memory"]
        for _, c in containers(found)
        if c["name"] == "collector"
    ]
    own = CollectorConfig()
    at_rest = 160 * 2**20  # both processes; the request of the same container
    bounded = own.limits.in_flight + own.tap.queue_bytes + own.recognise.held_bytes
    assert runtime_config.ByteSize.parse(f"{limit}B") >= 1.25 * (at_rest + bounded)


@pytest.mark.parametrize("size", ["300Mi", "1280Mi", "7Gi"])
def test_journal_and_spool_stay_below_the_volume(size, render):
    """The kubelet evicts the pod, the app beside a sidecar included."""
    values = {"collector": {"journal": {"sizeLimit": size}}}
    found = documents(render(values))
    tree = yaml.safe_load(only(found, "ConfigMap")["data"]["snaptrace.yaml"])
    chart = runtime_config.Document(tree, "chart").section("collector", CollectorConfig)
    volumes = only(found, "Deployment")["spec"]["template"]["spec"]["volumes"]
    (journal,) = [v for v in volumes if v["name"] == "journal"]
    limit = runtime_config.ByteSize.parse(f"{journal['emptyDir']['sizeLimit']}B")
    used = chart.seal.spool_bytes + chart.reservoir.window_bytes
    assert 0.69 * limit < used <= 0.7 * limit


def test_alerts_link_to_where_the_runbook_is_reached(render):
    """Whoever is woken up would follow a path that their browser cannot open."""
    rules = {"rules": {"enabled": True, "runbookUrl": "https://wiki.example/runbook"}}
    found = only(documents(render({"monitoring": rules})), "PrometheusRule")
    alerts = [rule for group in found["spec"]["groups"] for rule in group["rules"]]
    assert alerts
    for alert in alerts:
        link = alert["annotations"]["runbook_url"]
        # Where replayd knows a link itself, that one comes first.
        own = '{{ with query "snaptrace_replayd_links_info" }}{{ . | first'
        own += ' | label "runbook" }}{{ else }}https://wiki.example/runbook{{ end }}'
        place = f"#{alert['alert'].lower()}"
        known = {f"{first}{place}" for first in ("https://wiki.example/runbook", own)}
        assert link in known


@pytest.mark.parametrize("shape", ["fanout", "node", "injected"])
def test_encryption_reaches_every_program(shape, render):
    """One of them would write in the clear, or wait for a key that nobody mounts."""
    encrypted = {"store": {"encryptionSecret": {"name": "envelope"}}}
    base = MATRIX["injected" if shape == "injected" else f"{shape}-object"]
    found = documents(render(merged(base, encrypted)))
    tree = yaml.safe_load(only(found, "ConfigMap")["data"]["snaptrace.yaml"])
    store = runtime_config.Document(tree, "chart").section(
        "store", runtime_config.StoreConfig
    )
    key_file = store.encryption.key_file
    assert key_file == "/etc/snaptrace/envelope/envelope.key"
    pods = [
        d["spec"]["template"]["spec"]
        for d in found
        if d["kind"] in ("Deployment", "DaemonSet")
    ]
    for pod in pods:
        (volume,) = [v for v in pod["volumes"] if v["name"] == "snaptrace-envelope"]
        assert volume["secret"]["secretName"] == "envelope"
        for container in pod["containers"]:
            mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
            assert f"{mounts['snaptrace-envelope']}/envelope.key" == key_file
    assert len(pods) == (1 if shape == "injected" else 2)
    if shape == "injected":
        policy = str(only(found, "MutatingAdmissionPolicy", "inject")["spec"])
        assert key_file in policy
        assert '"optional": dyn(true)' in policy


def test_replayd_waits_for_a_canary(render):
    """Without one it refuses to start, and the first install would crash."""
    assert "replayd" not in str(documents(render({})))
    assert "config.arms" not in render(ARMS)["snaptrace/templates/NOTES.txt"]


def test_one_pod_where_the_volume_has_one_writer(render):
    """Two pods on two nodes would wait forever for one volume."""
    found = documents(render(ARMS))
    pod = only(found, "Deployment")["spec"]["template"]["spec"]
    assert {c["name"] for c in pod["containers"]} == {"collector", "replayd"}
    assert only(found, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    service = only(found, "Service", "replayd")["spec"]["selector"]
    labels = only(found, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service.items() <= labels.items()


@pytest.mark.parametrize("name", MATRIX)
def test_every_selector_finds_its_pods(name, render):
    """A Service, budget or policy that selects nothing protects and serves nothing."""
    found = documents(render(MATRIX[name]))
    labels = [
        d["spec"]["template"]["metadata"]["labels"]
        for d in found
        if d["kind"] in ("Deployment", "DaemonSet")
    ]
    for document in found:
        spec = document.get("spec", {})
        selector = {
            "Service": lambda s: s["selector"],
            "PodDisruptionBudget": lambda s: s["selector"]["matchLabels"],
            "NetworkPolicy": lambda s: s["podSelector"]["matchLabels"],
        }.get(document["kind"])
        if selector is not None:
            wanted = selector(spec).items()
            assert any(wanted <= have.items() for have in labels), document["metadata"]


def test_disruption_budgets_only_beside_replicas(render):
    """A budget on a single replica blocks every drain of its node."""
    single = documents(render(merged(OBJECT_STORE, ARMS)))
    assert [d for d in single if d["kind"] == "PodDisruptionBudget"] == []
    many = documents(render(MATRIX["gateway-object-page"]))
    budgets = {
        d["metadata"]["name"] for d in many if d["kind"] == "PodDisruptionBudget"
    }
    assert budgets == {"demo-snaptrace-collector", "demo-snaptrace-replayd"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"collector": {"shape": "sidecars"}}, "collector/shape.*one of"),
        ({"colector": {}}, "additional properties 'colector'"),
        ({"store": {"url": "http://bucket"}}, "store/url"),
        ({"collector": {"replicas": "2"}}, "want integer"),
        ({"collector": {"replicas": 2}}, "several nodes"),
        ({"collector": {"shape": "gateway"}}, "collector.config.upstream.url"),
        ({"collector": {"shape": "fanout", **UPSTREAM}}, "fanout has no upstream"),
        ({"collector": {"shape": "sidecar"}}, "object store"),
        (merged(SHAPES["sidecar"], SHARED_VOLUME), "object store"),
        ({"collector": {"shape": "node", **UPSTREAM}}, "every node"),
        ({"replayd": {"standby": True}}, "two nodes"),
        ({"store": {"url": "s3://bucket"}}, "openssl rand -hex 32"),
        (merged(OBJECT_STORE, INJECTION), "shape=sidecar"),
        (
            {"collector": {"config": {"seal": {"spool_bytes": "2GiB"}}}},
            "journal.sizeLimit",
        ),
        ({"collector": {"config": {"upsteam": {}}}}, "additional prop.*upsteam"),
        ({"replayd": {"config": {"armz": {}}}}, "additional prop.*armz"),
        (
            {"replayd": {"config": {"arms": {"next": {"modell": "a"}}}}},
            "arms/next.*modell",
        ),
        (
            {"collector": {"config": {"reservoir": {"window_bytes": "2GiB"}}}},
            "journal.sizeLimit",
        ),
    ],
)
def test_refusals(values, says, render):
    """A mistake would install and fail later, far from its cause."""
    from helm_python import HelmError

    with pytest.raises(HelmError) as refused:
        render(values)
    assert re.search(says, str(refused.value), re.DOTALL)


def test_kubernetes_range_is_declared():
    """Helm would install on a cluster without native sidecars."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == ">=1.29.0-0"


def test_notes_say_the_next_step(render):
    """Whoever installed it would not know how to send telemetry to it."""
    notes = {
        name: next(
            t for p, t in render(MATRIX[name]).items() if p.endswith("NOTES.txt")
        )
        for name in ("default", "gateway-object", "sidecar-object")
    }
    assert "otlp/snaptrace" in notes["default"]
    assert "grpc://otel-collector:4317" in notes["gateway-object"]
    assert "include the sidecar" in notes["sidecar-object"]
