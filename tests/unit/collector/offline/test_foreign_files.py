"""Files of traces as other tools write them, and what is said of those not read."""

import json

import pytest

from collector.offline.importer import UnreadableExportError, read_exports
from collector.recognise.recogniser import Recogniser

MESSAGES = [{"role": "user", "parts": [{"type": "text", "content": "caf\u00e9?"}]}]
ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.request.max_tokens": 7,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.input.messages": json.dumps(MESSAGES),
}
_KINDS = {str: "stringValue", int: "intValue", float: "doubleValue"}


def span(number=1):
    """Return a span of a model call."""
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "chat gpt-x",
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": "1544712661000000000",
        "attributes": [
            {"key": key, "value": {_KINDS[type(value)]: value}}
            for key, value in ATTRIBUTES.items()
        ],
    }


def group(*spans, scopes="scopeSpans", scope="scope"):
    """Return the spans of one resource."""
    name = {"key": "service.name", "value": {"stringValue": "shop"}}
    return {
        "resource": {"attributes": [name]},
        scopes: [{scope: {"name": "demo"}, "spans": list(spans)}],
    }


def export(number=1):
    """Return an OTLP/JSON request."""
    return {"resourceSpans": [group(span(number))]}


def jaeger(number=1):
    """Return the trace as Jaeger's UI saves it."""
    kinds = {str: "string", int: "int64", float: "float64"}
    tags = [
        {"key": key, "type": kinds[type(value)], "value": value}
        for key, value in {**ATTRIBUTES, "otel.scope.name": "demo"}.items()
    ]
    one = {
        "traceID": f"{number:x}",
        "spanID": f"{number:x}",
        "operationName": "chat gpt-x",
        "references": [],
        "startTime": 1544712660000000,
        "duration": 1000000,
        "tags": tags,
        "logs": [{"timestamp": 1544712660000000, "fields": [{"key": "event"}]}],
        "processID": "p1",
    }
    processes = {"p1": {"serviceName": "shop", "tags": []}}
    return {"traceID": f"{number:x}", "spans": [one], "processes": processes}


def zipkin(number=1):
    """Return the span as Zipkin keeps it: every value is text."""
    tags = {key: str(value) for key, value in ATTRIBUTES.items()}
    return {
        "traceId": f"{number:x}",
        "id": f"{number:x}",
        "name": "chat gpt-x",
        "timestamp": 1544712660000000,
        "duration": 1000000,
        "localEndpoint": {"serviceName": "shop"},
        "tags": {**tags, "otel.scope.name": "demo"},
    }


def old(number=1):
    """Return a request as exporters wrote it before OTLP 0.16."""
    one = group(
        span(number),
        scopes="instrumentationLibrarySpans",
        scope="instrumentationLibrary",
    )
    return {"resourceSpans": [one]}


def lines(*trees):
    """Return JSON lines."""
    return "\n".join(json.dumps(tree) for tree in trees).encode()


def pretty(*trees):
    """Return what a formatter makes of JSON lines."""
    return "\n".join(json.dumps(tree, indent=2) for tree in trees).encode()


