"""OpenInference on Anthropic's client."""

CLIENT = "anthropic"
PACKAGES = (
    "anthropic",
    "openinference-instrumentation-anthropic",
)  # the recorded library last
ENVIRONMENT = {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH": "100000000"}


def instrument(provider: object) -> None:
    """Switch the instrumentation on."""
    from openinference.instrumentation.anthropic import AnthropicInstrumentor  # noqa: PLC0415

    AnthropicInstrumentor().instrument(tracer_provider=provider)
