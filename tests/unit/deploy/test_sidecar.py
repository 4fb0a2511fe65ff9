"""The sidecar template that other charts include."""

import pytest
from rendered import documents, environment, loaded, only

from collector.config.relay import CollectorConfig
from snaptrace.runtime import config as runtime_config

pytestmark = pytest.mark.deploy


@pytest.fixture
def included(parent, render):
    """Return the pod spec that the template made."""
    found = documents(render({}, chart=parent, release="assistant"))
    return only(found, "Deployment", "assistant")["spec"]["template"]["spec"]


def test_included_template_is_valid(parent, render, check_schemas):
    """A chart that includes the sidecar would be refused at install time."""
    check_schemas(documents(render({}, chart=parent, release="assistant")))


def test_including_brings_nothing_else(parent, render):
    """Whoever wants a sidecar would get a second release of everything with it."""
    found = documents(render({}, chart=parent, release="assistant"))
    assert [d["kind"] for d in found] == ["Deployment"]


def test_sidecar_lifecycle(included):
    """It would take the app out of its Service, start after it, or end before it."""
    (sidecar,) = included["initContainers"]
    assert sidecar["restartPolicy"] == "Always"
    assert not {"readinessProbe", "livenessProbe", "lifecycle"} & set(sidecar)
    assert sidecar["startupProbe"]["httpGet"]["path"] == "/readyz"
    security = sidecar["securityContext"]
    assert security["runAsNonRoot"]
    assert security["readOnlyRootFilesystem"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}


def test_sidecar_configuration(included):
    """The program would refuse its environment, or listen beyond the pod."""
    (sidecar,) = included["initContainers"]
    config, _ = loaded(sidecar)
    assert config.grpc.listen.host == config.http.listen.host == "127.0.0.1"
    assert config.upstream.url == "grpc://otel-collector:4317"
    assert config.tap.queue_bytes == 33554432
    assert "$(POD_UID)" in config.id
    names = [e["name"] for e in sidecar["env"]]
    # Kubernetes expands references to what stands before.
    assert names.index("POD_UID") < names.index("SNAPTRACE_COLLECTOR__ID")


def test_a_missing_fleet_secret_does_not_stop_the_app(included):
    """The app's pod would hang in ContainerCreating for our sake."""
    (fleet,) = [v for v in included["volumes"] if "secret" in v]
    assert fleet["secret"]["optional"] is True


TEXTS = ["10", "true", "1e3", "[1]", "007", '"x"', "10m", "a b"]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_stay_texts(text, parent, render):
    """A revision like 10 would arrive as a number and be refused."""
    values = {"snaptrace": {"collector": {"config": {"id": text}}}}
    found = documents(render(values, chart=parent, release="assistant"))
    pod = only(found, "Deployment", "assistant")["spec"]["template"]["spec"]
    plain = {
        k: v
        for k, v in environment(pod["initContainers"][0]).items()
        if isinstance(v, str)
    }
    del plain["SNAPTRACE_COLLECTOR__ID"]  # the chart's own comes first
    entries = [
        e["value"]
        for e in pod["initContainers"][0]["env"]
        if e["name"] == "SNAPTRACE_COLLECTOR__ID"
    ]
    plain["SNAPTRACE_COLLECTOR__ID"] = entries[-1]
    read = runtime_config.load(None, plain).section("collector", CollectorConfig)
    assert read.id == text
