"""Planted secrets and personal data, in every dialect: not one byte of them is kept.

Recordings of real instrumentations, spans and log events, get values planted into every
text that they carry, and go through the whole sampling process into a folder. Then
every byte that reached disk, every log line and the metrics are searched.
"""

import base64
import json
import logging
import random
import re
import string
import struct
import zlib
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from fakes.filled_store import plain
from fakes.planted import VALUES
from measure.recordings import from_archive
from measure.table import recognise
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.config.relay import CollectorConfig, TapConfig
from collector.config.sampling import ReservoirConfig
from collector.metrics import families
from collector.sampling.pipeline import Pipeline
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names, segment
from snaptrace.store.store import Store

_ARCHIVE = Path(__file__).parents[1] / "golden" / "corpus" / "recordings.tar.zst"
KEY = FleetKey(b"the secret of a fleet of test sidecars")
NOW_NS = 1_763_800_000 * 10**9

# Every value is found by its beginning, which no recording has by itself.
PLANTED = VALUES | {
    "email": VALUES["email"].lower(),
    "password": "password: Pl4nted-pa55",
}
SENTENCE = "; ".join(PLANTED.values())
SEARCHED = [
    *(v for k, v in PLANTED.items() if k != "password"),
    "Pl4nted-pa55",
    "planted.person",
    "planted-user",
    "planted-session",
]


_PNG = re.compile(r"(data:image/png;base64,)([A-Za-z0-9+/]+={0,2})")


class HandClock:
    """Stands still."""

    def now_ns(self):
        return NOW_NS

    def monotonic_seconds(self):
        return NOW_NS / 1e9


def planted_in(value):
    """Return a JSON value with the sentence behind every text that has a blank."""
    if isinstance(value, str):
        return plant(value)
    if isinstance(value, list):
        return [planted_in(item) for item in value]
    if isinstance(value, dict):
        return {key: planted_in(item) for key, item in value.items()}
    return value


def plant(text):
    """Plant into a text, within its JSON where it is JSON."""
    if text[:1] in ("{", "[", '"'):
        try:
            return json.dumps(planted_in(json.loads(text)))
        except ValueError:
            pass
    text = _PNG.sub(with_author, text)
    return f"{text} {SENTENCE}" if " " in text.strip() else text


def with_author(match):
    """Return a PNG's data URL with the sentence in a text chunk."""
    if len(match[2]) % 4:
        return match[0]  # cut off by a length limit
    data = base64.b64decode(match[2])
    kind, body = b"tEXt", b"Author\0" + SENTENCE.encode()
    check = zlib.crc32(kind + body)
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)
    at = 8 + 25  # behind the header chunk
    return match[1] + base64.b64encode(data[:at] + chunk + data[at:]).decode()


def plant_in_values(message):
    """Plant into every text of a protobuf message, but names and schema URLs."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if field.is_repeated else (value,):
                plant_in_values(one)
        elif field.name == "string_value":
            message.string_value = plant(value)


def with_planted(export):
    """Return an export with values planted, and people's ids on its spans."""
    kind = (
        ExportTraceServiceRequest
        if export.signal == "traces"
        else ExportLogsServiceRequest
    )
    message = kind.FromString(export.body)
    plant_in_values(message)
    for resource in getattr(message, "resource_spans", ()):
        for scope in resource.scope_spans:
            for span in scope.spans:
                for name, text in (
                    ("session.id", "planted-session-0123456789"),
                    ("user.id", "planted-user-9876543210"),
                    ("tenant", f"kept {SENTENCE}"),
                ):
                    attribute = span.attributes.add()
                    attribute.key, attribute.value.string_value = name, text
    return msgspec.structs.replace(
        export, body=message.SerializeToString(), received_at_ns=NOW_NS
    )


@pytest.mark.timeout(300)
async def test_no_planted_byte_reaches_disk_logs_or_metrics(tmp_path, caplog):
    """A person's data or a key would be stored by whatever reports in this dialect."""
    caplog.set_level(logging.DEBUG)
    store = Store.open(StoreConfig(url=f"file://{tmp_path}/store"))
    config = CollectorConfig(
        attributes=("tenant",),
        tap=TapConfig(decode_budget=0),  # all of it comes at once, and all is read
        reservoir=ReservoirConfig(size=100_000, quota=0, calls_per_trace=1000),
    )
    pipeline = Pipeline(config, store, KEY, tmp_path / "state", HandClock())
    planted, expected = 0, set()
    for case in from_archive(_ARCHIVE):
        expected |= {call.snapshot.dialect for call in recognise(case)}
        for export in case.exports:
            request = with_planted(export)
            planted += request.body.count(b"planted.person")
            await pipeline.offer(request)
    journal = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    await pipeline.seal_and_close(60)
    objects = {i.name: await store.get(i.name) async for i in store.list("v1")}
    readable = plain(objects)
    metrics = families.pack(pipeline.families())
    logs = caplog.text.encode()
    assert planted > 1000
    for value in SEARCHED:
        for spelling in spellings(value):
            for where in (journal, readable, metrics, logs):
                at = where.find(spelling)
                assert at < 0, where[max(at - 200, 0) : at + 200]
    counts, dialects = Counter(), set()
    for name, data in objects.items():
        if name.startswith(object_names.SEGMENTS):
            for snapshot in segment.read(data, name):
                counts.update(snapshot.redaction.counts)
                dialects.add(snapshot.dialect)
    # The values did get as far as the redactor, in all dialects there are.
    assert dialects == expected
    assert counts["metadata"] > 10
    for kind in ("email", "phone", "card", "iban", "ip", "ssn", "openai_key", "jwt"):
        assert counts[kind] > 100, kind


def spellings(value):
    """Return the forms in which a value could stand in a file."""
    plain_text = value.encode()
    return [
        plain_text,
        json.dumps(value)[1:-1].encode(),
        value.encode("utf-16-le"),
        value.encode("utf-16-be"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_search_would_find_a_planted_value(seed):
    """The test above would pass by not looking."""
    rng = random.Random(seed)
    noise = "".join(rng.choices(string.ascii_letters, k=500))
    for value in SEARCHED:
        assert any(s in f"{noise}{value}{noise}".encode() for s in spellings(value))
