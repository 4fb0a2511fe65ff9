"""An application: makes the calls that it is told, and exports by itself.

python app.py CLIENT BASE_URL; OpenTelemetry's variables say where spans go.
"""

import asyncio
import os
import sys

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Größe der Seine?"},
]
ASKED = {"model": "gpt-5", "messages": MESSAGES, "seed": 7, "logit_bias": {"50256": -9}}
EXTRA = {"x_of_the_gateway": {"route": ["a", "b"]}}


def openai_sync(url):
    """Call unstreamed and streamed with OpenAI's client."""
    import openai

    client = openai.OpenAI(base_url=url, api_key="sk-secret", max_retries=0)
    client.chat.completions.create(**ASKED, extra_body=EXTRA)
    chunks = client.chat.completions.create(**ASKED, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def openai_async(url):
    """The same without blocking."""
    import openai

    async def call():
        client = openai.AsyncOpenAI(base_url=url, api_key="sk-secret", max_retries=0)
        await client.chat.completions.create(**ASKED, extra_body=EXTRA)
        stream = await client.chat.completions.create(**ASKED, stream=True)
        assert [chunk async for chunk in stream]

    asyncio.run(call())


def requests(url):
    """Call without an SDK."""
    import requests

    session = requests.Session()
    session.headers["authorization"] = "Bearer sk-secret"
    session.post(f"{url}/chat/completions", json={**ASKED, **EXTRA}, timeout=30)
    body = {**ASKED, "stream": True}
    with session.post(
        f"{url}/chat/completions", json=body, stream=True, timeout=30
    ) as response:
        assert list(response.iter_lines())


def main():
    """Set OpenTelemetry up as an application does, and call."""
    client, url = sys.argv[1:]
    if os.environ["EXPORTER"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
            OTLPSpanExporter,
        )
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
            OTLPSpanExporter,
        )
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    if os.environ.get("INSTRUMENTED"):
        from openinference.instrumentation.openai import OpenAIInstrumentor

        OpenAIInstrumentor().instrument()
    from snaptrace_capture.entry_points import Instrumentor

    Instrumentor().instrument()  # as `opentelemetry-instrument` does
    globals()[client](url)
    provider.shutdown()


if __name__ == "__main__":
    main()
