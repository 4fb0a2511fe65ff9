"""One request through the relay: encodings, loops, and what the tap is shown."""

import asyncio
import gc
import json
import sys

import pytest

from collector.config.relay import UpstreamConfig
from collector.exporter.conversion import MOST_VALUES, values_of_json
from collector.exporter.discard import DiscardUpstream
from collector.exporter.endpoints import endpoints
from collector.exporter.relay import Relay
from collector.otlp.export_result import ExportResult, from_http, refusal
from collector.otlp.messages import REQUESTS, RESPONSES
from collector.otlp.signals import OtlpRequest
from collector.otlp.transcode import to_protobuf

JSON_BODY = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}'


def span_body():
    message = REQUESTS["traces"]()
    message.resource_spans.add().scope_spans.add().spans.add().name = "a"
    return message.SerializeToString()


def request(encoding, body, **more):
    return OtlpRequest(
        signal="traces", encoding=encoding, body=body, received_at_ns=1, **more
    )


class Upstream:
    def __init__(self, answer):
        self.answer, self.sent, self.timeouts = answer, [], []

    async def send(self, request, timeout_seconds):
        self.sent.append(request)
        self.timeouts.append(timeout_seconds)
        return self.answer

    async def close(self):
        """Nothing to close."""


def relay_to(url, answer, **config):
    ways = endpoints(UpstreamConfig(url=url, **config), {})
    upstream = Upstream(answer)
    offered = []
    made = Relay(dict.fromkeys(ways, upstream), ways, offered.append, "me")
    return made, upstream, offered


async def test_same_encoding_is_not_touched():
    """A byte that we do not understand would be lost on the way through."""
    relay, upstream, offered = relay_to(
        "http://u", ExportResult(body=b"{}", encoding="json")
    )
    noise = request("json", b'{"resourceSpans": [ ] ,"new":1}')
    assert (await relay.handle(noise, None)).body == b"{}"
    assert upstream.sent[0].body is noise.body
    assert offered == [noise]


async def test_json_becomes_protobuf_for_a_grpc_upstream_and_the_answer_json():
    """A browser's telemetry could not reach a gRPC backend."""
    partial = RESPONSES["traces"]()
    partial.partial_success.rejected_spans = 2
    answer = ExportResult(body=partial.SerializeToString())
    relay, upstream, offered = relay_to("grpc://u:1", answer)
    got = await relay.handle(request("json", JSON_BODY), None)
    assert upstream.sent[0].body == span_body()
    assert json.loads(got.body) == {"partialSuccess": {"rejectedSpans": "2"}}
    assert offered[0].body == JSON_BODY


async def test_protobuf_becomes_json_where_the_upstream_wants_it():
    """A backend that reads only JSON could not be an upstream."""
    answer = from_http(200, b"{}", "application/json", "", now_seconds=0)
    relay, upstream, _ = relay_to("http://u", answer, encoding="json")
    got = await relay.handle(request("protobuf", span_body()), None)
    assert json.loads(upstream.sent[0].body) == json.loads(JSON_BODY)
    assert (got.code, got.body) == (0, b"")


async def test_what_cannot_be_converted_is_refused_for_good():
    """A client would send a broken body again and again."""
    relay, upstream, _ = relay_to("grpc://u:1", ExportResult())
    assert (await relay.handle(request("json", b"{"), None)).code == 3
    assert upstream.sent == []


async def test_a_large_body_is_converted_beside_the_loop():
    """One client's JSON would hold up every other request for seconds."""
    spans = ",".join(f'{{"name":"{number}"}}' for number in range(20_000))
    body = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}'.encode()
    relay, upstream, _ = relay_to("grpc://u:1", ExportResult())
    turns, before = 0, sys.getswitchinterval()
    task = asyncio.ensure_future(relay.handle(request("json", body), None))
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await task).code == 0
    assert upstream.sent[0].body == to_protobuf(body, "traces")
    assert turns > 3
    # What made it give way ends with it.
    assert gc.isenabled()
    assert sys.getswitchinterval() == before


async def test_a_body_of_too_many_values_is_not_converted():
    """Some megabytes of empty lists would become a gigabyte of objects."""
    relay, upstream, _ = relay_to("grpc://u:1", ExportResult())
    many = b'{"x":[' + b"[]," * MOST_VALUES + b"[]]}"
    assert (await relay.handle(request("json", many), None)).code == 3
    assert upstream.sent == []


def test_long_texts_are_few_values():
    """A prompt of megabytes of JSON text would be refused as if it were an attack."""
    text = json.dumps([{"a": "b, c", "d": [1, 2]}] * 20_000)
    body = json.dumps({"resourceSpans": [{"note": text}]}).encode()
    assert values_of_json(body) < MOST_VALUES / 2


async def test_a_refusal_in_the_wrong_encoding_keeps_code_and_text():
    """A JSON client would be sent a protobuf status."""
    answer = from_http(400, b"\x12\x03bad", "application/x-protobuf", "", now_seconds=0)
    relay, _, _ = relay_to("http://u", answer)
    got = await relay.handle(request("json", JSON_BODY), None)
    assert (got.code, got.message, got.body, got.http_status) == (3, "bad", b"", 400)


@pytest.mark.parametrize(
    ("answer", "is_shown"),
    [(ExportResult(), True), (refusal(3, "no"), True), (refusal(14, "later"), False)],
)
async def test_the_tap_is_not_shown_what_will_come_again(answer, is_shown):
    """One call would be sampled once for each of its retries."""
    relay, _, offered = relay_to("grpc://u:1", answer)
    await relay.handle(request("protobuf", span_body()), None)
    assert bool(offered) == is_shown


async def test_hops_are_named_and_the_shorter_deadline_holds():
    """A loop would not be noticed, or work go on after its client has left."""
    relay, upstream, _ = relay_to("grpc://u:1", ExportResult())
    await relay.handle(request("protobuf", b"", headers={"x-snaptrace-hop": "a"}), 3.0)
    await relay.handle(request("protobuf", b""), 99.0)
    headers = [sent.headers["x-snaptrace-hop"] for sent in upstream.sent]
    assert headers == ["a,me", "me"]
    assert upstream.timeouts == [3.0, 10.0]


@pytest.mark.parametrize("signal", ["traces", "metrics", "logs", "profiles"])
async def test_terminal_accepts_what_can_be_read(signal):
    """A fan-out target would refuse good telemetry, or accept noise."""
    for encoding, good, bad in (
        ("protobuf", b"\x0a\x00", b"\xff\xff"),
        ("json", b"{}", b"[1"),
    ):
        of = {"signal": signal, "encoding": encoding, "received_at_ns": 0}
        assert (await DiscardUpstream().send(OtlpRequest(body=good, **of), 1)).code == 0
        assert (await DiscardUpstream().send(OtlpRequest(body=b"", **of), 1)).code == 0
        assert (await DiscardUpstream().send(OtlpRequest(body=bad, **of), 1)).code == 3