METRICS = {"resourceMetrics": []}
# name -> a file of two calls
FILES = {
    "lines": lines(export(1), export(2)),
    "pretty": pretty(export(1), METRICS, export(2)),
    "side by side": lines(export(1)) + lines(export(2)),
    "commas between": lines(export(1)) + b",\n" + lines(export(2)),
    "sequence": b"\x1e" + lines(export(1)) + b"\n\x1e" + lines(export(2)),
    "blank lines": b"\n\r\n  " + lines(export(1)) + b"\r\n\r\n" + lines(export(2)),
    "bom": b"\xef\xbb\xbf" + lines(export(1), export(2)),
    "utf-16": pretty(export(1), export(2)).decode().encode("utf-16"),
    "utf-16, one line": lines([export(1), export(2)]).decode().encode("utf-16"),
    "utf-16, the other way round": b"\xfe\xff"
    + lines(export(1), export(2)).decode().encode("utf-16-be"),
    "resources alone": lines(group(span(1)), group(span(2))),
    "list of resources": pretty([group(span(1)), group(span(2))]),
    "log lines": lines(
        {"log": lines(export(1)).decode() + "\n", "stream": "stdout"},
        {"message": lines(export(2)).decode()},
    ),
    "body of a record": lines({"body": lines(export(1)).decode()}, {"body": export(2)}),
    "list": lines([export(1), METRICS, export(2)]),
    "pretty list": pretty([export(1), export(2)]),
    "tempo": lines({"batches": [group(span(1)), group(span(2))]}),
    "tempo, second": lines({"trace": export(1)}, {"trace": export(2)}),
    "tempo, pretty": pretty({"trace": {"resourceSpans": [group(span(1), span(2))]}}),
    "tempo of old": pretty(
        {"batches": [old(1)["resourceSpans"][0], old(2)["resourceSpans"][0]]}
    ),
    "jaeger": pretty({"data": [jaeger(1), jaeger(2)], "total": 0, "errors": None}),
    "jaeger, one trace": lines(jaeger(1), jaeger(2)),
    "jaeger, third": lines({"result": export(1)}, {"result": export(2)}),
    "zipkin": pretty([zipkin(1), zipkin(2)]),
    "zipkin, traces": lines([[zipkin(1)], [zipkin(2)]]),
    "libraries": lines(old(1), old(2)),
    "names of protobuf": lines(export(1), export(2))
    .replace(b"resourceSpans", b"resource_spans")
    .replace(b"scopeSpans", b"scope_spans"),
    "half a pair": lines(export(1), export(2)).replace(b"caf\\\\u00e9", b"caf\\ud83d"),
}


def calls(requests):
    """Return what is recognised."""
    recogniser = Recogniser()
    found = [call for request in requests for call in recogniser.feed(request)]
    return [call.snapshot for call in (*found, *recogniser.flush(0))]


@pytest.mark.parametrize("name", FILES)
def test_every_spelling_of_a_file_gives_its_calls(tmp_path, name):
    """A month of traces would be imported as nothing, without a word."""
    path = tmp_path / "export"
    path.write_bytes(FILES[name])
    found = calls(read_exports(path))
    assert sorted(int(one.trace_id, 16) for one in found) == [1, 2]
    for one in found:
        assert (one.service, one.scope) == ("shop", "demo")
        assert one.request.body["temperature"] == 0.5
        assert 7 in one.request.body.values()
        assert one.ended_at_ns - one.started_at_ns == 10**9


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"  \n\n", "nothing|no "),
        (lines(METRICS), "no spans"),
        (lines({"name": "a", "context": {}, "attributes": {}}), "console"),
        (lines({"level": "info", "message": "x"}), "level, message"),
        (pretty({"level": "info"}, {"level": "warn"}), "level"),
        (b'{"resourceSpans": [', "broken"),
        (b"[1, 2]", "no object"),
        (b"[" * 50_000, "broken"),
    ],
)
def test_of_what_is_not_read_is_said_what_it_is(tmp_path, data, word):
    """A wrong file would look like a month without model calls."""
    path = tmp_path / "export"
    path.write_bytes(data)
    with pytest.raises(UnreadableExportError, match=word):
        list(read_exports(path))


@pytest.mark.parametrize("write", [lines, pretty])
def test_one_damaged_document_does_not_lose_the_others(tmp_path, write):
    """A line that a full disk cut would end the import of what follows it."""
    path = tmp_path / "export"
    whole = [write(export(number)) for number in range(1, 6)]
    whole[1] = whole[1][: len(whole[1]) // 2]
    path.write_bytes(b"\n".join([*whole, lines({"level": "info"})]))
    read = []
    with pytest.raises(UnreadableExportError, match="2 of 6 documents: broken"):
        read.extend(read_exports(path))  # which keeps what came before the error
    assert sorted(int(one.trace_id, 16) for one in calls(read)) == [1, 3, 4, 5]
