"""The recorder, without a network: what it keeps, packs and says is carried."""

import json
import re
import subprocess
import urllib.request

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from recording import archive
from recording.carried import coverage
from recording.clients import material
from recording.drivers import DRIVERS, NODE_DRIVERS
from recording.environments import named
from recording.newest import run, shard
from recording.node_cases import plain_cases
from recording.record import HERE, add, cases_of, nameless
from recording.stand_in import StandIn


def _posted(server, path, body):
    request = urllib.request.Request(
        server.url + path, json.dumps(body).encode(), {"connection": "close"}
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def _export(attributes):
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add()
    for key, value in attributes.items():
        span.attributes.add(key=key).value.string_value = value
    return [("traces", message.SerializeToString())]


def test_the_stand_in_keeps_the_true_request():
    """Recordings would be compared with something that was never sent."""
    body = {"model": "m", "messages": [{"role": "user", "content": "é"}]}
    with StandIn() as server:
        answer = json.loads(_posted(server, "/v1/chat/completions", body))
        _posted(server, "/v1/traces", {})
    assert answer["choices"][0]["message"]["content"]
    assert [request["body"] for request in server.requests] == [body]
    assert [signal for signal, _ in server.exports] == ["traces"]


def test_a_stream_ends_as_its_api_says():
    """A client would wait, and the case be recorded as a failure."""
    with StandIn() as server:
        body = {"model": "m", "messages": [], "stream": True}
        assert _posted(server, "/v1/chat/completions", body).endswith(
            b"data: [DONE]\n\n"
        )


def test_absent_leaves_are_named():
    """A loss would count as carried, and a dialect be blamed for it."""
    body = {"model": "m-1", "temperature": 0.5, "messages": [{"content": "hi there"}]}
    found = coverage(body, _export({"gen_ai.request.model": "m-1", "x": "hi there"}))
    assert found["absent"] == ["temperature"]
    assert found["llm_spans_seen"] == 1


def test_media_are_whole_or_absent():
    """A picture cut short would count as carried."""
    data = "QUJD" * 40
    body = {"url": f"data:image/png;base64,{data}"}
    whole = coverage(body, _export({"gen_ai.input": data}))
    assert (whole["media"], whole["absent"]) == (["full"], [])
    cut = coverage(body, _export({"gen_ai.input": data[:50]}))
    assert (cut["media"], cut["absent"]) == (["absent"], ["url"])


def test_a_variant_recorded_again_replaces_itself_only(tmp_path):
    """Recordings of other libraries would be lost, or stand twice."""
    path = tmp_path / "own.tar.zst"
    request = json.dumps({"method": "POST", "path": "/", "body": {}}).encode()
    add({("a", "one"): {"request.json": request}, ("b", "x"): {"f": b"1"}}, path)
    add({("a", "two"): {"request.json": request}}, path)
    assert archive.read(path).keys() == {("a", "two"), ("b", "x")}


def test_packing_twice_gives_the_same_bytes(tmp_path):
    """The tree would change whenever somebody records nothing new."""
    folders = {("v", f"c{n}"): {"meta.json": b"{}", "a": bytes(n)} for n in range(5)}
    first, second = tmp_path / "1", tmp_path / "2"
    archive.write(first, folders)
    archive.write(second, dict(reversed(folders.items())))
    assert first.read_bytes() == second.read_bytes()
    assert archive.read(first) == folders


def test_the_measure_reads_what_was_recorded():
    """A recording would be added that no test ever looks at."""
    request = json.dumps({"method": "POST", "path": "/v1/x", "body": {"a": 1}})
    (case,) = cases_of({("v", "c"): {"request.json": request.encode()}})
    assert (case.variant, case.requests[0].body) == ("v", {"a": 1})


def test_paths_of_the_machine_are_not_kept():
    """Whoever records would publish where they work."""
    assert nameless(b"at /some/where/x.py", "/some/where") == b"at /recorder__/x.py"


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_says_all_that_recording_needs(name):
    """`make record` would fail after it had installed everything."""
    driver = DRIVERS[name]
    assert (HERE / "clients" / f"{driver.client.replace('.', '/')}.py").exists()
    assert driver.packages
    assert callable(driver.switch_on)


@pytest.mark.parametrize("name", NODE_DRIVERS)
def test_a_driver_on_node_names_a_client_and_a_switch(name):
    """`make record` would install packages for a call that nobody can make."""
    driver = NODE_DRIVERS[name]
    assert (HERE / "node" / "clients" / f"{driver.client}.mjs").exists()
    switches = (HERE / "node" / "switches.mjs").read_text()
    assert re.search(rf"^  {driver.switch}[:,]", switches, re.MULTILINE)


def test_cases_on_node_are_what_pythons_clients_are_given():
    """The same case would ask for something else on Node."""
    cases = plain_cases()
    assert json.dumps(cases)
    assert cases["chat"]["extra"]["top_k"] == 20
    assert "extra_body" not in cases["chat"]["extra"]
    assert cases["chat"]["stream"]["stream"] is True


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("openlit>=1.45", "openlit"),
        ("anthropic[bedrock,vertex]", "anthropic"),
        ("@ai-sdk/openai@latest", "@ai-sdk/openai"),
    ],
)
def test_a_requirement_names_its_package(requirement, name):
    """The variant would be named after no version."""
    assert named(requirement) == name


