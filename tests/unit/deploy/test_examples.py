"""Every file of deploy/ is loaded and checked by what would read it."""

import json
import re
import subprocess

import pytest
import yaml
from prometheus_tools import unpack
from registries import of_collector, of_replayd
from rendered import CHART, KUBERNETES, ROOT, documents, merged

from collector.config.relay import CollectorConfig
from replayd.app import check
from replayd.config import ReplaydConfig
from replayd.http.page.access import Access, read_people
from replayd.verdicts.gate import EXIT_CODES
from snaptrace.runtime import config as runtime_config
from snaptrace.runtime.clock import SystemClock

pytestmark = pytest.mark.deploy

DEPLOY = ROOT / "deploy"
YAML = sorted(DEPLOY.rglob("*.yaml"))
ARGO = "@kubernetes-models/argo-rollouts@2.0.0"
VALIDATE = """
import fs from "fs";
import * as kinds from "@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1";
for (const document of JSON.parse(fs.readFileSync(0, "utf8")))
  new kinds[document.kind](document).validate();
"""


def load(path):
    """Return the documents of a YAML file."""
    return [d for d in yaml.safe_load_all((DEPLOY / path).read_text()) if d]


@pytest.fixture(scope="session")
def argo(pytestconfig):
    """Return a function that validates Argo objects with their published schemas."""
    folder = pytestconfig.cache.mkdir("argo-rollouts")
    if not (folder / "node_modules").is_dir():
        subprocess.run(
            ["npm", "install", "--silent", "--no-save", "--no-audit", ARGO],
            cwd=folder,
            check=True,
            capture_output=True,
        )

    def validate(found):
        return subprocess.run(
            ["node", "--input-type=module", "-e", VALIDATE],
            cwd=folder,
            input=json.dumps(found),
            text=True,
            capture_output=True,
            check=False,
        )

    return validate


@pytest.mark.parametrize("path", YAML, ids=lambda p: str(p.relative_to(DEPLOY)))
def test_every_file_says_what_it_is_for(path):
    """Somebody copies an example without knowing what it does."""
    text = path.read_text()
    assert list(yaml.safe_load_all(text))
    if path.name not in ("snaptrace.yaml", "prometheus.yaml"):
        assert text.startswith("#")


def test_analysis_templates_are_valid(argo):
    """Argo Rollouts would refuse them at the moment of a rollout."""
    found = [
        d for path in (DEPLOY / "argo-rollouts").glob("*.yaml") for d in load(path)
    ]
    assert {d["kind"] for d in found} == {"AnalysisTemplate", "Rollout"}
    run = argo(found)
    assert run.returncode == 0, run.stderr
    (template,) = load("argo-rollouts/analysis-web.yaml")
    (metric,) = template["spec"]["metrics"]
    for wrong in ({"count": [60]}, {"provider": {"web": {"timeoutSeconds": "ten"}}}):
        broken = merged(template, {"spec": {"metrics": [merged(metric, wrong)]}})
        assert argo([broken]).returncode != 0, wrong


def test_web_analysis_reads_the_gate_as_it_answers():
    """A word that the gate never says would leave every rollout hanging."""
    (template,) = load("argo-rollouts/analysis-web.yaml")
    (metric,) = template["spec"]["metrics"]
    words = re.findall(
        r'"(\w+)"', metric["successCondition"] + metric["failureCondition"]
    )
    assert words == ["pass", "regressed"]
    assert set(words) < set(EXIT_CODES)
    assert metric["inconclusiveLimit"] >= metric["count"]
    assert metric["failureLimit"] == 0
    assert metric["provider"]["web"]["jsonPath"] == "{$.state}"
    url = metric["provider"]["web"]["url"]
    assert "/api/v1/gate/{{args.canary}}?revision={{args.revision}}" in url


def queries():
    """Yield every PromQL query of the delivery tools."""
    for template in load("argo-rollouts/analysis-prometheus.yaml"):
        for metric in template["spec"]["metrics"]:
            yield metric["provider"]["prometheus"]["query"]
    for template in load("flagger/metric-templates.yaml"):
        yield template["spec"]["query"]


