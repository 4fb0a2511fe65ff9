"""The parts that all hooks of a process share."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from opentelemetry import trace

from snaptrace_capture.budget import HeldBytes
from snaptrace_capture.counting import Counts
from snaptrace_capture.endpoints import Endpoints
from snaptrace_capture.flushing import Flusher
from snaptrace_capture.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from snaptrace_capture.settings import Settings

SCOPE = "snaptrace.capture"
_PARENTS_MAX = 1_024


class Capture:
    """Scope, limits and destination of capture."""

    def __init__(
        self, settings: Settings, tracer_provider: TracerProvider | None = None
    ) -> None:
        """Record with the given provider, or else with whichever is the global one."""
        self.settings, self._tracer_provider = settings, tracer_provider
        self.endpoints = Endpoints(settings.base_urls)
        self.counts = Counts()
        self.flusher = Flusher(self.tracer_provider)
        self.held = HeldBytes(settings.held_bytes, self.flusher.ask)
        self.is_on = True
        self._tracer: Tracer | None = None
        self._tracer_of: TracerProvider | None = None
        self._parents: OrderedDict[int, None] = OrderedDict()

    def after_fork(self) -> None:
        """Take locks and a thread of its own, in a process that was forked."""
        for part in (self.counts, self.flusher, self.held):
            part.after_fork()

    def tracer_provider(self) -> TracerProvider:
        """Return the provider that is set by now."""
        return self._tracer_provider or trace.get_tracer_provider()

    def tracer(self) -> Tracer:
        """Return the tracer that captured calls are recorded with."""
        provider = self.tracer_provider()
        if self._tracer is None or self._tracer_of is not provider:
            self._tracer, self._tracer_of = (
                provider.get_tracer(SCOPE, VERSION),
                provider,
            )
        return self._tracer

    def note_parents(self, active: Span) -> None:
        """Remember beneath which spans a call was captured."""
        above = (active.get_span_context(), getattr(active, "parent", None))
        for parent in above:
            if span_id := getattr(parent, "span_id", 0):
                self._parents[span_id] = None
        while len(self._parents) > _PARENTS_MAX:
            self._parents.popitem(last=False)

    def is_captured(self, span: Span) -> bool:
        """Return whether a call was captured beneath the span."""
        return span.get_span_context().span_id in self._parents
