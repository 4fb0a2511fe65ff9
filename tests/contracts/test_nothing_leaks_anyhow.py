"""Planted values, however they are spelled and wherever they stand: zero bytes kept.

Every convention, with a recording or without, in protobuf and in JSON; every spelling
of `fakes.planted`; every kind of file; names, keys, errors, ids, resources. Then every
byte on disk is searched, segments, media, archives and streams unpacked.
"""

import base64
import json
import logging

import msgspec
import pytest
from fakes import planted, planted_files
from fakes.filled_store import KEY, plain
from fakes.otlp_exports import logs, spans
from fakes.telling_spans import BASE, CONVENTIONS, semantic_kernel
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.config.relay import CollectorConfig
from collector.config.sampling import ReservoirConfig
from collector.metrics import families
from collector.sampling.pipeline import Pipeline
from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names, segment
from snaptrace.store import media
from snaptrace.store.store import Store

NOW_NS = 1_763_800_000 * 10**9
NEEDLES = planted.needles()
RESOURCE = {"service.name": "shop", "host.name": "node-1"}


class HandClock:
    """Stands still."""

    def now_ns(self):
        return NOW_NS

    def monotonic_seconds(self):
        return NOW_NS / 1e9


def leaks(data):
    """Return which needles stand in these bytes."""
    lowered = data.lower()
    return [needle for needle in NEEDLES if needle in lowered]


class Kept:
    """What a pipeline left behind."""

    def __init__(self, folder, objects, metrics, log):
        self.objects = objects
        self.snapshots = [
            snapshot
            for name, data in objects.items()
            if name.startswith(object_names.SEGMENTS)
            for snapshot in segment.read(data, name)
        ]
        self._files = [p.read_bytes() for p in folder.rglob("*") if p.is_file()]
        self._told = [metrics, log.encode()]

    def places(self):
        """Yield everything that somebody could read."""
        yield from self._files
        yield from self._told
        yield plain(self.objects)
        for name, data in self.objects.items():
            if name.startswith(object_names.MEDIA):
                yield from planted_files.unpacked(media.unpack(data, name))

    def assert_clean(self):
        for data in self.places():
            for needle in leaks(data):
                at = data.lower().find(needle)
                raise AssertionError(
                    f"{needle!r} in {data[max(at - 300, 0) : at + 200]!r}"
                )


@pytest.fixture
def keep(tmp_path, caplog):
    """Return a function that sends requests through the sampling process."""

    async def run(*requests, **settings):
        caplog.set_level(logging.DEBUG)
        store = Store.open(StoreConfig(url=f"file://{tmp_path}/store"))
        config = CollectorConfig(
            attributes=("tenant", "deployment"),
            reservoir=ReservoirConfig(size=100_000, quota=4, calls_per_trace=1000),
            **settings,
        )
        pipeline = Pipeline(config, store, KEY, tmp_path / "state", HandClock())
        for request in requests:
            await pipeline.offer(request)
        await pipeline._keep(pipeline._recogniser.flush(NOW_NS))
        # What the journal holds before the seal takes it away.
        journal = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
        await pipeline.seal_and_close(60)
        objects = {i.name: await store.get(i.name) async for i in store.list("v1")}
        kept = Kept(tmp_path, objects, families.pack(pipeline.families()), caplog.text)
        kept._files += journal
        return kept

    return run


def as_json(request):
    """Return the same export in OTLP's JSON, ids in hex."""
    tree = MessageToDict(ExportTraceServiceRequest.FromString(request.body))
    for group in tree["resourceSpans"]:
        for scoped in group["scopeSpans"]:
            for span in scoped["spans"]:
                for name in ("traceId", "spanId"):
                    span[name] = base64.b64decode(span[name]).hex()
    body = json.dumps(tree).encode()
    return msgspec.structs.replace(request, encoding="json", body=body)


async def spelled_in(keep, convention, spellings):
    """Send a call for each spelling, in a convention; return what was kept."""
    make = CONVENTIONS[convention]
    entries = [
        (number, make(spell(planted.SENTENCE)))
        for number, spell in enumerate(spellings, 1)
    ]
    kept = await keep(spans(entries, resource=RESOURCE, now_ns=NOW_NS))
    assert len(kept.snapshots) == len(entries)
    assert all(one.redaction.counts for one in kept.snapshots)
    kept.assert_clean()


@pytest.mark.parametrize("convention", CONVENTIONS)
async def test_no_spelling_is_kept_in_a_convention(keep, convention):
    """What an instrumentation writes in its own way would be stored as it is."""
    # A third each, so that every spelling is tried in four conventions or more.
    first = list(CONVENTIONS).index(convention) % 3
    await spelled_in(keep, convention, list(planted.SPELLINGS.values())[first::3])


@pytest.mark.slow
@pytest.mark.parametrize("convention", CONVENTIONS)
async def test_no_spelling_is_kept_in_any_convention(keep, convention):
    """The same, of every convention with every spelling."""
    await spelled_in(keep, convention, planted.SPELLINGS.values())