def test_every_answer_has_an_id_of_its_own():
    """Libraries that keep calls by id would mix one case's content into the next."""
    with StandIn() as server:
        body = {"model": "m", "input": "?"}
        answers = [json.loads(_posted(server, "/v1/responses", body)) for _ in "ab"]
    assert len({answer["id"] for answer in answers}) == 2


@pytest.mark.parametrize(
    ("attributes", "calls"),
    [
        ({"openinference.span.kind": "LLM"}, 1),
        ({"openinference.span.kind": "AGENT", "llm.model_name": "m"}, 0),
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}, 0),
        ({"traceloop.span.kind": "workflow"}, 0),
        ({"gen_ai.request.model": "m"}, 1),
    ],
)
def test_only_spans_of_model_calls_count(attributes, calls):
    """A framework that reports its agents alone would count as missed calls."""
    assert coverage({}, _export(attributes))["llm_spans_seen"] == calls


_ASKED = [{"role": "user", "content": material.ASKED}]
_TOOL = {"name": "weather", "parameters": material.CITY}
_GEMINI = {"contents": [{"parts": [{"text": "?"}]}]}
_CONVERSE = {"messages": [{"role": "user", "content": [{"text": "?"}]}]}
_SPEC = {"name": "weather", "inputSchema": {"json": material.CITY}}
_APIS = {
    "/v1/chat/completions": {"messages": _ASKED, "tools": material.FUNCTIONS},
    "/v1/responses": {"input": "?", "tools": [{"type": "function", **_TOOL}]},
    "/v1/messages": {
        "messages": _ASKED,
        "tools": [{"name": "weather", "input_schema": material.CITY}],
    },
    "/v1beta/models/m:generateContent": {
        **_GEMINI,
        "tools": [{"functionDeclarations": [_TOOL]}],
    },
    "/model/m/converse": {**_CONVERSE, "toolConfig": {"tools": [{"toolSpec": _SPEC}]}},
    "/v2/chat": {"messages": _ASKED, "tools": material.FUNCTIONS},
    "/api/chat": {"messages": _ASKED, "tools": material.FUNCTIONS, "stream": False},
}


@pytest.mark.parametrize("path", _APIS)
def test_every_api_calls_the_tool_it_is_offered(path):
    """A framework's loop would end at once, and no tool result ever be recorded."""
    with StandIn() as server:
        answer = _posted(server, path, {"model": "m", **_APIS[path]})
    assert b"weather" in answer
    assert b"Paris" in answer


_STREAMED = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1beta/models/m:streamGenerateContent",
    "/model/m/converse-stream",
    "/v2/chat",
    "/api/chat",
)


@pytest.mark.parametrize("path", _STREAMED)
def test_a_streamed_answer_is_kept_whole(path):
    """Recorded answers could not be compared with what was read of them."""
    body = {"model": "m", "messages": _ASKED, "input": "?", "stream": True}
    with StandIn() as server:
        sent = _posted(server, path, body)
    assert b"capital of France" in sent
    kept = json.dumps(server.responses[0]["body"])
    assert "capital of France" in kept


def test_a_case_holds_what_came_until_it_ended():
    """A span would be compared with another case's request."""
    body = {"model": "m", "messages": []}
    with StandIn() as server:
        _posted(server, "/recorder/next?case=", {})
        _posted(server, "/v1/chat/completions", body)
        _posted(server, "/v1/traces", {})
        _posted(server, "/recorder/next?case=one", {})
        _posted(server, "/v1/chat/completions", {**body, "n": 2})
        _posted(server, "/recorder/next?case=two", {})
    assert [r["body"] for r in server.cases["one"].requests] == [body]
    assert len(server.cases["one"].exports) == 1
    assert server.cases["two"].exports == []


def test_shards_take_each_driver_once():
    """A library would be recorded twice, or never."""
    names = [*DRIVERS, *NODE_DRIVERS]
    parts = [shard(names, f"{number}/16") for number in range(1, 17)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    with pytest.raises(ValueError, match="17/16"):
        shard(names, "17/16")


def test_a_driver_that_fails_is_named_and_the_rest_recorded(tmp_path, capsys):
    """One library that cannot be installed would hide what all others send."""

    def record(name, _):
        if name == "broken":
            raise subprocess.TimeoutExpired("install", 1)
        return {(name, "text"): {"request.json": b"{}"}}

    names = ["first", "broken", "last"]
    folder, made = tmp_path / "kept", tmp_path / "made"
    assert run(names, folder, made, record, len) == 1
    told = capsys.readouterr().out
    assert "broken: not recorded: TimeoutExpired" in told
    assert "recorded 2 drivers, 2 silently different" in told


def test_what_was_recorded_is_not_recorded_again(tmp_path):
    """A run that was stopped would begin anew, and never come to its end."""
    asked = []

    def record(name, _):
        asked.append(name)
        return {(name, "text"): {"request.json": b"{}"}}

    for _ in range(2):
        run(["one"], tmp_path / "kept", tmp_path / "made", record, lambda _: 0)
    assert asked == ["one"]
