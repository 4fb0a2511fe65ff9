"""An application whose model calls are captured, and what a collector makes of them."""

import contextlib

import snaptrace_capture
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from snaptrace_capture.capture import SCOPE

from collector.otlp.signals import OtlpRequest
from collector.recognise.recogniser import Recogniser


class Recorded:
    """An application's SDK, and what a collector would make of its spans."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("some.instrumentation", "1.0")

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    @property
    def captured(self):
        """Return the spans of the capture, in the order they ended."""
        return [s for s in self.spans if s.instrumentation_scope.name == SCOPE]

    def calls(self):
        """Return the calls that a collector recognises in all spans."""
        body = encode_spans(self.spans).SerializeToString()
        request = OtlpRequest(
            signal="traces", encoding="protobuf", body=body, received_at_ns=0
        )
        recogniser = Recogniser()
        return [*recogniser.feed(request), *recogniser.flush(0)]

    def call(self):
        """Return the one call that there must be."""
        (call,) = self.calls()
        return call


@contextlib.contextmanager
def capturing(settings=None):
    """Capture while the context lasts."""
    found = Recorded()
    snaptrace_capture.install(settings, tracer_provider=found.provider)
    try:
        yield found
    finally:
        snaptrace_capture.uninstall()
