"""Entry points for OpenTelemetry's own launchers.

`opentelemetry-instrument` loads every installed instrumentor; this one does nothing
unless the environment asks for it, as it records what people wrote.
"""

from __future__ import annotations

from typing import Any

from snaptrace_capture import install, uninstall
from snaptrace_capture.completion import CompletionHook
from snaptrace_capture.settings import is_switched_on


class Instrumentor:
    """As `opentelemetry.instrumentation.instrumentor.BaseInstrumentor`, by shape."""

    def instrument(self, **kwargs: Any) -> None:
        """Begin to capture, where `SNAPTRACE_CAPTURE` says so."""
        if is_switched_on():
            install(tracer_provider=kwargs.get("tracer_provider"))

    def uninstrument(self, **kwargs: Any) -> None:
        """Stop to capture."""
        del kwargs
        uninstall()


def completion_hook() -> CompletionHook:
    """Return the hook for `OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK`.

    Naming it asks for capture: there is no second switch to set.
    """
    return CompletionHook(install())
