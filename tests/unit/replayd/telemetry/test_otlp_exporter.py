"""What replayd tells an OTLP collector: linked, scored, bounded, without content."""

import asyncio

import pytest
from aiohttp import web
from fakes.led_epoch import EPOCH
from fakes.told_pairs import NOW, judged, telling
from fakes.upstream import FakeUpstream
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.otlp.export_result import refusal
from collector.otlp.signals import OtlpRequest
from collector.recognise.recogniser import Recogniser
from replayd.config import ReplaydConfig, TelemetryConfig
from replayd.telemetry.otlp_exporter import WAITING_PAIRS, check_url
from snaptrace.runtime.config import ConfigError


async def told(part):
    """Let a part send what waits, and end."""
    stop = asyncio.Event()
    stop.set()
    await part.run(lambda: None, stop)


def values(fields):
    return {
        field.key: getattr(field.value, field.value.WhichOneof("value"))
        for field in fields
    }


def spans_of(body):
    message = ExportTraceServiceRequest.FromString(body)
    return list(message.resource_spans[0].scope_spans[0].spans)


def events_of(body):
    message = ExportLogsServiceRequest.FromString(body)
    return list(message.resource_logs[0].scope_logs[0].log_records)


async def test_a_pair_is_a_trace_linked_to_the_recorded_call():
    """If it failed, nobody could get from a score to the call in production."""
    async with FakeUpstream() as upstream:
        part, counted = telling(upstream.http)
        _, _, call, _, _ = given = judged()
        part.pair(*given)
        await told(part)
    bodies = dict(upstream.accepted)
    root, *calls = spans_of(bodies["traces"])
    assert root.links[0].trace_id.hex() == call.trace_id
    assert root.links[0].span_id.hex() == call.span_id
    assert values(root.attributes)["snaptrace.epoch"] == EPOCH.epoch
    assert [c.parent_span_id for c in calls] == [root.span_id] * 2
    assert {c.trace_id for c in calls} == {root.trace_id}
    canary, control = (values(c.attributes) for c in calls)
    assert (calls[0].name, calls[1].name) == ("chat m8", "chat m7")
    assert canary["gen_ai.provider.name"] == "openai"
    assert canary["gen_ai.response.model"] == "served"
    assert canary["gen_ai.usage.input_tokens"] == 11
    assert (canary["server.address"], canary["server.port"]) == ("model.example", 8000)
    assert (canary["snaptrace.place"], control["snaptrace.place"]) == (
        "canary",
        "control",
    )
    took_ns = calls[0].end_time_unix_nano - calls[0].start_time_unix_nano
    assert took_ns == 250_000_000
    assert counted("spans", "sent") == 1


async def test_a_score_is_an_evaluation_event_of_the_canarys_call():
    """If it failed, scores would not show beside the calls they are about."""
    async with FakeUpstream() as upstream:
        part, counted = telling(upstream.http)
        _, _, call, _, _ = given = judged()
        part.pair(*given)
        await told(part)
    bodies = dict(upstream.accepted)
    (event,) = events_of(bodies["logs"])
    canary = spans_of(bodies["traces"])[1]
    assert event.event_name == "gen_ai.evaluation.result"
    assert (event.trace_id, event.span_id) == (canary.trace_id, canary.span_id)
    found = values(event.attributes)
    assert found["gen_ai.evaluation.name"] == "snaptrace.quality"
    assert found["gen_ai.evaluation.score.value"] == 0.0
    assert found["gen_ai.evaluation.score.label"] == "worse"
    assert found["gen_ai.evaluation.explanation"] == "other_number"
    assert found["gen_ai.response.id"] == "id-SECRET ANSWER"
    assert found["snaptrace.recorded.trace_id"] == call.trace_id
    assert counted("evaluations", "sent") == 1


async def test_without_spans_an_event_stands_alone():
    """If it failed, an event would point at a span that nobody ever sent."""
    async with FakeUpstream() as upstream:
        part, _ = telling(upstream.http, spans=False)
        part.pair(*judged())
        await told(part)
    ((signal, body),) = upstream.accepted
    assert signal == "logs"
    assert events_of(body)[0].trace_id == b""