@pytest.mark.parametrize("query", list(queries()))
def test_queries_parse_and_name_what_exists(query):
    """A rollout would wait for a series that nobody exports."""
    import promql_parser

    filled = re.sub(r"\{\{.*?\}\}", "next", query)
    promql_parser.parse(filled)
    known = of_replayd() | of_collector()
    names = re.findall(r"snaptrace_\w+", filled)
    assert names
    assert [name for name in names if name not in known] == []


def test_flagger_templates():
    """Flagger would refuse the objects; it publishes no schema to check them with."""
    for template in load("flagger/metric-templates.yaml"):
        assert template["apiVersion"] == "flagger.app/v1beta1"
        assert set(template["spec"]) == {"provider", "query"}
        assert set(template["spec"]["provider"]) == {"type", "address"}


VERDICT_STATUS = {
    "pass": {"confirm-promotion": 200, "rollback": 409},
    "regressed": {"confirm-promotion": 409, "rollback": 200},
    "undecided": {"confirm-promotion": 425, "rollback": 425},
    "unknown": {"confirm-promotion": 503, "rollback": 503},
}


@pytest.mark.parametrize("state", VERDICT_STATUS)
async def test_flagger_webhooks_act_on_the_verdict_alone(state, monkeypatch):
    """Flagger would promote what regressed, or roll back what nobody has judged."""
    from aiohttp import web
    from aiohttp.test_utils import TestClient, TestServer

    from replayd.http import gate_api
    from replayd.verdicts.gate import GateAnswer

    asked = []

    def decide(_, canary, *, revision, **_rest):
        asked.append((canary, revision))
        return GateAnswer(canary=canary, revision=revision, state=state, exit_code=0)

    monkeypatch.setattr(gate_api, "decide", decide)
    api = gate_api.GateApi(lambda: None, SystemClock(), declare=None)
    app = web.Application()
    for route, handler in api.routes().items():
        app.router.add_route(*route.split(" "), handler)
    (canary,) = load("flagger/canary.yaml")
    async with TestClient(TestServer(app)) as client:
        found = {}
        for hook in canary["spec"]["analysis"]["webhooks"]:
            host, slash, path = hook["url"].removeprefix("http://").partition("/")
            assert host == "snaptrace-replayd.snaptrace.svc:9465"
            payload = {"name": "model", "namespace": "ml", "phase": "Progressing"}
            answer = await client.post(slash + path, json=payload)
            found[hook["type"]] = answer.status
    assert found == VERDICT_STATUS[state]
    assert asked == [("next", "2026-11-20")] * 2


@pytest.mark.parametrize("name", ["fanout", "gateway"])
def test_kustomize(name, check_schemas):
    """`kubectl apply -k` would fail, or run another image than it says."""
    (kustomization,) = load(f"kustomize/{name}/kustomization.yaml")
    folder = DEPLOY / "kustomize" / name
    assert [(folder / r).is_file() for r in kustomization["resources"]] == [True]
    found = load(f"kustomize/{name}/snaptrace.yaml")
    check_schemas(found, KUBERNETES)
    text = (folder / "snaptrace.yaml").read_text()
    images = set(re.findall(r"image: (\S+)", text))
    assert {i.rpartition(":")[0] for i in images} == {
        i["name"] for i in kustomization["images"]
    }
    assert "Helm" not in text
    assert "helm.sh/hook" not in text


@pytest.mark.parametrize(
    "path", sorted((DEPLOY / "object-stores").glob("*.yaml")), ids=lambda p: p.stem
)
def test_object_store_values(path, render, check_schemas):
    """The chart would refuse the example, or the program its options."""
    values = yaml.safe_load(path.read_text())
    found = documents(render(values))
    check_schemas(found)
    (config,) = [d for d in found if d["kind"] == "ConfigMap"]
    tree = yaml.safe_load(config["data"]["snaptrace.yaml"])
    read = runtime_config.Document(tree, path.name)
    store = read.section("store", runtime_config.StoreConfig)
    assert store.url == values["store"]["url"]


