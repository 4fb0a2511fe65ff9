"""Traceloop's instrumentation of OpenAI's client."""

CLIENT = "openai"
PACKAGES = (
    "openai",
    "opentelemetry-instrumentation-openai",
)  # the recorded library last
ENVIRONMENT = {"TRACELOOP_TRACE_CONTENT": "true"}


def instrument(provider: object) -> None:
    """Switch the instrumentation on."""
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor  # noqa: PLC0415

    OpenAIInstrumentor().instrument(tracer_provider=provider)
