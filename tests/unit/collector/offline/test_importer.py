import gzip
import json
from pathlib import Path

import msgspec
import pytest
import zstandard
from google.protobuf.json_format import MessageToDict
from measure.recordings import from_archive
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.offline.doctor import Doctor, advise
from collector.offline.importer import UnreadableExportError, read_exports
from collector.recognise.recogniser import Recogniser

_ARCHIVE = Path(__file__).parents[3] / "golden" / "corpus" / "recordings.tar.zst"
_MESSAGES = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}


@pytest.fixture(scope="module")
def exports():
    cases = list(from_archive(_ARCHIVE))[::40]
    return [export for case in cases for export in case.exports]


def _calls(requests):
    recogniser = Recogniser()
    calls = [call for request in requests for call in recogniser.feed(request)]
    calls.extend(recogniser.flush(0))
    return sorted(
        (call.snapshot.snapshot_id, call.snapshot.fidelity.level) for call in calls
    )


def _json_lines(exports):
    lines = [
        json.dumps(MessageToDict(_MESSAGES[export.signal].FromString(export.body)))
        for export in exports
    ]
    lines.insert(1, json.dumps({"resourceMetrics": []}))
    return "\n\n".join(lines).encode()


def _framed(exports):
    return b"".join(len(e.body).to_bytes(4, "big") + e.body for e in exports)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("write", [_json_lines, _framed])
def test_past_exports_give_the_calls_that_live_spans_give(
    exports, tmp_path, write, pack
):
    """Last month's traces would make another suite than yesterday's."""
    path = tmp_path / "export"
    path.write_bytes(pack(write(exports)))
    assert _calls(read_exports(path)) == _calls(exports)


def test_one_document_over_many_lines_is_read(exports, tmp_path):
    """A pretty-printed export would be refused."""
    path = tmp_path / "export.json"
    message = MessageToDict(_MESSAGES["traces"].FromString(exports[0].body))
    path.write_text(json.dumps(message, indent=2))
    assert len(list(read_exports(path))) == 1


def test_a_single_protobuf_message_is_read(exports, tmp_path):
    """A saved request body would be refused."""
    path = tmp_path / "export.binpb"
    path.write_bytes(exports[0].body)
    assert [request.body for request in read_exports(path)] == [exports[0].body]


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"\x1f\x8b\x08\x00damaged",
        b"\x28\xb5\x2f\xfddamaged",
        b"\x00\x00\x00\xffshort",
        b"\x00\xff\xff\xff",
        b"\x89PNG\r\n\x1a\n",
        b"plain words",
    ],
)
def test_what_is_no_export_is_refused_by_name(tmp_path, data):
    """A wrong file would look like an empty month."""
    path = tmp_path / "export"
    path.write_bytes(data)
    with pytest.raises(UnreadableExportError) as refused:
        list(read_exports(path))
    assert refused.value.path == path


def test_a_doctor_tells_what_to_change():
    """A person would see an empty suite and not know which switch to turn."""
    doctor = Doctor()
    for case in from_archive(_ARCHIVE):
        recogniser = Recogniser()
        for export in case.exports:
            for call in recogniser.feed(export):
                doctor.add(call.snapshot)
        for call in recogniser.flush(0):
            doctor.add(call.snapshot)
    reports = doctor.report()
    assert sum(report.recognised for report in reports) > 900
    for report in reports:
        assert report.recognised >= report.with_content >= report.replayable
        assert all(finding.advice for finding in report.findings), report.scope
    found = {
        finding.reason
        for report in reports
        if report.scope == "openinference.instrumentation.openai"
        for finding in report.findings
        if "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH" in finding.advice
    }
    assert found == {"media_redacted"}


def test_a_doctor_says_what_would_verify_a_call():
    """A person would see calls left out of every verdict, and no way to change it."""
    doctor = Doctor()
    (case,) = (
        case
        for case in from_archive(_ARCHIVE)
        if (case.variant, case.name) == ("openinference-openai", "text_system")
    )
    for export in case.exports:
        # A release that nobody has recorded.
        later = msgspec.structs.replace(
            export, body=export.body.replace(b"0.1.66", b"9.1.66")
        )
        recogniser = Recogniser()
        list(recogniser.feed(later))
        for call in recogniser.flush(0):
            doctor.add(call.snapshot)
    (report,) = doctor.report()
    assert (report.version, report.unverified, report.replayable) == ("9.1.66", 1, 0)
    assert "0.1.66" in report.recorded_versions
    assert "9.1.66" not in report.recorded_versions
    assert [finding.reason for finding in report.findings] == ["version_unrecorded"]


def test_every_reason_has_advice():
    """A new reason would come without a word on what to do."""
    from collector.recognise.fidelity import REASONS  # noqa: PLC0415 - read late on purpose

    assert all(advise("", "", "", reason) for reason in REASONS)
