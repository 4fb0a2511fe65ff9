"""Vendors' own SDKs: LangTrace, AgentOps, Laminar, Langfuse, LangSmith, Logfire."""

from typing import Any

from recording.drivers.contract import Driver, Flush, exporting, flush_all, sdk

_OLD_TOOLS = ("importlib_metadata", "setuptools<80")
_CHAIN = ("langchain", "langchain-openai", "langchain-anthropic")


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
    from langfuse.media import LangfuseMedia

    client = Langfuse(public_key="pk", secret_key="sk", base_url=url)
    assert LangfuseMedia
    return client.flush


def _langsmith(url: str) -> Flush:
    sdk(url)
    return flush_all


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
    "langfuse_langchain": Driver("langchain", (*_CHAIN, "langfuse"), _langfuse),
    "langsmith_langchain": Driver(
        "langchain", (*_CHAIN, "langsmith[otel]"), _langsmith, _TO_LANGSMITH
    ),
    "logfire_anthropic": Driver(
        "anthropic", ("anthropic", "logfire"), _logfire("anthropic")
    ),
    "pydantic_ai": Driver(
        "pydantic_ai",
        (
            "pydantic-ai-slim[openai,anthropic,google,groq,mistral,bedrock,cohere]",
            "logfire",
        ),
        _logfire("pydantic_ai"),
    ),
}
