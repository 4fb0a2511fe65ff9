"""Turns calls away by their trace's rank alone, before they are decoded.

Only the first bytes of a span and the service of its resource are looked at. What is
turned away here is recorded as a pre-threshold in every segment of that service, so
the inclusion probability stays right.
"""

from collections import OrderedDict
from collections.abc import Callable

from collector.dialects.loads import as_text
from collector.record import UnreadableRecordError, decode
from collector.reservoir import PreThreshold
from collector.scan import RawRecord
from snaptrace.snapshots.keys import FleetKey

# Field 1 of Span in OTLP 1.9: `trace_id`, 16 bytes. All known encoders write it first.
_TRACE_ID_HEAD = b"\x0a\x10"
_TRACE_ID_END = 18
_RESOURCES = 256  # services remembered by their encoded resource


class Gate:
    """Decides who is decoded. Not safe for use by two threads."""

    def __init__(
        self,
        calls_per_second: float,
        key: FleetKey,
        label: Callable[[str], str] = str,
    ) -> None:
        """Know services by what `label` makes of their names, as segments do."""
        self._pre, self._key, self._label = PreThreshold(calls_per_second), key, label
        self._has_budget = calls_per_second > 0
        self._services: OrderedDict[bytes, str] = OrderedDict()
        self.turned_away = 0

    def admits(self, raw: RawRecord) -> bool:
        """Return whether a raw record may be decoded.

        Log records and JSON are always admitted: their trace id is not where it could
        be read for nothing. Their calls meet the same threshold in the reservoirs.
        """
        if not self._has_budget or raw.kind != "span" or raw.encoding != "protobuf":
            return True
        if raw.body[:2] != _TRACE_ID_HEAD:
            return True
        rank = self._key.rank(raw.body[2:_TRACE_ID_END])
        if self._pre.admits(self._service(raw), rank):
            return True
        self.turned_away += 1
        return False

    def adapt(self, elapsed_seconds: float) -> dict[str, int]:
        """Return the thresholds that change, by service; see `PreThreshold.adapt`."""
        return self._pre.adapt(elapsed_seconds) if self._has_budget else {}

    def _service(self, raw: RawRecord) -> str:
        known = self._services.get(raw.resource)
        if known is None:
            try:
                name = as_text(decode(raw).resource.get("service.name"))
                known = self._label(name)
            except UnreadableRecordError:
                known = ""
            self._services[raw.resource] = known
            if len(self._services) > _RESOURCES:
                self._services.popitem(last=False)
        return known
