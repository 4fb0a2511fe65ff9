"""Export requests in, calls out: split, decode, read, join, assemble.

The one entry that live spans, imports and the measure share. It knows no clock, no
metrics and no disk; it never raises for what spans contain.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator

import msgspec

from collector.call import Call
from collector.otlp.signals import OtlpRequest
from collector.recognise.assemble import assemble
from collector.recognise.correlate import CorrelationSettings, Correlator
from collector.recognise.dialects import DIALECTS
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.answers import complete
from collector.recognise.dialects.readers.json_values import as_dict, as_text, loads
from collector.recognise.dialects.readers.other_operations import other_operation
from collector.recognise.evidence.table import Evidence, packaged
from collector.recognise.funnel import Funnel
from collector.recognise.prefilter import RawRecord, UnreadableRequestError, split
from collector.recognise.record import Record, UnreadableRecordError, decode
from collector.recognise.references import deferred_of

_PROCESSES_CACHED = 256  # as many resources as `record` remembers


class Recogniser:
    """Turns OTLP requests into calls. Not safe for use by two threads."""

    def __init__(
        self,
        attributes: tuple[str, ...] = (),
        settings: CorrelationSettings | None = None,
        funnel: Funnel | None = None,
        wanted: Callable[[RawRecord], bool] = lambda _raw: True,
        evidence: Callable[[], Evidence | None] = packaged,
    ) -> None:
        """Keep `attributes` on calls; decode only those raw records `wanted`.

        `evidence` rates what dialects read; None believes them.
        """
        self._evidence = evidence()
        self._kept, self._wanted = attributes, wanted
        self.join = Correlator(settings)
        self.funnel = funnel or Funnel()

    def feed(self, request: OtlpRequest) -> Iterator[Call]:
        """Take a request; yield calls that a bound closed early."""
        now_ns = request.received_at_ns
        try:
            for raw in split(request):
                if not self._wanted(raw):
                    continue
                if (candidate := self.read(raw)) is not None:
                    yield from self._calls(self.join.offer(candidate, now_ns), now_ns)
        except UnreadableRequestError:
            self.funnel.count("", "", "seen", "unreadable")

    def due(self, now_ns: int) -> Iterator[Call]:
        """Yield the calls whose window has closed by now."""
        yield from self._calls(self.join.due(now_ns), now_ns)

    def flush(self, now_ns: int) -> Iterator[Call]:
        """Yield all that waits: the input has ended."""
        yield from self._calls(self.join.flush(), now_ns)

    def read(self, raw: RawRecord) -> Candidate | None:
        """Return what one raw record knows, or None."""
        try:
            record = decode(raw)
        except UnreadableRecordError:
            self.funnel.count("", "", "seen", "unreadable")
            return None
        if is_replay(record):
            self.funnel.count(record.scope, record.scope_version, "seen", "replay")
            return None
        for dialect in DIALECTS:
            if dialect.claims(record):
                candidate = dialect.read(record)
                break
        else:
            # A marker in some text, or a convention that nobody here knows.
            self.funnel.count(record.scope, record.scope_version, "seen", "unclaimed")
            return None
        self.funnel.count(record.scope, record.scope_version, "seen")
        if candidate is None or candidate.role == "wrapper":
            self._count_other(record)
        if candidate is None:
            return None
        if candidate.role == "call":
            candidate.answer = complete(candidate.answer, record)
        candidate.size_bytes = len(raw.body)
        candidate.process = _process_of(raw.resource)
        candidate.service = as_text(record.resource.get("service.name"))
        if self._kept:
            candidate.attributes = kept_attributes(record, self._kept)
        return candidate

    def _count_other(self, record: Record) -> None:
        """Name what a model did beside calls, so that nobody looks for them there."""
        if named := other_operation(record):
            scope, version = record.scope, record.scope_version
            self.funnel.count(scope, version, "recognised", named)

    def _calls(self, candidates: Iterator[Candidate], now_ns: int) -> Iterator[Call]:
        for candidate in candidates:
            call = assemble(candidate, now_ns, self._evidence)
            self.funnel.add(call.snapshot)
            if candidate.referenced is not None:
                deferred = deferred_of(candidate, now_ns, self._evidence)
                call = msgspec.structs.replace(call, deferred=deferred)
            yield call


# Set by replayd on all that it tells, and by instrumentations of HTTP servers and
# gateways that record the header which marks a replay.
_REPLAY_MARKS = (
    "snaptrace.replay",
    "http.request.header.x-snaptrace-replay",
    "http.request.header.x_snaptrace_replay",
)


def is_replay(record: Record) -> bool:
    """Detect a record about a replay: it is no traffic, and must not be sampled."""
    attributes = record.attributes
    return any(mark in attributes for mark in _REPLAY_MARKS)


@functools.lru_cache(maxsize=_PROCESSES_CACHED)
def _process_of(resource: bytes) -> bytes:
    return hashlib.blake2b(resource, digest_size=8).digest()


# Characters of one kept attribute; a longer one is no label and is left out whole,
# since the part of a key that a cut leaves would not be known for one.
_VALUE_MAX = 4096


def kept_attributes(record: Record, names: tuple[str, ...]) -> dict[str, str]:
    """Return the named attributes: of the span, its metadata, or the resource."""
    kept: dict[str, str] = {}
    metadata: dict[str, object] | None = None
    for name in names:
        value = record.attributes.get(name)
        if value is None and name.startswith("metadata."):
            if metadata is None:
                metadata = as_dict(loads(record.attributes.get("metadata")).value)
            value = metadata.get(name.removeprefix("metadata."))
        if value is None:
            value = record.resource.get(name)
        if isinstance(value, str | int | float | bool):
            text = str(value)
            if len(text) <= _VALUE_MAX:
                kept[name] = text
    return kept
