"""Runs one case of one driver in the driver's own environment.

`python run_case.py DRIVER CASE`, with STAND_IN and the exporter's variables set.
"""

import importlib
import sys

from calls import CALLS
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor


def main(driver_name: str, case: str) -> None:
    """Instrument, call, and export what was seen."""
    driver = importlib.import_module(f"drivers.{driver_name}")
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    driver.instrument(provider)
    try:
        CALLS[driver.CLIENT](case)
    except Exception as error:  # noqa: BLE001 - a refused call is recorded as it is
        sys.stderr.write(f"{driver_name}/{case}: {type(error).__name__}\n")
    provider.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
