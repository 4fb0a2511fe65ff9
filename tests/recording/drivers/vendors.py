"""Vendors' own SDKs: LangTrace, AgentOps, Laminar, Langfuse, LangSmith, Logfire."""

from typing import Any

from recording.drivers.contract import Driver, Flush, exporting, flush_all, sdk
from recording.drivers.installed import AGNO, CHAIN, CHAIN_PROVIDERS, GRAPH, LLAMA

_OLD_TOOLS = ("importlib_metadata", "setuptools<80")


def _langtrace(url: str) -> Flush:
    from langtrace_python_sdk import langtrace
    from opentelemetry.exporter.otlp.proto.http import trace_exporter

    to = trace_exporter.OTLPSpanExporter(f"{url}/v1/traces")
    langtrace.init(custom_remote_exporter=to, batch=False)
    return flush_all


def _agentops(url: str) -> Flush:
    import agentops
    from opentelemetry import trace

    agentops.init(
        api_key="11111111-1111-4111-8111-111111111111",
        endpoint=url,
        exporter_endpoint=f"{url}/none",
        auto_start_session=False,
        log_level="CRITICAL",
        fail_safe=True,
    )
    provider: Any = trace.get_tracer_provider()
    # Its own exporter wants a token of its service.
    provider.add_span_processor(exporting(url))
    return flush_all


def _laminar(url: str) -> Flush:
    from lmnr import Laminar

    Laminar.initialize(
        project_api_key="none",
        base_url=url,
        base_http_url=url,
        http_port=int(url.rpartition(":")[2]),
        force_http=True,
        disable_batch=True,
    )
    return Laminar.flush


def _langfuse(url: str) -> Flush:
    from langfuse import Langfuse

    return Langfuse(public_key="pk", secret_key="sk", host=url).flush


def _langfuse_openai(url: str) -> Flush:
    from langfuse.openai import openai

    assert openai  # its import wraps OpenAI's client
    return _langfuse(url)


def _langfuse_langchain(url: str) -> Flush:
    from contextvars import ContextVar

    from langchain_core.tracers.context import register_configure_hook

    flush = _langfuse(url)
    from langfuse.langchain import CallbackHandler

    handler: ContextVar[Any] = ContextVar("handler")
    handler.set(CallbackHandler())
    register_configure_hook(handler, inheritable=True)
    return flush


def _langsmith_flush() -> None:
    """Export what waits in its own queue, then in OpenTelemetry's."""
    from langsmith.run_trees import get_cached_client

    get_cached_client().flush()
    flush_all()


def _langsmith(url: str) -> Flush:
    sdk(url)
    return _langsmith_flush


def _langsmith_wrapped(client: str, kind: str) -> Any:
    """Return what wraps each client of a class that is made from then on."""

    def switch_on(url: str) -> Flush:
        import importlib

        wrap = getattr(importlib.import_module("langsmith.wrappers"), f"wrap_{client}")
        module = importlib.import_module(client)
        for name in (kind, f"Async{kind}"):
            made = getattr(module, name)
            wrapped = lambda made=made, **given: wrap(made(**given))  # noqa: E731
            setattr(module, name, wrapped)
        sdk(url)
        return _langsmith_flush

    return switch_on


def _logfire(client: str) -> Any:
    def switch_on(_url: str) -> Flush:
        import logfire

        logfire.configure(send_to_logfire=False, console=False)
        getattr(logfire, f"instrument_{client}")()
        return lambda: logfire.force_flush(5000)

    return switch_on


