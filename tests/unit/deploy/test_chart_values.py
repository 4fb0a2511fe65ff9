"""Values of the chart that reach the programs: what is kept, and who sees the page."""

import pytest
import yaml
from rendered import ARMS, KUBERNETES, OBJECT_STORE, documents, merged, only

from snaptrace.runtime import config as runtime_config

pytestmark = pytest.mark.deploy


def store_of(rendered):
    """Return the section `store` as the programs read it."""
    text = only(documents(rendered), "ConfigMap")["data"]["snaptrace.yaml"]
    document = runtime_config.Document(yaml.safe_load(text), "chart")
    return document.section("store", runtime_config.StoreConfig)


@pytest.mark.parametrize(
    ("size", "gibibytes"), [("20Gi", 14.0), ("1.5Ti", 1075.2), ("100G", 65.19)]
)
def test_a_volume_has_room_for_what_is_kept(size, gibibytes, render):
    """The default volume would fill up in a month, and everything on it would stop."""
    kept = store_of(render(merged(ARMS, {"store": {"volume": {"size": size}}})))
    assert kept.retention.bytes / 2**30 == pytest.approx(gibibytes, abs=0.01)
    assert kept.retention.age == 30 * 86400


def test_retention_is_what_was_asked_for(render):
    """The security guide recommends a setting that could not be given."""
    asked = {"store": {"retention": {"age": "7d", "bytes": "200GiB"}}}
    kept = store_of(render(merged(ARMS, OBJECT_STORE, asked))).retention
    assert (kept.age, kept.bytes) == (7 * 86400, 200 * 2**30)
    assert store_of(render(merged(ARMS, OBJECT_STORE))).retention.bytes == 0


def test_people_and_suite_reach_the_page(render, check_schemas):
    """Rights by person could be had without the chart only."""
    page = {"peopleSecret": {"name": "people"}, "suiteConfigMap": {"name": "suite"}}
    found = documents(render(merged(ARMS, OBJECT_STORE, {"replayd": {"page": page}})))
    check_schemas(found, KUBERNETES)
    text = only(found, "ConfigMap")["data"]["snaptrace.yaml"]
    replayd = yaml.safe_load(text)["replayd"]
    assert replayd["page"]["listen"] == "0.0.0.0:9466"
    pods = [d["spec"]["template"]["spec"] for d in found if d["kind"] == "Deployment"]
    every = [each for pod in pods for each in pod["containers"]]
    (container,) = [each for each in every if each["name"] == "replayd"]
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    assert replayd["page_people_file"] == f"{mounts['people']}/people"
    assert replayd["page_suite_file"] == f"{mounts['suite']}/suite.yaml"
    assert "page_token_file" not in replayd
    services = [d for d in found if d["kind"] == "Service"]
    assert any(p["port"] == 9466 for s in services for p in s["spec"]["ports"])


def test_a_lone_canary_is_said(render):
    """Somebody would wait for a verdict on agreement that cannot come."""
    arms = {"next": ARMS["replayd"]["config"]["arms"]["next"]}
    for config, alone in (({"arms": arms}, True), (ARMS["replayd"]["config"], False)):
        found = render(merged(OBJECT_STORE, {"replayd": {"config": config}}))
        notes = next(text for path, text in found.items() if path.endswith("NOTES.txt"))
        assert ("has no control" in notes) == alone
