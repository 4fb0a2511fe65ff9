"""This tree's own capture on Anthropic's client, with no instrumentation beside it."""

CLIENT = "anthropic"
PACKAGES = ("anthropic",)  # the recorded library last
ENVIRONMENT: dict[str, str] = {}


def instrument(provider: object) -> None:
    """Switch the capture on."""
    from capturing import capture  # noqa: PLC0415 - beside the driver's runner

    capture(provider)