async def test_json_exports_and_log_events_are_the_same_choke_point(keep):
    """Another way in would lead around the redactor."""
    requests, number = [], 1
    for make in CONVENTIONS.values():
        entry = make(f"hello {planted.SENTENCE}")
        requests.append(
            as_json(spans([(number, entry)], resource=RESOURCE, now_ns=NOW_NS))
        )
        number += 1
    for spell in planted.SPELLINGS.values():
        span, records = semantic_kernel(number, spell(planted.SENTENCE))
        requests.append(spans([(number, span)], resource=RESOURCE, now_ns=NOW_NS))
        requests.append(logs(records, resource=RESOURCE, now_ns=NOW_NS))
        number += 1
    kept = await keep(*requests)
    assert len(kept.snapshots) == number - 1
    assert all(one.redaction.counts for one in kept.snapshots)
    kept.assert_clean()


async def test_names_of_services_scopes_and_resources_are_clean(keep):
    """A person in a pod's name would stand in headers, metrics and folders."""
    said = planted.SENTENCE
    requests = [
        spans(
            [(number, CONVENTIONS["otel"]("hello there"))],
            resource={**RESOURCE, **extra},
            now_ns=NOW_NS,
            scope=scope,
        )
        for number, (extra, scope) in enumerate(
            [
                ({"service.name": f"shop {said}"}, ("lib", "1")),
                ({"host.name": said, "k8s.pod.name": said}, ("lib", "1")),
                ({"tenant": said, "deployment": said + " x" * 3000}, ("lib", "1")),
                ({said: said}, ("lib", "1")),
                ({}, (f"lib {said}", f"1 {said}")),
                ({}, (planted.SPELLINGS["base64_bare"](said), "1")),
            ],
            1,
        )
    ]
    kept = await keep(*requests)
    assert len(kept.snapshots) == len(requests)
    kept.assert_clean()


@pytest.mark.parametrize("mime", planted_files.FILES)
async def test_no_file_keeps_what_was_written_into_it(keep, mime):
    """An author, a place or a paragraph would be stored with every file."""
    data = planted_files.FILES[mime](planted.SENTENCE)
    assert any(leaks(one) for one in planted_files.unpacked(data))
    modality = mime.split("/")[0] if mime[0] in "iav" and "/" in mime else ""
    blob = {
        "type": "blob",
        "modality": modality if modality in ("image", "audio", "video") else "document",
        "mime_type": mime,
        "content": base64.b64encode(data).decode(),
    }
    asked = [{"role": "user", "parts": [{"type": "text", "content": "see"}, blob]}]
    entry = ({**BASE, "gen_ai.input.messages": json.dumps(asked)}, (), {})
    kept = await keep(spans([(1, entry)], resource=RESOURCE, now_ns=NOW_NS))
    (snapshot,) = kept.snapshots
    # Words of a PDF are read and never rewritten (ADR 41).
    expected = "redacted" if mime == "application/pdf" else "inline"
    assert snapshot.media[0].state == expected, "dropped, where it can be cleaned"
    assert snapshot.redaction.counts
    kept.assert_clean()


async def test_files_of_unknown_formats_are_kept_only_if_nothing_is_found(keep):
    """What nobody can clean would be stored for being unknown."""
    said = planted.SENTENCE
    files = [
        b"\0UNKNOWN\0" + said.encode() + bytes(20),
        b"\0UNKNOWN\0" + said.encode("utf-16-le") + bytes(20),
        b"\0UNKNOWN\0" + base64.b64encode(said.encode()) + bytes(20),
        b"\0UNKNOWN\0 nothing in it " + bytes(20),
    ]
    entries = []
    for number, data in enumerate(files, 1):
        blob = {
            "type": "blob",
            "modality": "document",
            "mime_type": "application/x-thing",
            "content": base64.b64encode(data).decode(),
        }
        asked = [{"role": "user", "parts": [{"type": "text", "content": "a"}, blob]}]
        entries.append(
            (number, ({**BASE, "gen_ai.input.messages": json.dumps(asked)}, (), {}))
        )
    kept = await keep(spans(entries, resource=RESOURCE, now_ns=NOW_NS))
    states = sorted(one.media[0].state for one in kept.snapshots)
    assert states == ["inline", "redacted", "redacted", "redacted"]
    kept.assert_clean()


def test_the_search_finds_every_spelling():
    """The tests above would pass by not looking."""
    blind = {"json_escaped", "entities", "percent_all", "wide"}
    blind |= {"base64_twice", "base64_utf16"}
    for name, spell in planted.SPELLINGS.items():
        if name not in blind:
            assert leaks(spell(planted.SENTENCE).encode()), name
    assert not leaks(json.dumps(CONVENTIONS["otel"]("hello there")).encode())
