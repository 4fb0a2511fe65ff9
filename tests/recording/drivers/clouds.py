"""Distributions of vendors of clouds and monitoring: AWS, Splunk, Alibaba."""

from collections.abc import Callable

from recording.drivers.contract import Driver, Flush, found, instrumentor
from recording.drivers.installed import AGNO, CHAIN, CREWAI, LLAMA

_AWS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AGENT_OBSERVABILITY_ENABLED": "true",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "x-aws-log-group=g,x-aws-log-stream=s",
    "TRACELOOP_TRACE_CONTENT": "true",
}


def _adot(*modules: str) -> Callable[[str], Flush]:
    """Switch on AWS's exporter, which moves content from spans to log records."""

    def switch_on(url: str) -> Flush:
        from amazon.opentelemetry.distro.exporter.otlp.aws.traces import (
            otlp_aws_span_exporter as aws,
        )
        from botocore.session import Session
        from opentelemetry import _logs, trace
        from opentelemetry.exporter.otlp.proto.http import _log_exporter
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        logs, spans = LoggerProvider(), TracerProvider()
        to_logs = _log_exporter.OTLPLogExporter(f"{url}/v1/logs")
        logs.add_log_record_processor(BatchLogRecordProcessor(to_logs))
        _logs.set_logger_provider(logs)
        exporter = aws.OTLPAwsSpanExporter(
            session=Session(),
            aws_region="us-east-1",
            endpoint=f"{url}/v1/traces",
            logger_provider=logs,
        )
        spans.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(spans)
        for name in modules:
            found(name)().instrument(tracer_provider=spans)

        def flush() -> None:
            spans.force_flush(5000)
            logs.force_flush(5000)

        return flush

    return switch_on


def _aws(client: str, *installed: str, module: str = "") -> Driver:
    packages = (*installed, "aws-opentelemetry-distro")
    return Driver(client, packages, _adot(*filter(None, [module])), _AWS)


_SPLUNK = {
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT_MODE": "SPAN_AND_EVENT",
    "OTEL_INSTRUMENTATION_GENAI_EMITTERS": "span",
}
_LOONG = {
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY",
}


def _splunk(client: str, name: str, *installed: str, module: str = "") -> Driver:
    packages = (*installed, f"splunk-otel-instrumentation-{name}")
    path = "opentelemetry.instrumentation." + (module or name.replace("-", "_"))
    return Driver(client, packages, instrumentor(path, logs=False), _SPLUNK)


def _loong(client: str, name: str, *installed: str) -> Driver:
    packages = (*installed, f"loongsuite-instrumentation-{name}")
    path = "opentelemetry.instrumentation." + name.replace("-", "_")
    return Driver(client, packages, instrumentor(path), _LOONG)


DRIVERS = {
    "adot_strands": _aws("frameworks.strands", "strands-agents[otel,openai,anthropic]"),
    "adot_openinference_langchain": _aws(
        "frameworks.langchain",
        *CHAIN,
        "openinference-instrumentation-langchain",
        module="openinference.instrumentation.langchain",
    ),
    "adot_traceloop_langchain": _aws(
        "frameworks.langchain",
        *CHAIN,
        "opentelemetry-instrumentation-langchain",
        module="opentelemetry.instrumentation.langchain",
    ),
    "adot_openinference_crewai": _aws(
        "frameworks.crewai",
        *CREWAI,
        "openinference-instrumentation-crewai",
        module="openinference.instrumentation.crewai",
    ),
    "splunk_langchain": _splunk("frameworks.langchain", "langchain", *CHAIN),
    "splunk_openai": _splunk("openai", "openai", "openai"),
    "splunk_openai_agents": _splunk(
        "frameworks.openai_agents", "openai-agents", "openai-agents"
    ),
    "splunk_llama_index": _splunk("frameworks.llama_index", "llamaindex", *LLAMA),
    "splunk_crewai": _splunk("frameworks.crewai", "crewai", *CREWAI),
    "loongsuite_agno": _loong("frameworks.agno", "agno", *AGNO),
    "loongsuite_langchain": _loong("frameworks.langchain", "langchain", *CHAIN),
    "loongsuite_litellm": _loong("frameworks.litellm", "litellm", "litellm"),
    "loongsuite_agentscope": _loong(
        "others.agentscope", "agentscope", "openai", "anthropic", "agentscope<2"
    ),
}
