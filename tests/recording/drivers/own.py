"""Frameworks that report their model calls themselves."""

import os
from typing import Any

from recording.drivers.contract import Driver, Flush, sdk


def _sdk(url: str) -> Flush:
    return sdk(url)[2]


def _litellm(url: str) -> Flush:
    import litellm

    os.environ["OTEL_EXPORTER"] = "otlp_http"
    os.environ["OTEL_ENDPOINT"] = f"{url}/v1/traces"
    flush = sdk(url)[2]
    litellm.callbacks = ["otel"]
    return flush


def _haystack(url: str) -> Flush:
    from haystack import tracing
    from haystack.tracing import OpenTelemetryTracer
    from opentelemetry import trace

    flush = sdk(url)[2]
    tracer: Any = OpenTelemetryTracer(trace.get_tracer("haystack"))
    tracing.tracer.is_content_tracing_enabled = True
    tracing.enable_tracing(tracer)
    return flush


_SENSITIVE = {
    "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS": "true",
    "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE": "true",
}
_LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}
_SPAN = {"USE_OTEL_LITELLM_REQUEST_SPAN": "true"}
_STRANDS = ("strands-agents[otel,openai,anthropic]",)
DRIVERS = {
    "autogen_own": Driver(
        "autogen", ("autogen-ext[openai]", "autogen-agentchat"), _sdk
    ),
    "semantic_kernel_own": Driver(
        "semantic_kernel", ("pydantic<2.12", "semantic-kernel"), _sdk, _SENSITIVE
    ),
    "strands_own": Driver("strands", _STRANDS, _sdk),
    "strands_own_latest": Driver("strands", _STRANDS, _sdk, _LATEST),
    "haystack_own": Driver("haystack", ("haystack-ai",), _haystack),
    "litellm_own": Driver("litellm", ("litellm",), _litellm, _SPAN),
}
