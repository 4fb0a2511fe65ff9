"""Frameworks that report their model calls themselves."""

import os
from collections.abc import Callable
from typing import Any

from recording.drivers.contract import Driver, Flush, flush_all, sdk
from recording.drivers.installed import AGENT_FRAMEWORK, CHAIN, HAYSTACK_MORE, LLAMA


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


def _semantic_kernel(url: str) -> Flush:
    """Export its log records, too: they have the messages."""
    import logging

    from opentelemetry.sdk._logs import LoggingHandler

    _, loggers, flush = sdk(url)
    handler = LoggingHandler(logger_provider=loggers)
    handler.addFilter(logging.Filter("semantic_kernel"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    return flush


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


def _mirascope(url: str) -> Flush:
    from mirascope import ops

    spans, _, flush = sdk(url)
    ops.configure(tracer_provider=spans)
    ops.instrument_llm()
    return flush


def _ag2(url: str) -> Flush:
    from autogen.opentelemetry import instrument_agent, instrument_llm_wrapper
    from recording.clients.others import ag2

    spans, _, flush = sdk(url)
    instrument_llm_wrapper(tracer_provider=spans, capture_messages=True)
    ag2.cases.instrument = lambda one: instrument_agent(one, tracer_provider=spans)  # type: ignore[attr-defined]
    return flush


def _agentscope(url: str) -> Flush:
    import agentscope

    agentscope.init(tracing_url=f"{url}/v1/traces")
    return flush_all


def _llama_index(url: str) -> Flush:
    from llama_index.observability.otel import LlamaIndexOpenTelemetry

    spans, _, flush = sdk(url)
    LlamaIndexOpenTelemetry(tracer_provider=spans).start_registering()
    return flush


def _azure_tracer(url: str) -> Flush:
    """Switch on the callback of LangChain's package for Azure."""
    from contextvars import ContextVar

    from langchain_azure_ai.callbacks.tracers import AzureAIOpenTelemetryTracer
    from langchain_core.tracers.context import register_configure_hook

    flush = sdk(url)[2]
    handler: ContextVar[Any] = ContextVar("handler")
    handler.set(AzureAIOpenTelemetryTracer(enable_content_recording=True))
    register_configure_hook(handler, inheritable=True)
    return flush


def _azure_projects(url: str) -> Flush:
    from azure.ai.projects.telemetry import AIProjectInstrumentor
    from azure.core.settings import settings

    settings.tracing_implementation = "opentelemetry"
    flush = sdk(url)[2]
    AIProjectInstrumentor().instrument(enable_content_recording=True)
    return flush


_SENSITIVE = {
    "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS": "true",
    "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE": "true",
}
_LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}
_SPAN = {"USE_OTEL_LITELLM_REQUEST_SPAN": "true"}
_AWS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_AZURE = {
    "AZURE_EXPERIMENTAL_ENABLE_GENAI_TRACING": "true",
    "AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED": "true",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
}
_PYDANTIC_AI = ("pydantic-ai-slim[openai,anthropic]",)
_STRANDS = ("strands-agents[otel,openai,anthropic]",)
DRIVERS = {
    "autogen_own": Driver(
        "frameworks.autogen", ("autogen-ext[openai]", "autogen-agentchat"), _sdk
    ),
    "semantic_kernel_own": Driver(
        "frameworks.semantic_kernel",
        ("semantic-kernel>=1.35",),
        _semantic_kernel,
        _SENSITIVE,
        ("pybars4", "pymeta3"),
    ),
    "strands_own": Driver("frameworks.strands", _STRANDS, _sdk),
    "strands_own_latest": Driver("frameworks.strands", _STRANDS, _sdk, _LATEST),
    "haystack_own": Driver("frameworks.haystack", ("haystack-ai<3",), _haystack),
    "litellm_own": Driver("frameworks.litellm", ("litellm",), _litellm, _SPAN),
    "adk_own": Driver("frameworks.adk", ("google-adk",), _sdk),
    "agent_framework_own": Driver(
        "frameworks.agent_framework", AGENT_FRAMEWORK, _agent_framework
    ),
    "livekit_own": Driver(
        "frameworks.livekit", ("livekit-plugins-openai", "livekit-agents"), _livekit
    ),
    "strands_own_providers": Driver(
        "providers.strands",
        ("strands-agents[otel,openai,ollama,litellm,gemini,mistral]",),
        _sdk,
        _AWS,
    ),
    "strands_own_providers_latest": Driver(
        "providers.strands",
        ("strands-agents[otel,openai,ollama,litellm,gemini,mistral]",),
        _sdk,
        {**_AWS, **_LATEST},
    ),
    "haystack_own_providers": Driver(
        "providers.haystack", (*HAYSTACK_MORE, "haystack-ai<3"), _haystack
    ),
    "adk_own_litellm": Driver("providers.adk", ("litellm", "google-adk"), _sdk),
    "mirascope_own": Driver(
        "others.mirascope", ("openai", "anthropic", "mirascope[all]"), _mirascope
    ),
    "ag2_own": Driver("others.ag2", ("ag2[openai,anthropic,tracing]<1",), _ag2),
    "agentscope_own": Driver(
        "others.agentscope", ("openai", "anthropic", "agentscope<2"), _agentscope
    ),
    "llama_index_own": Driver(
        "frameworks.llama_index",
        (*LLAMA, "llama-index-observability-otel"),
        _llama_index,
    ),
    "azure_tracer_langchain": Driver(
        "frameworks.langchain",
        (*CHAIN, "langchain-azure-ai[opentelemetry]"),
        _azure_tracer,
    ),
    "azure_projects_openai": Driver(
        "openai",
        ("openai", "azure-core-tracing-opentelemetry", "azure-ai-projects"),
        _azure_projects,
        _AZURE,
    ),
    **{
        f"pydantic_ai_own_{version}": Driver(
            "frameworks.pydantic_ai", _PYDANTIC_AI, _pydantic_ai(version)
        )
        for version in (1, 2, 3, 4, 5)
    },
}
