"""Collectors scaled by load: the chart's HorizontalPodAutoscaler."""

import re

import pytest
from rendered import OBJECT_STORE, SHAPES, STORES, documents, merged

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
