"""Records of model calls as the prefilter hands them on, and the calls made of them."""

import base64

from collector.recognise.assemble import assemble
from collector.recognise.correlate import Correlator
from collector.recognise.dialects import DIALECTS
from collector.recognise.record import Record

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 24).decode()


def record_of(attributes, *, number=1, **more):
    """Return a span, or what `more` makes of it."""
    fields = {
        "kind": "span",
        "trace_id": b"t" * 16,
        "span_id": number.to_bytes(8, "big"),
        "name": "chat",
        "start_ns": 1_000,
        "end_ns": 2_000_000,
        "attributes": attributes,
    }
    return Record(**{**fields, **more})


def candidate_of(found):
    """Return the candidate of the first dialect that claims the record."""
    dialect = next(d for d in DIALECTS if d.claims(found))
    return dialect.read(found)


def calls(*records):
    """Return the calls that all records together make."""
    join = Correlator()
    for found in records:
        candidate = candidate_of(found)
        if candidate is not None:
            list(join.offer(candidate, 0))
    return [assemble(candidate, 0).snapshot for candidate in join.flush()]


def one(*records):
    """Return the only call of the records."""
    (call,) = calls(*records)
    return call
