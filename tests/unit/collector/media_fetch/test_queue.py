"""`media_fetch.queue`: bounded fetching beside the pipeline; no call is lost."""

import asyncio

from msgspec.structs import replace

from collector.call import Call
from collector.config.sampling import ResolveConfig
from collector.media_fetch.fetcher import Fetched
from collector.media_fetch.queue import MediaFetchQueue
from snaptrace.snapshot.model import Answer, Fidelity, Media, Request, Snapshot

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
URL = "https://media.example.com/a.png"


def _call(number=0, state="external"):
    medium = Media(
        kind="image",
        mime="",
        state=state,
        reference=URL,
        path="messages.content.image_url.url",
    )
    part = {"type": "image_url", "image_url": {"url": URL}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    return Call(
        snapshot=Snapshot(
            snapshot_id=f"{number:032x}",
            trace_id="1" * 32,
            span_id="2" * 16,
            service="shop",
            operation="chat",
            modality="image",
            request=Request(api="openai_chat", body=body),
            answer=Answer(),
            fidelity=Fidelity(level="unreplayable", reasons=("media_external",)),
            media=(medium,),
        )
    )


class _Resolver:
    """Answers when told to."""

    def __init__(self):
        self.go = asyncio.Event()
        self.asked = 0

    async def fetch(self, url):
        self.asked += 1
        await self.go.wait()
        return Fetched(data=PNG) if url == URL else Fetched(refusal="host")


def _resolving(resolver, stored, **settings):
    config = ResolveConfig(hosts=("media.example.com",), **settings)

    async def store(call):
        stored.append(call)

    return MediaFetchQueue(config, store, resolver)


async def test_without_hosts_nothing_is_taken():
    """A hostile span would make the sidecar ask somebody's server."""
    stored = []
    resolving = MediaFetchQueue(ResolveConfig(), stored.append)
    assert not await resolving.take(_call())


async def test_a_call_without_references_is_left_to_the_caller():
    """Every call would take the slow way round."""
    resolving = _resolving(_Resolver(), [])
    assert not await resolving.take(_call(state="inline"))


async def test_before_it_is_started_it_fetches_at_once():
    """An import would end before its media came."""
    stored, resolver = [], _Resolver()
    resolver.go.set()
    assert await _resolving(resolver, stored).take(_call())
    assert stored[0].blobs == {0: PNG}
    assert stored[0].snapshot.media[0].state == "inline"


async def test_a_slow_host_holds_up_nobody_else_and_loses_nothing():
    """The pipeline would stand still, or calls would vanish when it ends."""
    stored, resolver = [], _Resolver()
    resolving = _resolving(resolver, stored, at_once=2)
    async with asyncio.TaskGroup() as tasks:
        resolving.start(tasks)
        taken = [await resolving.take(_call(number)) for number in range(100)]
        await asyncio.sleep(0)
        assert resolver.asked == 2
        assert taken.count(False) == resolving.counts["queue_full"] > 0
        await resolving.close()
        await resolving.close()
    assert len(stored) == taken.count(True)
    assert {call.snapshot.media[0].state for call in stored} == {"external"}
    assert resolving.counts["stopping"] == len(stored)


async def test_what_was_refused_is_counted():
    """Nobody would see why a suite has no images."""
    stored, resolver = [], _Resolver()
    resolver.go.set()
    resolving = _resolving(resolver, stored)
    call = _call()
    other = replace(call.snapshot.media[0], reference="https://elsewhere.example/b")
    strange = replace(call, snapshot=replace(call.snapshot, media=(other,)))
    assert await resolving.take(strange)
    assert resolving.counts == {"host": 1, "fetched": 0}
    assert stored == [strange]
