"""This tree's own capture, alone and beside an instrumentation that loses a part."""

import sys
from collections.abc import Callable
from pathlib import Path

from recording.drivers.contract import Driver, Flush, instrumentor, sdk

_HERE = Path(__file__).parents[3] / "capture" / "python"  # no package index has it yet


def _installed(*modules: str) -> Callable[[str], Flush]:
    def switch_on(url: str) -> Flush:
        from opentelemetry import trace

        flush = instrumentor(*modules, logs=False)(url) if modules else sdk(url)[2]
        sys.path.append(str(_HERE))
        import snaptrace_capture

        snaptrace_capture.install(tracer_provider=trace.get_tracer_provider())
        return flush

    return switch_on


_TRACELOOP = "opentelemetry.instrumentation.openai"
DRIVERS = {
    "capture_openai": Driver("openai", ("openai",), _installed()),
    "capture_anthropic": Driver("anthropic", ("anthropic",), _installed()),
    "capture_traceloop_openai": Driver(
        "openai",
        ("openai", "opentelemetry-instrumentation-openai"),
        _installed(_TRACELOOP),
        {"TRACELOOP_TRACE_CONTENT": "true"},
    ),
}
