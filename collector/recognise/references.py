"""Content that an upload hook put elsewhere, and the call once it has been read.

`opentelemetry-util-genai` can store messages, instructions and tools as objects and
leave their addresses in `gen_ai.*_ref`. Nothing is fetched here: a call says what it
lacks, and is put together anew from what somebody else read.
"""

import functools
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from collector.call import Call, Deferred
from collector.recognise.absorb import absorb
from collector.recognise.assemble import assemble
from collector.recognise.dialects import DIALECTS
from collector.recognise.dialects.contract import Candidate
from collector.recognise.evidence.table import Evidence
from collector.recognise.same_exchange import has_request

REASON = "content_by_reference"
_OBJECT_HOSTS = {
    "s3": "https://{bucket}.s3.amazonaws.com/{key}",
    "gs": "https://storage.googleapis.com/{bucket}/{key}",
    "gcs": "https://storage.googleapis.com/{bucket}/{key}",
}
_ITEMS_MAX = 100_000


def deferred_of(
    candidate: Candidate, arrived_at_ns: int, evidence: Evidence | None
) -> Deferred | None:
    """Return what to fetch for a call that has its content elsewhere, and what then."""
    if candidate.referenced is None or has_request(candidate):
        return None
    return Deferred(
        references=candidate.references,
        rebuild=functools.partial(_rebuilt, candidate, arrived_at_ns, evidence),
    )


def _rebuilt(
    candidate: Candidate,
    arrived_at_ns: int,
    evidence: Evidence | None,
    found: dict[str, Any],
) -> Call:
    """Return the call with the fetched values where attributes would have had them."""
    assert candidate.referenced is not None
    record = candidate.referenced
    whole = msgspec.structs.replace(record, attributes={**record.attributes, **found})
    for dialect in DIALECTS:
        if dialect.claims(whole):
            fresh = dialect.read(whole)
            break
    else:
        fresh = None
    if fresh is not None and has_request(fresh):
        kept = tuple(reason for reason in candidate.reasons if reason != REASON)
        candidate = msgspec.structs.replace(candidate, reasons=kept, referenced=None)
        absorb(candidate, fresh)
    return assemble(candidate, arrived_at_ns, evidence)


def address_of(reference: str) -> str:
    """Return the HTTPS address of an object; what is none already stays as it is."""
    parts = urlsplit(reference)
    form = _OBJECT_HOSTS.get(parts.scheme)
    if form is None or not parts.netloc:
        return reference
    return form.format(bucket=parts.netloc, key=quote(parts.path.lstrip("/")))


def value_of(data: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return what an object holds: one JSON value, or a line for each message.

    Raises:
        ValueError: it is neither.
    """
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        pass
    else:
        return [found] if isinstance(found, dict) else found
    lines = [line for line in data.splitlines()[:_ITEMS_MAX] if line.strip()]
    try:
        return [msgspec.json.decode(line) for line in lines]
    except (msgspec.MsgspecError, RecursionError) as damage:
        raise ValueError(type(damage).__name__) from None
