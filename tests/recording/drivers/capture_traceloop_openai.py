"""This tree's own capture beside Traceloop's instrumentation, which loses a part."""

CLIENT = "openai"
PACKAGES = (
    "openai",
    "opentelemetry-instrumentation-openai",
)  # the recorded library last
ENVIRONMENT = {"TRACELOOP_TRACE_CONTENT": "true"}


def instrument(provider: object) -> None:
    """Switch both on."""
    from capturing import capture  # noqa: PLC0415 - beside the driver's runner
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor  # noqa: PLC0415

    OpenAIInstrumentor().instrument(tracer_provider=provider)
    capture(provider)
