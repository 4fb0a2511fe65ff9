"""One recognised model call on its way from join to store, before and after redaction.

`join` makes it, `redact` returns a clean one, `reservoir` decides by its snapshot's
rank and strata, `seal` writes it. It never leaves the process unredacted.
"""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from snaptrace.snapshot.model import Snapshot

# The provider's own JSON as the telemetry has it; a request put together from parts, or
# from LangChain's own arguments; or any of them for an API that nothing names.
Source = Literal["body", "parts", "langchain", "guess"]


class Deferred(Struct, frozen=True, kw_only=True):
    """Content that lies elsewhere, and how the call is made once it has been read."""

    references: dict[str, str]  # attribute -> address
    rebuild: Callable[[dict[str, Any]], "Call"]  # of attribute -> value


class Call(Struct, frozen=True, kw_only=True):
    """A snapshot in the making, with what may not be stored as it is.

    `snapshot.media[i].digest` is empty until the bytes are final; `blobs[i]` are the
    decoded bytes of medium `i` where its state is `inline`. Rank, window, keyed
    session and user, and strata are filled in after redaction.
    """

    snapshot: Snapshot
    blobs: dict[int, bytes] = {}
    session_id: str = ""  # as the telemetry had it; only its keyed digest is stored
    user_id: str = ""
    trace_state: str = ""  # W3C tracestate of the span, for the upstream probability
    source: Source = "parts"  # what the request was read from
    emitter: str = ""  # the integration that told it, where one scope stands for many
    deferred: Deferred | None = None  # set while the content is elsewhere
