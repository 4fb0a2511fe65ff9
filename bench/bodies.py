"""Export requests like those of a service that talks to models, made from a seed."""

import random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

_TEXT = (
    "the invoice shows a total of nine hundred and the meter reads a rate that grew "
    "from month to month while the customer asked which plan would fit and why"
)
_WORDS = _TEXT.split()


def requests(
    spans: int, model_share: float, count: int, seed: int, media_bytes: int = 0
) -> list[bytes]:
    """Make `count` distinct bodies; `model_share` of all spans are model calls.

    An ordinary span is about 300 bytes, a model call about 2 KiB and, where
    `media_bytes` is set, carries an image of that size as base64.
    """
    rng = random.Random(seed)
    return [_request(rng, spans, model_share, media_bytes) for _ in range(count)]


def _request(
    rng: random.Random, spans: int, model_share: float, media_bytes: int
) -> bytes:
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    _text(resource.resource.attributes, "service.name", "assistant")
    _text(resource.resource.attributes, "k8s.pod.name", "assistant-7f9c6d5b4-x2v8q")
    scope = resource.scope_spans.add()
    scope.scope.name = "app"
    for _ in range(spans):
        span = scope.spans.add()
        span.trace_id, span.span_id = rng.randbytes(16), rng.randbytes(8)
        span.parent_span_id = rng.randbytes(8)
        span.start_time_unix_nano = 1_700_000_000_000_000_000 + rng.getrandbits(40)
        span.end_time_unix_nano = span.start_time_unix_nano + rng.getrandbits(30)
        if rng.random() < model_share:
            _model_call(rng, span, media_bytes)
        else:
            span.name = "GET /api/v1/orders/{id}"
            _text(span.attributes, "http.request.method", "GET")
            path = f"/api/v1/orders/{rng.getrandbits(32)}"
            _text(span.attributes, "url.path", path)
            _text(span.attributes, "server.address", "orders.shop.svc.cluster.local")
            _text(span.attributes, "user_agent.original", "python-httpx/0.28.1")
    return message.SerializeToString()


def _model_call(rng: random.Random, span: object, media_bytes: int) -> None:
    span.name, span.kind = "chat assistant-7", 3
    _text(span.attributes, "gen_ai.operation.name", "chat")
    _text(span.attributes, "gen_ai.provider.name", "openai")
    _text(span.attributes, "gen_ai.request.model", "assistant-7")
    question = " ".join(rng.choices(_WORDS, k=150))
    parts = f'{{"type":"text","content":"{question}"}}'
    if media_bytes:
        data = rng.randbytes(media_bytes * 3 // 4).hex()[:media_bytes]
        parts += (
            ',{"type":"blob","modality":"image","mime_type":"image/png",'
            f'"content":"{data}"}}'
        )
    asked = f'[{{"role":"user","parts":[{parts}]}}]'
    answer = " ".join(rng.choices(_WORDS, k=120))
    said = (
        f'[{{"role":"assistant","parts":[{{"type":"text","content":"{answer}"}}],'
        '"finish_reason":"stop"}]'
    )
    _text(span.attributes, "gen_ai.input.messages", asked)
    _text(span.attributes, "gen_ai.output.messages", said)


def _text(attributes: object, key: str, value: str) -> None:
    attribute = attributes.add()
    attribute.key, attribute.value.string_value = key, value
