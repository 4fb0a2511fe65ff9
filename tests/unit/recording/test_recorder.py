"""The recorder, without a network: what it keeps, packs and says is carried."""

import json
import urllib.request

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from recording import archive
from recording.calls import CALLS, CASES
from recording.carried import coverage
from recording.record import add, cases_of, drivers, nameless
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


@pytest.mark.parametrize("name", drivers())
def test_a_driver_says_all_that_recording_needs(name):
    """`make record` would fail after it had installed everything."""
    driver = __import__(f"recording.drivers.{name}", fromlist=["x"])
    assert CASES[driver.CLIENT]
    assert driver.CLIENT in CALLS
    assert driver.PACKAGES
    assert callable(driver.instrument)