def test_compose():
    """`docker compose up` would start programs that refuse their configuration."""
    (compose,) = load("compose/compose.yaml")
    (tree,) = load("compose/snaptrace.yaml")
    document = runtime_config.Document(tree, "compose")
    document.section("store", runtime_config.StoreConfig)
    document.section("collector", CollectorConfig)
    check(document.section("replayd", ReplaydConfig))
    for name in ("collector", "replayd"):
        service = compose["services"][name]
        assert service["command"][0] == name
        assert service["read_only"] is True
        assert service["user"] == "65532:65532"
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert (
                source in compose["volumes"] or (DEPLOY / "compose" / source).is_file()
            )
        for port in service["ports"]:
            assert port.startswith("127.0.0.1:")
        assert set(service["depends_on"]) <= set(compose["services"])


def test_compose_page(tmp_path, monkeypatch):
    """The page would stay inside the container, or be open to the machine's network."""
    (compose,) = load("compose/compose.yaml")
    (tree,) = load("compose/snaptrace.yaml")
    replayd = runtime_config.Document(tree, "compose").section("replayd", ReplaydConfig)
    assert "127.0.0.1:9466:9466" in compose["services"]["replayd"]["ports"]
    folder = "/var/lib/snaptrace"
    assert replayd.page_people_file == f"{folder}/people"
    interpreter, flag, code = compose["services"]["own-the-store"]["entrypoint"]
    assert (interpreter, flag) == ("python3", "-c")
    monkeypatch.setattr("os.chown", lambda *_: None)
    code = code.replace(folder, str(tmp_path))
    exec(code, {})
    (person,) = read_people(str(tmp_path / "people"))
    assert person.right == "operate"
    exec(code, {})
    assert read_people(str(tmp_path / "people")) == (person,)
    Access(replayd.page.listen, people=(person,))


def test_compose_grafana():
    """Grafana would start without its data source, or with an empty list."""
    (compose,) = load("compose/compose.yaml")
    (sources,) = load("compose/grafana/datasources.yaml")
    (boards,) = load("compose/grafana/dashboards.yaml")
    mounted = dict(
        volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"]
    )
    for source in mounted:
        assert (DEPLOY / "compose" / source).is_file(), source
    host, port = sources["datasources"][0]["url"].removeprefix("http://").split(":")
    assert host in compose["services"]
    assert compose["services"][host]["ports"] == [f"127.0.0.1:{port}:{port}"]
    folder = boards["providers"][0]["options"]["path"]
    shown = [target for target in mounted.values() if target.startswith(f"{folder}/")]
    every = {path.name for path in (DEPLOY / "dashboards").glob("*.json")}
    assert {target.rpartition("/")[2] for target in shown} == every
    for each in (DEPLOY / "dashboards").glob("*.json"):
        assert '"query": "prometheus"' in each.read_text(), "asks for another source"


def test_compose_prometheus(pytestconfig, tmp_path):
    """Prometheus would not start, or load no alert."""
    promtool = unpack(pytestconfig.cache.mkdir("prometheus")) / "promtool"
    for source in ("compose/prometheus.yaml", "alerts/snaptrace.rules.yaml"):
        (tmp_path / source.rpartition("/")[2]).write_text((DEPLOY / source).read_text())
    run = subprocess.run(
        [promtool, "check", "config", tmp_path / "prometheus.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_existing_collector_only_adds():
    """The snippet would take the team's own exporter away, or block on ours."""
    (config,) = load("existing-collector/fan-out.yaml")
    ours = config["exporters"]["otlp/snaptrace"]
    assert ours["sending_queue"]["block_on_overflow"] is False
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["exporters"] == ["otlp/backend", "otlp/snaptrace"]
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= set(config[kind])
    # A copy for the sample, not metrics, which it does not read.
    assert set(config["service"]["pipelines"]) == {"traces", "logs"}


def test_chart_test_sends_a_span_that_is_recognised():
    """`helm test` would pass on a span that nobody samples."""
    from collector.otlp.signals import OtlpRequest
    from collector.recognise.dialects import DIALECTS
    from collector.recognise.prefilter import split
    from collector.recognise.record import decode

    scope = {"__name__": "send_span"}
    exec((CHART / "files" / "send_span.py").read_text(), scope)
    body = json.dumps(scope["export_request"](1_760_000_000 * 10**9)).encode()
    request = OtlpRequest(
        signal="traces",
        encoding="json",
        body=body,
        received_at_ns=1_760_000_000 * 10**9,
    )
    (raw,) = split(request)
    record = decode(raw)
    assert any(dialect.read(record) for dialect in DIALECTS)