async def test_a_failed_call_is_an_error_and_names_its_outcome():
    """If it failed, an outage of the canary would look like an answer."""
    async with FakeUpstream() as upstream:
        part, _ = telling(upstream.http, evaluations=False)
        part.pair(*judged(outcome="timeout"))
        await told(part)
    ((_, body),) = upstream.accepted
    canary = spans_of(body)[1]
    assert canary.status.code == 2
    assert values(canary.attributes)["error.type"] == "timeout"


async def test_no_word_of_an_answer_is_told():
    """If it failed, content would leave for a place that no redaction guards."""
    async with FakeUpstream() as upstream:
        part, _ = telling(upstream.http)
        epoch, planned, call, answers, result = judged()
        part.pair(epoch, planned, call, answers, result)
        await told(part)
    for _, body in upstream.accepted:
        told_text = body.replace(b"id-SECRET ANSWER", b"")  # the provider's own id
        assert b"SECRET ANSWER" not in told_text
        assert call.answer.text.encode() not in body
        assert b"order" not in body


async def test_a_pair_told_twice_has_the_same_ids():
    """If it failed, a crash would show as twice as many replays."""
    async with FakeUpstream() as upstream:
        for _ in range(2):
            part, _ = telling(upstream.http, evaluations=False)
            part.pair(*judged())
            await told(part)
    (_, one), (_, two) = upstream.accepted
    assert [s.span_id for s in spans_of(one)] == [s.span_id for s in spans_of(two)]


async def test_what_waits_is_bounded_and_what_fails_is_counted():
    """If it failed, a collector that is away would fill replayd's memory."""
    async with FakeUpstream() as upstream:
        upstream.behave = lambda *_: refusal(14, "later")
        part, counted = telling(upstream.http, spans=False)
        for number in range(WAITING_PAIRS + 10):
            part.pair(*judged(number % 7))
        await told(part)
    assert counted("pairs", "dropped") == 10
    assert counted("evaluations", "failed") > 0
    assert counted("evaluations", "sent") == 0


async def test_nobody_there_is_counted_and_ends_nothing():
    """If it failed, an absent collector would end the evaluation."""
    part, counted = telling("http://127.0.0.1:9")
    part.pair(*judged())
    await told(part)
    assert (counted("spans", "failed"), counted("evaluations", "failed")) == (1, 1)


async def test_a_redirect_is_not_followed_with_the_headers():
    """If it failed, a credential would be carried to another host."""
    asked = []

    async def elsewhere(request):
        asked.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    app = web.Application()
    app.router.add_post("/{path:.*}", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    part, counted = telling(f"http://{host}:{port}", headers={"x-key": "k"})
    part.pair(*judged())
    await told(part)
    await runner.cleanup()
    assert asked == ["/v1/traces", "/v1/logs"]
    assert counted("spans", "failed") == 1


async def test_a_collector_of_ours_takes_no_replay_for_traffic():
    """If it failed, the suite would fill with its own replays and judge those."""
    async with FakeUpstream() as upstream:
        part, _ = telling(upstream.http)
        part.pair(*judged())
        await told(part)
    recogniser = Recogniser()
    found = []
    for signal, body in upstream.accepted:
        request = OtlpRequest(
            signal=signal, encoding="protobuf", body=body, received_at_ns=NOW
        )
        found += recogniser.feed(request)
    found += recogniser.flush(NOW)
    assert found == []
    reasons = {(key.stage, key.reason) for key, _ in recogniser.funnel.items()}
    assert ("seen", "replay") in reasons
    assert not any(stage == "recognised" for stage, _ in reasons)


def test_nothing_is_told_unless_asked_for():
    """If it failed, replayd would send somewhere that nobody configured."""
    assert ReplaydConfig().telemetry.url == ""


@pytest.mark.parametrize("url", ["collector:4318", "grpc://c:4317", "http://u:p@c"])
def test_an_address_that_cannot_be_used_is_refused(url):
    """If it failed, a slip would show as silence."""
    with pytest.raises(ConfigError, match=r"replayd\.telemetry\.url"):
        check_url(TelemetryConfig(url=url))
