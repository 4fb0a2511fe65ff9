"""`media_fetch.references`: content that an upload hook stored comes back, by rule."""

import asyncio

import msgspec
import pytest
from fakes.records import candidate_of, record_of

from collector.config.sampling import ResolveConfig
from collector.media_fetch import references
from collector.media_fetch.fetcher import Fetched
from collector.recognise.merge import merge_trace
from collector.recognise.recogniser import Recogniser
from collector.recognise.references import address_of, value_of
from snaptrace.runtime.backoff import Backoff

_BASE = "https://prompts.example"
_MESSAGES = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
_ANSWERS = [{"role": "assistant", "parts": [{"type": "text", "content": "Yes"}]}]
_SYSTEM = [{"type": "text", "content": "Be brief."}]
_OBJECTS = {
    f"{_BASE}/in": msgspec.json.encode(_MESSAGES),
    f"{_BASE}/out": b"\n".join(msgspec.json.encode(item) for item in _ANSWERS),
    f"{_BASE}/system": msgspec.json.encode(_SYSTEM),
}


def _call(**more):
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m1",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.input.messages_ref": f"{_BASE}/in",
        "gen_ai.output.messages_ref": f"{_BASE}/out",
        "gen_ai.system_instructions_ref": f"{_BASE}/system",
        **more,
    }
    record = record_of(attributes, scope="opentelemetry.instrumentation.genai.openai")
    merged = merge_trace([candidate_of(record)], lambda _: False)
    (call,) = Recogniser()._calls(iter(merged.calls), 0)
    return call


class _Resolver:
    """Has objects, some of which come late."""

    def __init__(self, objects, late=0):
        self.objects, self.late = objects, late

    async def fetch(self, url, *, medium=True):
        assert not medium
        if self.late:
            self.late -= 1
            return Fetched(refusal="status")
        data = self.objects.get(url)
        return Fetched(refusal="host") if data is None else Fetched(data=data)


async def _through(resolver, call, **settings):
    kept = []

    async def keep(found):
        kept.append(found)

    config = ResolveConfig(hosts=("prompts.example",), **settings)
    fetching = references.References(config, keep, lambda _: resolver)
    async with asyncio.TaskGroup() as tasks:
        fetching.start(tasks)
        assert fetching.take(call)
        while not kept:
            await asyncio.sleep(0)
        await fetching.close()
    return kept[0], fetching.counts


def test_a_call_says_that_its_content_is_elsewhere():
    """A person would look for a switch that is on already."""
    call = _call()
    assert call.snapshot.request.body is None
    assert call.snapshot.fidelity.reasons == ("content_by_reference",)
    assert call.deferred.references["gen_ai.input.messages"] == f"{_BASE}/in"


async def test_the_call_is_whole_once_its_objects_are_read():
    """Calls of applications that store content themselves would never be replayed."""
    call, counts = await _through(_Resolver(_OBJECTS), _call())
    assert call.snapshot.request.body == {
        "model": "m1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0.5,
    }
    assert call.snapshot.answer.text == "Yes"
    assert counts["fetched"] == 1


async def test_an_object_that_comes_late_is_asked_for_again(monkeypatch):
    """The hook writes after the span has ended: a single request would be too soon."""
    monkeypatch.setattr(references, "_RETRIES", Backoff(0, 0))
    call, _ = await _through(_Resolver(_OBJECTS, late=2), _call())
    assert call.snapshot.request.body is not None


async def test_without_its_instructions_a_call_stays_without_content():
    """Messages alone would pass for the whole request."""
    objects = {k: v for k, v in _OBJECTS.items() if not k.endswith("system")}
    call, counts = await _through(_Resolver(objects), _call())
    assert call.snapshot.request.body is None
    assert counts["host"] == 1


def test_without_hosts_nothing_is_taken():
    """A hostile span would make the sidecar ask somebody's server."""
    fetching = references.References(ResolveConfig(), None, None)
    assert not fetching.take(_call())


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("https://h.example/a", "https://h.example/a"),
        ("s3://bucket/a b/c", "https://bucket.s3.amazonaws.com/a%20b/c"),
        ("gs://bucket/c", "https://storage.googleapis.com/bucket/c"),
        ("file:///etc/passwd", "file:///etc/passwd"),
    ],
)
def test_an_object_is_asked_for_at_its_store(reference, address):
    """A bucket's objects would be of an unknown scheme."""
    assert address_of(reference) == address


def test_objects_that_are_no_json_are_refused():
    """Whatever lies behind a reference would be taken for messages."""
    with pytest.raises(ValueError, match="Error"):
        value_of(b"<html>")
