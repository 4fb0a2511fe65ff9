"""Rank-based rejection of calls before decoding.

Only the first bytes of a span and the service of its resource are looked at. What is
turned away here is recorded as a pre-threshold in every segment of that service, so
the inclusion probability stays right. It follows the traffic once a second, and within
a second where the budget is spent before it is over.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from collector.recognise.dialects.readers.json_values import as_text
from collector.recognise.prefilter import RawRecord
from collector.recognise.record import UnreadableRecordError, decode
from collector.reservoir import PreThreshold
from snaptrace.crypto.fleet_key import FleetKey

# Field 1 of Span in OTLP 1.9: `trace_id`, 16 bytes. All known encoders write it first.
_TRACE_ID_HEAD = b"\x0a\x10"
_TRACE_ID_END = 18
_ADAPT_SECONDS = 1.0
_RESOURCES = 256  # services remembered by their encoded resource


class DecodeBudget:
    """Decides which records are decoded. Not thread-safe."""

    def __init__(
        self,
        calls_per_second: float,
        key: FleetKey,
        label: Callable[[str], str] = str,
        *,
        seconds: Callable[[], float],
        changed: Callable[[Mapping[str, int]], None],
    ) -> None:
        """Identify services by `label` of their names, as segments do.

        `seconds` is a monotonic clock. `changed` is called with thresholds by service
        before any call is rejected by them.
        """
        self._pre, self._key, self._label = PreThreshold(calls_per_second), key, label
        self._has_budget = calls_per_second > 0
        self._seconds, self._changed = seconds, changed
        self._adapted_at_seconds = seconds()
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
        if not self._pre.admits(self._service(raw), rank):
            self.turned_away += 1
            return False
        if self._pre.is_spent and not self.adapt() and (rises := self._pre.tighten()):
            self._changed(rises)
        return True

    def adapt(self) -> bool:
        """Adjust to the traffic at most once per second; return whether it did."""
        now = self._seconds()
        elapsed = now - self._adapted_at_seconds
        if elapsed < _ADAPT_SECONDS:
            return False
        self._adapted_at_seconds = now
        if self._has_budget and (changes := self._pre.adapt(elapsed)):
            self._changed(changes)
        return True

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
