"""Instrumentations of Node."""

from recording.drivers.contract import NodeDriver

_VERCEL = ("ai", "@ai-sdk/openai", "@ai-sdk/anthropic", "@ai-sdk/google")
_CHAIN = ("@langchain/core", "@langchain/openai", "@langchain/anthropic")
_AWS = ("@aws-sdk/client-bedrock-runtime", "@smithy/node-http-handler")
_OPENINFERENCE = "@arizeai/openinference-instrumentation-"
_TRACELOOP = "@traceloop/instrumentation-"


def _openinference(client: str, name: str, *installed: str) -> NodeDriver:
    packages = (*installed, f"{_OPENINFERENCE}{name}")
    return NodeDriver(client, packages, f"openinference_{name}")


def _traceloop(client: str, name: str, *installed: str) -> NodeDriver:
    return NodeDriver(client, (*installed, f"{_TRACELOOP}{name}"), f"traceloop_{name}")


DRIVERS = {
    "vercel_ai": NodeDriver("vercel", (*_VERCEL[1:], "ai"), "sdk"),
    "vercel_ai_7": NodeDriver(
        "vercel",
        (*(f"{name}@latest" for name in _VERCEL), "@ai-sdk/otel@latest"),
        "vercel7",
        {"REGISTERED": "1"},
    ),
    "vercel_ai_openinference": NodeDriver(
        "vercel", (*_VERCEL, "@arizeai/openinference-vercel"), "openinference_vercel"
    ),
    "vercel_ai_langfuse": NodeDriver(
        "vercel", (*_VERCEL, "@langfuse/otel"), "langfuse"
    ),
    "openinference_js_openai": _openinference("openai", "openai", "openai"),
    "openinference_js_anthropic": _openinference(
        "anthropic", "anthropic", "@anthropic-ai/sdk"
    ),
    "openinference_js_bedrock": _openinference("bedrock", "bedrock", *_AWS),
    "openinference_js_langchain": _openinference("langchain", "langchain", *_CHAIN),
    "traceloop_js_openai": _traceloop("openai", "openai", "openai"),
    "traceloop_js_anthropic": _traceloop("anthropic", "anthropic", "@anthropic-ai/sdk"),
    "traceloop_js_bedrock": _traceloop("bedrock", "bedrock", *_AWS),
    "traceloop_js_langchain": _traceloop("langchain", "langchain", *_CHAIN),
    "otel_js_openai": NodeDriver(
        "openai",
        ("openai", "@opentelemetry/instrumentation-openai"),
        "otel_openai",
        {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"},
    ),
    "otel_js_bedrock": NodeDriver(
        "bedrock", (*_AWS, "@opentelemetry/instrumentation-aws-sdk"), "otel_aws"
    ),
    "langfuse_js_openai": NodeDriver(
        "openai",
        ("openai", "@langfuse/otel", "@langfuse/openai"),
        "langfuse",
        {"WRAPPED": "langfuse"},
    ),
    "langsmith_js_openai": NodeDriver(
        "openai", ("openai", "langsmith"), "langsmith", {"WRAPPED": "langsmith"}
    ),
    "langsmith_js_anthropic": NodeDriver(
        "anthropic",
        ("@anthropic-ai/sdk", "langsmith"),
        "langsmith",
        {"WRAPPED": "langsmith"},
    ),
    "langsmith_js_langchain": NodeDriver(
        "langchain", (*_CHAIN, "langsmith"), "langsmith"
    ),
    "langfuse_js_langchain": NodeDriver(
        "langchain",
        (*_CHAIN, "@langfuse/otel", "@langfuse/langchain"),
        "langfuse_langchain",
    ),
}
