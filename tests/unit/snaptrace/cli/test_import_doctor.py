"""`import` and `doctor` on files: what is read is kept, what is not is said."""

import hashlib
import json

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from snaptrace.cli import main

_TEXT = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}])


def _export(**attributes):
    span = {
        "traceId": "ab" * 16,
        "spanId": "cd" * 8,
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": "1544712661000000000",
        "attributes": [
            {"key": key, "value": {"stringValue": value}}
            for key, value in attributes.items()
        ],
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})


CALL = _export(
    **{
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-x",
        "gen_ai.input.messages": _TEXT,
    }
)
TOOL = _export(**{"gen_ai.operation.name": "execute_tool"})


@pytest.fixture
def run(tmp_path, capfdbinary):
    """Return a way to run a command on files of these texts: (code, all it said)."""

    def run_on(command, *texts):
        for index, text in enumerate(texts):
            (tmp_path / f"{index}.json").write_text(text)
        files = [str(tmp_path / f"{index}.json") for index in range(len(texts))]
        store = f"store.url=file://{tmp_path}/store"
        settings = ["--set", store] if command == "import" else []
        code = main([command, *files, *settings])
        out = capfdbinary.readouterr()
        return code, " ".join((out.out + out.err).decode().split())

    return run_on


@pytest.mark.parametrize("command", ["import", "doctor"])
def test_what_is_read_is_kept_though_another_file_is_not(run, command):
    """One wrong file among thirty would lose the month, or go unseen."""
    code, said = run(command, "{}", CALL, "no export")
    assert code == 1
    assert "0.json: JSON, but an empty object" in said
    assert "2.json: no export" in said
    assert "1 calls" in said or "1 model calls recognised" in said


def test_no_call_is_explained(run):
    """Nobody would know whether the file, the library or the switch is wrong."""
    code, said = run("import", _export(http="get"))
    assert code == 0
    assert "0 model calls" in said
    assert "no span or log record has an attribute of a GenAI convention" in said
    code, said = run("import", TOOL)
    assert code == 0
    assert "frameworks or tools" in said
    code, said = run("doctor", TOOL)
    assert code == 1
    assert "frameworks or tools" in said


def _calls(count, encoding):
    """Return that many calls of ten days, in one export."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(count):
        span = scope.spans.add()
        json_format.ParseDict(json.loads(CALL), one := ExportTraceServiceRequest())
        span.CopyFrom(one.resource_spans[0].scope_spans[0].spans[0])
        span.trace_id = hashlib.blake2b(b"%d" % number, digest_size=16).digest()
        span.start_time_unix_nano += number * 1_000 * 10**9
        span.end_time_unix_nano += number * 1_000 * 10**9
    if encoding == "protobuf":
        return request.SerializeToString()
    return json_format.MessageToJson(request, indent=None).encode()


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
@pytest.mark.parametrize(("options", "kept"), [((), 900), (("--keep", "40"), 40)])
def test_an_import_is_thinned_by_nothing_but_its_own_limit(
    tmp_path, capfdbinary, encoding, options, kept
):
    """Of a month of calls a few hundred would be left, fewer on a fast machine."""
    path = tmp_path / "export"
    path.write_bytes(_calls(900, encoding))
    store = f"store.url=file://{tmp_path}/store"
    assert main(["import", str(path), *options, "--set", store]) == 0
    said = capfdbinary.readouterr().err.decode()
    assert f"900 model calls recognised, {kept} kept" in " ".join(said.split())
    assert main(["ls", "-n", "1000", "--format", "json", "--set", store]) == 0
    rows = json.loads(capfdbinary.readouterr().out)
    assert len(rows) == kept
