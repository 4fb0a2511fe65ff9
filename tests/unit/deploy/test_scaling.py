"""Collectors and workers scaled by load: autoscalers of the chart."""

import re

import pytest
import yaml
from rendered import ARMS, OBJECT_STORE, ROOT, SHAPES, STORES, documents, merged, only

pytestmark = pytest.mark.deploy


def test_the_autoscaler_decides_alone(render):
    """Each `helm upgrade` would set the number of collectors back."""
    gateway = merged(SHAPES["gateway"], STORES["object"])
    scaled = merged(gateway, {"collector": {"autoscaling": {"enabled": True}}})
    kinds = {d["kind"]: d for d in documents(render(scaled)) if "spec" in d}
    autoscaler = kinds["HorizontalPodAutoscaler"]
    deployments = [d for d in documents(render(scaled)) if d["kind"] == "Deployment"]
    target = autoscaler["spec"]["scaleTargetRef"]["name"]
    (collector,) = [d for d in deployments if d["metadata"]["name"] == target]
    assert "replicas" not in collector["spec"]
    assert "PodDisruptionBudget" in kinds
    plain = documents(render(gateway))
    assert "HorizontalPodAutoscaler" not in {d["kind"] for d in plain}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"collector": {"autoscaling": {"enabled": True}}}, "several nodes"),
        (
            merged(
                SHAPES["node"],
                OBJECT_STORE,
                {"collector": {"autoscaling": {"enabled": True}}},
            ),
            "as many collectors as nodes",
        ),
        (
            merged(
                SHAPES["gateway"],
                OBJECT_STORE,
                {"collector": {"autoscaling": {"enabled": True, "minReplicas": 20}}},
            ),
            "above maxReplicas",
        ),
    ],
)
def test_what_cannot_scale_is_refused(values, says, render):
    """Pods would wait for a volume, or an autoscaler for a Deployment."""
    from helm_python import HelmError

    with pytest.raises(HelmError) as refused:
        render(values)
    assert re.search(says, str(refused.value), re.DOTALL)


WORKERS = merged(
    OBJECT_STORE,
    ARMS,
    {"workers": {"enabled": True, "nats": {"url": "nats://nats:4222"}}},
)


def scaled_by(kind, **more):
    return merged(
        WORKERS, {"workers": {"autoscaling": {kind: {"enabled": True}}}}, more
    )


@pytest.mark.parametrize(
    ("kind", "object_kind", "group"),
    [
        ("hpa", "HorizontalPodAutoscaler", "autoscaling/v2"),
        ("keda", "ScaledObject", "keda.sh/v1alpha1"),
    ],
)
def test_workers_are_scaled_by_what_waits(
    kind, object_kind, group, render, check_schemas
):
    """Workers would stand idle, or numbers wait for ever."""
    found = documents(render(scaled_by(kind)))
    check_schemas(found)
    (scaler,) = [d for d in found if d["kind"] == object_kind]
    assert scaler["apiVersion"] == group
    (workers,) = [
        d
        for d in found
        if d["kind"] == "Deployment" and d["metadata"]["name"].endswith("-worker")
    ]
    assert scaler["spec"]["scaleTargetRef"]["name"] == workers["metadata"]["name"]
    assert "replicas" not in workers["spec"]
    text = str(scaler["spec"])
    assert "snaptrace_replayd_worker_numbers" in text or "snaptrace-jobs" in text


def test_the_scaler_looks_at_the_names_that_the_leader_makes(render):
    """KEDA would look at a stream that nobody ever fills."""
    from replayd.workers.streams import Names

    found = documents(render(scaled_by("keda")))
    (scaler,) = [d for d in found if d["kind"] == "ScaledObject"]
    (trigger,) = scaler["spec"]["triggers"]
    names = Names("snaptrace")
    assert trigger["metadata"]["stream"] == names.jobs
    assert trigger["metadata"]["consumer"] == names.consumer("")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"nats": {"url": ""}}, "needs a NATS"),
        (
            {"autoscaling": {"hpa": {"enabled": True}, "keda": {"enabled": True}}},
            "not both",
        ),
        ({"autoscaling": {"minReplicas": 20}}, "above maxReplicas"),
        (
            {
                "nats": {
                    "credentialsSecret": {"name": "a"},
                    "passwordSecret": {"name": "b"},
                }
            },
            "not both",
        ),
    ],
)
def test_workers_that_cannot_work_are_refused(more, says, render):
    """Pods would start again and again."""
    from helm_python import HelmError

    with pytest.raises(HelmError) as refused:
        render(merged(WORKERS, {"workers": more}))
    assert says in str(refused.value)


def test_the_page_of_workers_names_one_nats_for_both_charts(render):
    """Whoever follows it would have workers that cannot log in."""
    page = (ROOT / "docs" / "workers.md").read_text()
    section = page.partition("\n## NATS on Kubernetes\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```\w+\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    theirs, ours = map(yaml.safe_load, blocks)
    found = documents(render(merged(OBJECT_STORE, ARMS, ours)))
    text = only(found, "ConfigMap")["data"]["snaptrace.yaml"]
    nats = yaml.safe_load(text)["replayd"]["workers"]["nats"]
    config = theirs["config"]
    assert nats["replicas"] == config["cluster"]["replicas"]
    assert nats["url"].startswith("tls://")
    assert config["nats"]["tls"]["enabled"]
    assert config["jetstream"]["fileStore"]
    (user,) = config["merge"]["authorization"]["users"]
    assert user["user"] == nats["user"]
    (name,) = theirs["container"]["env"]
    assert user["password"] == f"<< ${name} >>"
    secret = theirs["container"]["env"][name]["valueFrom"]["secretKeyRef"]
    mounted = [
        volume["secret"]
        for document in found
        if document["kind"] == "Deployment"
        for volume in document["spec"]["template"]["spec"].get("volumes", ())
        if volume["name"] == "nats"
    ]
    assert len(mounted) == 2  # leader and workers
    assert {each["secretName"] for each in mounted} == {secret["name"]}
    assert {each["items"][0]["key"] for each in mounted} == {secret["key"]}
    assert (
        ours["workers"]["nats"]["tlsSecret"]["name"]
        != (config["nats"]["tls"]["secretName"])
    )
