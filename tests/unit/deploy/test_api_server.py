"""The chart against a real API server: validation, admission, quota, controllers.

Every shape is created by a server-side dry run, and some are installed for good, in a
namespace that enforces pod security `restricted` and has a ResourceQuota and a
LimitRange. `make test-cluster` builds the server; without it the tests are skipped.
"""

import copy

import pytest
from fakes.api_server import BINARY, api_server
from fakes.waiting import wait_until
from rendered import documents
from test_chart import MATRIX

pytestmark = [
    pytest.mark.deploy,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not BINARY.exists(), reason="no API server: make test-cluster"),
]

# Kinds of operators, whose schemas `check_schemas` knows; a bare server does not.
FOREIGN = ("monitoring.coreos.com/", "keda.sh/")
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")  # last, as Helm does
RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}": "restricted"
    for mode in ("enforce", "warn", "audit")
}
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "all"},
    # With these, a container without requests and limits is refused.
    "spec": {
        "hard": {
            "requests.cpu": "40",
            "requests.memory": "80Gi",
            "limits.memory": "160Gi",
            "pods": "60",
            "requests.ephemeral-storage": "500Gi",
            "services": "20",
        }
    },
}
LIMITS = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "each"},
    "spec": {
        "limits": [
            {
                "type": "Container",
                "min": {"cpu": "1m", "memory": "4Mi"},
                "max": {"cpu": "8", "memory": "16Gi"},
                "default": {"memory": "1Gi", "ephemeral-storage": "8Gi"},
                "defaultRequest": {
                    "cpu": "50m",
                    "memory": "64Mi",
                    "ephemeral-storage": "64Mi",
                },
            }
        ]
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("cluster")) as found:
        # Daemon sets have a pod for each node, and there is no kubelet to bring one.
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}}
        status, made = found.create(node)
        assert status == 201
        del made["spec"]["taints"]  # not ready, for ever
        assert found.ask("PUT", "/api/v1/nodes/one", made)[0] == 200
        yield found


@pytest.fixture
def namespace(server, request):
    """Return a fresh namespace with its policies in force."""
    name = f"n{abs(hash(request.node.name)) % 10**9}"
    labelled = {"name": name, "labels": RESTRICTED}
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": labelled}
    assert server.create(document)[0] == 201
    for policy in (QUOTA, LIMITS):
        assert server.create(policy, name)[0] == 201
    path = f"/api/v1/namespaces/{name}"
    # The quota counts once its controller has seen it, pods once there is an account.
    wait_until(lambda: server.ask("GET", f"{path}/resourcequotas/all")[1]["status"])
    wait_until(lambda: server.ask("GET", f"{path}/serviceaccounts/default")[0] == 200)
    server.warnings.clear()
    return name


def known(found):
    return [d for d in found if not d["apiVersion"].startswith(FOREIGN)]


def in_namespace(document, namespace):
    """Return a document for another namespace than the one it was rendered for."""
    moved = copy.deepcopy(document)
    if moved["metadata"].get("namespace"):
        moved["metadata"]["namespace"] = namespace
    return moved


def pods_of(found):
    """Yield the pods that the workloads' templates make, as pods of their own."""
    for document in found:
        spec = document.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if document["kind"] == "Pod" or not isinstance(template, dict):
            continue
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": document["metadata"]["name"],
                "labels": template.get("metadata", {}).get("labels", {}),
            },
            "spec": {**template["spec"], "serviceAccountName": "default"},
        }


@pytest.mark.parametrize("name", MATRIX)
def test_the_server_admits_every_shape(name, server, namespace, render):
    """A cluster would refuse an object at install time, or warn of its pods."""
    found = known(documents(render(MATRIX[name])))
    assert found
    for document in [*found, *pods_of(found)]:
        moved = in_namespace(document, namespace)
        if moved["kind"] == "Pod":
            # Dry runs leave no account behind for the pods to have.
            moved["spec"] |= {"serviceAccountName": "default"}
        if name == "host-ports" and moved["kind"] == "Pod":
            status, answer = server.create(moved, namespace, dry_run=True)
            # Ports of the host are what `restricted` forbids; docs/shapes.md says so.
            if "hostPort" in answer.get("message", ""):
                assert status == 403
                continue
        status, answer = server.create(moved, namespace, dry_run=True)
        assert status == 201, (document["kind"], answer.get("message"))
    if name != "host-ports":
        assert server.warnings == []


@pytest.mark.parametrize(
    "name",
    ["default", "volume", "gateway-object", "node-object", "ci-workers-values"],
)
def test_a_shape_is_installed(name, server, namespace, render):
    """Quota, limits or pod security would refuse what the controllers make."""
    found = known(documents(render(MATRIX[name])))
    for document in sorted(found, key=lambda one: one["kind"] in WORKLOADS):
        if "helm.sh/hook" in document["metadata"].get("annotations", {}):
            continue  # `helm test` makes them later
        status, answer = server.create(in_namespace(document, namespace), namespace)
        assert status == 201, (document["kind"], answer.get("message"))
    wanted = sum(
        document["spec"].get("replicas", 1)
        for document in found
        if document["kind"] in WORKLOADS
    )
    assert wanted
    pods = f"/api/v1/namespaces/{namespace}/pods"
    events = f"/api/v1/namespaces/{namespace}/events"

    def settled():
        refused = [
            one["message"]
            for one in server.listed(events)
            if one["reason"] == "FailedCreate"
        ]
        return refused or len(server.listed(pods)) >= wanted

    assert wait_until(settled, 60) is True
    for pod in server.listed(pods):
        for container in pod["spec"]["containers"]:
            assert container["resources"]["limits"]["memory"], container["name"]


def test_the_policies_are_in_force(server, namespace):
    """The tests above would pass against a server that admits everything."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bold"},
        "spec": {"containers": [{"name": "app", "image": "app"}]},
    }
    status, answer = server.create(pod, namespace, dry_run=True)
    assert status == 403
    assert "restricted" in answer["message"]
    greedy = copy.deepcopy(pod)
    greedy["spec"]["containers"][0]["resources"] = {"limits": {"memory": "17Gi"}}
    status, answer = server.create(greedy, namespace, dry_run=True)
    assert status == 403
    assert "memory" in answer["message"]
    mistyped = copy.deepcopy(pod)
    mistyped["spec"]["nodeNam"] = "one"
    status, answer = server.create(mistyped, namespace, dry_run=True)
    assert status == 400
    assert "nodeNam" in answer["message"]
