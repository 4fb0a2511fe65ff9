"""Frameworks that report their model calls themselves."""

import os
from collections.abc import Callable
from typing import Any

from recording.drivers.contract import Driver, Flush, sdk
from recording.drivers.installed import AGENT_FRAMEWORK


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


def _pydantic_ai(version: int) -> Callable[[str], Flush]:
    def switch_on(url: str) -> Flush:
        from pydantic_ai import Agent, InstrumentationSettings

        flush = sdk(url)[2]
        Agent.instrument_all(InstrumentationSettings(version=version))
        return flush

    return switch_on


def _agent_framework(url: str) -> Flush:
    from agent_framework.observability import enable_instrumentation

    flush = sdk(url)[2]
    enable_instrumentation(enable_sensitive_data=True)
    return flush


def _livekit(url: str) -> Flush:
    from livekit.agents.telemetry import set_tracer_provider

    spans, _, flush = sdk(url)
    set_tracer_provider(spans)
    return flush


_SENSITIVE = {
    "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS": "true",
    "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE": "true",
}
_LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}
_SPAN = {"USE_OTEL_LITELLM_REQUEST_SPAN": "true"}
_PYDANTIC_AI = ("pydantic-ai-slim[openai,anthropic]",)
_STRANDS = ("strands-agents[otel,openai,anthropic]",)
DRIVERS = {
    "autogen_own": Driver(
        "frameworks.autogen", ("autogen-ext[openai]", "autogen-agentchat"), _sdk
    ),
    "semantic_kernel_own": Driver(
        "frameworks.semantic_kernel",
        ("pydantic<2.12", "semantic-kernel"),
        _sdk,
        _SENSITIVE,
    ),
    "strands_own": Driver("frameworks.strands", _STRANDS, _sdk),
    "strands_own_latest": Driver("frameworks.strands", _STRANDS, _sdk, _LATEST),
    "haystack_own": Driver("frameworks.haystack", ("haystack-ai",), _haystack),
    "litellm_own": Driver("frameworks.litellm", ("litellm",), _litellm, _SPAN),
    "adk_own": Driver("frameworks.adk", ("google-adk",), _sdk),
    "agent_framework_own": Driver(
        "frameworks.agent_framework", AGENT_FRAMEWORK, _agent_framework
    ),
    "livekit_own": Driver(
        "frameworks.livekit", ("livekit-plugins-openai", "livekit-agents"), _livekit
    ),
    **{
        f"pydantic_ai_own_{version}": Driver(
            "frameworks.pydantic_ai", _PYDANTIC_AI, _pydantic_ai(version)
        )
        for version in (1, 2, 3, 4, 5)
    },
}
