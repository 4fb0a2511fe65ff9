"""Verdicts over HTTP."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from fakes.gate_verdicts import verdicts_of
from fakes.pair_results import SECOND, START

from replayd.http.gate_api import GateApi


class FixedClock:
    """Always the same moment."""

    def now_ns(self):
        """Unix time."""
        return START + 1001 * SECOND

    def monotonic_seconds(self):
        """Unused here."""
        return 0.0


@pytest.fixture
async def client_of():
    """Return a client of an API with the given token and verdicts."""
    clients = []

    async def build(token="", shown=None):
        declared = []

        async def declare(name, revision):
            if name != "canary":
                raise KeyError(name)
            declared.append((name, revision))

        api = GateApi(lambda: shown, FixedClock(), declare, token)
        app = web.Application()
        for path, handler in api.routes().items():
            method, _, route = path.partition(" ")
            app.router.add_route(method, route, handler)
        client = TestClient(TestServer(app))
        await client.start_server()
        client.declared = declared
        clients.append(client)
        return client

    yield build
    for client in clients:
        await client.close()


async def test_verdicts_before_the_first_fold_are_503(client_of):
    """An empty answer would read as a canary without faults."""
    client = await client_of()
    answer = await client.get("/api/v1/verdicts")
    assert answer.status == 503
    assert (await answer.json())["leading"] is False


async def test_verdicts_and_gate_are_told(client_of):
    """A rollout would have nothing to ask."""
    client = await client_of(shown=verdicts_of(worse=0.4))
    answer = await client.get("/api/v1/verdicts")
    assert (await answer.json())["canaries"]["canary"]["gate"] == "regressed"
    answer = await client.get("/api/v1/gate/canary?revision=r1&max_age=60")
    assert answer.status == 200
    assert (await answer.json())["state"] == "regressed"
    answer = await client.get("/api/v1/gate/canary?revision=other")
    assert (await answer.json())["exit_code"] == 3
    answer = await client.get("/api/v1/gate/canary?max_age=soon")
    assert answer.status == 400


@pytest.mark.parametrize(
    ("shown", "query", "status"),
    [
        ({"worse": 0.4}, "", 409),
        ({"worse": 0.4}, "?want=regressed", 200),
        ({"worse": 0.4}, "?want=undecided", 409),
        ({"worse": 0.4}, "?revision=other", 503),
        ({"worse": 0.4}, "?revision=other&want=regressed", 503),
        ({"worse": 0.4}, "?max_age=0.5&want=regressed", 503),
        ({"worse": 0.0, "pairs": 1000}, "", 200),
        ({"worse": 0.0, "pairs": 1000}, "?revision=r1&max_age=60", 200),
        ({"worse": 0.0, "pairs": 1000}, "?want=regressed", 409),
        ({"worse": 0.0, "pairs": 10}, "", 425),
        ({"worse": 0.0, "pairs": 10}, "?want=regressed", 425),
        ({"worse": 0.0, "pairs": 10}, "?want=undecided", 200),
        (None, "", 503),
        (None, "?want=unknown", 400),
        (None, "?want=green", 400),
        (None, "?max_age=soon", 400),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_status_code_is_the_verdict(client_of, method, shown, query, status):
    """Flagger would promote on a verdict that nobody gave, or roll back on none."""
    client = await client_of(shown=verdicts_of(**shown) if shown else None)
    answer = await client.request(
        method, f"/api/v1/gate/canary/status{query}", json={"phase": "Progressing"}
    )
    assert answer.status == status
    missing = await client.request(method, "/api/v1/gate/nobody/status?want=pass")
    assert missing.status == 503


async def test_a_token_guards_every_route(client_of):
    """Whoever reaches the port could open an epoch."""
    client = await client_of(token="s3cret", shown=verdicts_of())
    for sent in ({}, {"Authorization": "Bearer s3cre"}, {"Authorization": "s3cret"}):
        for method, path in (
            ("GET", "/api/v1/verdicts"),
            ("GET", "/api/v1/gate/canary"),
            ("GET", "/api/v1/gate/canary/status"),
            ("POST", "/api/v1/gate/canary/status"),
            ("GET", "/api/v1/plan"),
            ("GET", "/api/v1/budget"),
            ("PUT", "/api/v1/canaries/canary"),
        ):
            answer = await client.request(method, path, headers=sent)
            assert answer.status == 401
    answer = await client.get(
        "/api/v1/verdicts", headers={"Authorization": "Bearer s3cret"}
    )
    assert answer.status == 200


async def test_a_new_revision_is_declared(client_of):
    """A deployment could not say what it deployed."""
    client = await client_of()
    answer = await client.put("/api/v1/canaries/canary", json={"revision": "r2"})
    assert answer.status == 200
    assert client.declared == [("canary", "r2")]
    answer = await client.put("/api/v1/canaries/nobody", json={"revision": "r2"})
    assert answer.status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"revision": ""}',
        b'{"revision": "a\\nb"}',
        b'{"revision": "%s"}' % (b"x" * 129),
        b'{"revision": "a", "b": 1}',
        b"x" * 5000,
    ],
)
async def test_nonsense_is_refused(client_of, body):
    """A control character or a novel would become a metric label."""
    client = await client_of()
    answer = await client.put("/api/v1/canaries/canary", data=body)
    assert answer.status in {400, 413}
    assert client.declared == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:9465"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
    ],
)
async def test_a_web_page_cannot_open_an_epoch(client_of, headers):
    """A page that somebody on this machine visits could restart an evaluation."""
    client = await client_of()
    answer = await client.put(
        "/api/v1/canaries/canary", json={"revision": "r2"}, headers=headers
    )
    assert answer.status == 403
    assert client.declared == []


async def test_a_token_stands_for_itself_behind_a_proxy(client_of):
    """A release pipeline that reaches the API by a service name would be refused."""
    client = await client_of(token="secret")
    answer = await client.put(
        "/api/v1/canaries/canary",
        json={"revision": "r2"},
        headers={"Host": "snaptrace.svc", "Authorization": "Bearer secret"},
    )
    assert answer.status == 200


SPECIFICATION = json.loads(
    (Path(__file__).parents[4] / "docs" / "specs" / "openapi.json").read_text()
)


def described(route, method, status):
    """Return a validator of the body that the specification promises, or None."""
    answer = SPECIFICATION["paths"][route][method.lower()]["responses"][str(status)]
    if "content" not in answer:
        return None
    schema = answer["content"]["application/json"]["schema"]
    tree = {**schema, "components": SPECIFICATION["components"]}
    return jsonschema_rs.validator_for(tree)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/verdicts", None),
        ("GET", "/api/v1/gate/canary", None),
        ("GET", "/api/v1/gate/canary?max_age=soon", None),
        ("GET", "/api/v1/gate/canary/status", None),
        ("POST", "/api/v1/gate/canary/status?want=regressed", None),
        ("GET", "/api/v1/gate/canary/status?want=green", None),
        ("GET", "/api/v1/gate/nobody/status", None),
        ("GET", "/api/v1/plan", None),
        ("GET", "/api/v1/budget", None),
        ("PUT", "/api/v1/canaries/canary", {"revision": "r2"}),
        ("PUT", "/api/v1/canaries/nobody", {"revision": "r2"}),
        ("PUT", "/api/v1/canaries/canary", {"version": "r2"}),
        ("PUT", "/api/v1/canaries/canary", {"revision": "x" * 5000}),
    ],
)
@pytest.mark.parametrize("shown", [None, {"worse": 0.4}, {"worse": 0.0, "pairs": 10}])
async def test_answers_are_as_specified(client_of, shown, method, path, body):
    """A client generated from the OpenAPI document would refuse the answer."""
    client = await client_of(shown=verdicts_of(**shown) if shown else None)
    answer = await client.request(method, path, json=body)
    route = re.sub(r"(gate|canaries)/[a-z]+", r"\1/{canary}", path.partition("?")[0])
    validator = described(route, method, answer.status)
    if validator is not None:
        validator.validate(await answer.json())


def test_each_route_is_specified():
    """A route would be missing from the document, or be invented there."""
    api = GateApi(lambda: None, FixedClock(), None)
    named = {
        f"{method.upper()} {path}"
        for path, methods in SPECIFICATION["paths"].items()
        for method in methods
    }
    assert named == {*api.routes(), "GET /api/v1/pairs/{canary}"}
