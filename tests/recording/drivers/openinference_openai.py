"""OpenInference on OpenAI's client."""

CLIENT = "openai"
PACKAGES = (
    "openai",
    "openinference-instrumentation-openai",
)  # the recorded library last
ENVIRONMENT = {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH": "100000000"}


def instrument(provider: object) -> None:
    """Switch the instrumentation on."""
    from openinference.instrumentation.openai import OpenAIInstrumentor  # noqa: PLC0415

    OpenAIInstrumentor().instrument(tracer_provider=provider)
