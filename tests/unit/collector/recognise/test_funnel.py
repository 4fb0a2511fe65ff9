from collector.recognise.funnel import Funnel, FunnelKey
from snaptrace.snapshot.model import Answer, Fidelity, Request, Snapshot


def _call(*reasons):
    return Snapshot(
        snapshot_id="a",
        trace_id="b",
        span_id="c",
        service="s",
        operation="chat",
        modality="text",
        request=Request(api="openai_chat", body={}),
        answer=Answer(),
        fidelity=Fidelity(level="unverified", reasons=reasons),
        scope="lib",
        scope_version="1",
    )


def test_calls_that_may_have_lost_content_are_counted_apart():
    """A library that loses system prompts would look like one nobody recorded."""
    funnel = Funnel()
    funnel.add(_call("scope_unrecorded"))
    funnel.add(_call("scope_unrecorded", "lost_content_suspected"))
    counts = dict(funnel.items())
    assert counts[FunnelKey("lib", "1", "replayable", "unverified")] == 1
    assert counts[FunnelKey("lib", "1", "replayable", "lost_content_suspected")] == 1