_TO_LANGSMITH = {
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_OTEL_ENABLED": "true",
    "LANGSMITH_OTEL_ONLY": "true",
    "LANGSMITH_API_KEY": "none",
}
DRIVERS = {
    "langtrace_anthropic": Driver(
        "anthropic", (*_OLD_TOOLS, "anthropic", "langtrace-python-sdk"), _langtrace
    ),
    "langtrace_cohere": Driver(
        "cohere", (*_OLD_TOOLS, "cohere", "langtrace-python-sdk"), _langtrace
    ),
    "langtrace_ollama": Driver(
        "ollama", (*_OLD_TOOLS, "ollama", "langtrace-python-sdk"), _langtrace
    ),
    "langtrace_bedrock": Driver(
        "bedrock", (*_OLD_TOOLS, "boto3", "langtrace-python-sdk"), _langtrace
    ),
    "agentops_openai": Driver("openai", ("openai", "agentops"), _agentops),
    "laminar_google": Driver("google", ("google-genai", "lmnr"), _laminar),
    "laminar_bedrock": Driver("bedrock", ("boto3", "lmnr"), _laminar),
    "langsmith_langchain": Driver(
        "frameworks.langchain", (*CHAIN, "langsmith[otel]"), _langsmith, _TO_LANGSMITH
    ),
    "logfire_anthropic": Driver(
        "anthropic", ("anthropic", "logfire"), _logfire("anthropic")
    ),
    "pydantic_ai": Driver(
        "frameworks.pydantic_ai",
        (
            "pydantic-ai-slim[openai,anthropic,google,groq,mistral,bedrock,cohere]",
            "logfire",
        ),
        _logfire("pydantic_ai"),
    ),
    "langtrace_openai": Driver(
        "openai", (*_OLD_TOOLS, "openai", "langtrace-python-sdk"), _langtrace
    ),
    "langtrace_groq": Driver(
        "groq", (*_OLD_TOOLS, "groq", "langtrace-python-sdk"), _langtrace
    ),
    "langtrace_mistral": Driver(
        "mistral", (*_OLD_TOOLS, "mistralai<2", "langtrace-python-sdk"), _langtrace
    ),
    "langtrace_google": Driver(
        "google", (*_OLD_TOOLS, "google-genai", "langtrace-python-sdk"), _langtrace
    ),
    "langtrace_litellm": Driver(
        "frameworks.litellm",
        (*_OLD_TOOLS, "litellm", "langtrace-python-sdk"),
        _langtrace,
    ),
    "langtrace_langchain": Driver(
        "frameworks.langchain",
        (*_OLD_TOOLS, *CHAIN, "langtrace-python-sdk"),
        _langtrace,
    ),
    "agentops_anthropic": Driver("anthropic", ("anthropic", "agentops"), _agentops),
    "agentops_google": Driver("google", ("google-genai", "agentops"), _agentops),
    "agentops_openai_agents": Driver(
        "frameworks.openai_agents", ("openai-agents", "agentops"), _agentops
    ),
    "agentops_agno": Driver("frameworks.agno", (*AGNO, "agentops"), _agentops),
    "laminar_openai": Driver("openai", ("openai", "lmnr"), _laminar),
    "laminar_anthropic": Driver("anthropic", ("anthropic", "lmnr"), _laminar),
    "laminar_groq": Driver("groq", ("groq", "lmnr"), _laminar),
    "laminar_cohere": Driver("cohere", ("cohere", "lmnr"), _laminar),
    "laminar_langchain": Driver("frameworks.langchain", (*CHAIN, "lmnr"), _laminar),
    "laminar_langgraph": Driver("frameworks.langgraph", (*GRAPH, "lmnr"), _laminar),
    "laminar_litellm": Driver("frameworks.litellm", ("litellm", "lmnr"), _laminar),
    "laminar_openai_agents": Driver(
        "frameworks.openai_agents", ("openai-agents", "lmnr"), _laminar
    ),
    "laminar_llama_index": Driver("frameworks.llama_index", (*LLAMA, "lmnr"), _laminar),
    "langfuse_openai": Driver("openai", ("openai", "langfuse"), _langfuse_openai),
    "langfuse_azure": Driver("azure", ("openai", "langfuse"), _langfuse_openai),
    "langfuse_langchain": Driver(
        "frameworks.langchain", (*CHAIN, "langfuse"), _langfuse_langchain
    ),
    "langfuse_langchain_providers": Driver(
        "frameworks.langchain_providers",
        (*CHAIN_PROVIDERS, "langchain", "langfuse"),
        _langfuse_langchain,
    ),
    "langfuse_langgraph": Driver(
        "frameworks.langgraph", (*GRAPH, "langfuse"), _langfuse_langchain
    ),
    "langsmith_openai": Driver(
        "openai",
        ("openai", "langsmith[otel]"),
        _langsmith_wrapped("openai", "OpenAI"),
        _TO_LANGSMITH,
    ),
    "langsmith_anthropic": Driver(
        "anthropic",
        ("anthropic", "langsmith[otel]"),
        _langsmith_wrapped("anthropic", "Anthropic"),
        _TO_LANGSMITH,
    ),
    "langsmith_langchain_providers": Driver(
        "frameworks.langchain_providers",
        (*CHAIN_PROVIDERS, "langsmith[otel]"),
        _langsmith,
        _TO_LANGSMITH,
    ),
    "langsmith_langgraph": Driver(
        "frameworks.langgraph", (*GRAPH, "langsmith[otel]"), _langsmith, _TO_LANGSMITH
    ),
    "logfire_openai": Driver("openai", ("openai", "logfire"), _logfire("openai")),
    "logfire_azure": Driver("azure", ("openai", "logfire"), _logfire("openai")),
    "logfire_anthropic_clouds": Driver(
        "anthropic_clouds",
        ("anthropic[bedrock,vertex]", "logfire"),
        _logfire("anthropic"),
    ),
    "logfire_google": Driver(
        "google",
        ("google-genai<3", "logfire[google-genai]"),
        _logfire("google_genai"),
    ),
    "logfire_openai_agents": Driver(
        "frameworks.openai_agents",
        ("openai-agents", "logfire"),
        _logfire("openai_agents"),
    ),
    "logfire_litellm": Driver(
        "frameworks.litellm", ("litellm", "logfire[litellm]"), _logfire("litellm")
    ),
    "logfire_dspy": Driver(
        "frameworks.dspy", ("dspy", "logfire[dspy]"), _logfire("dspy")
    ),
    "logfire_instructor": Driver(
        "frameworks.instructor",
        ("anthropic", "instructor", "logfire"),
        _logfire("openai"),
    ),
}
