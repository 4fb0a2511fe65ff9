"""Interface of a receiver, for every engine.

To add one: a file beside this one, a row in ENGINES (`__init__.py`). The suite in
`tests/contracts/test_receivers.py` finds it by its row.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from collector.otlp.export_result import ExportResult
from collector.otlp.signals import OtlpRequest

# Hands a whole request on and returns what to tell the client. Never raises but for
# cancellation, which means that the client has gone. The float is the client's own
# deadline in seconds from now, or None.
Handle = Callable[[OtlpRequest, float | None], Awaitable[ExportResult]]


class Receiver(Protocol):
    """Serves OTLP over gRPC and HTTP.

    Acknowledges only what `handle` acknowledged, after it did. Every request is
    answered once. Bodies reach `handle` byte for byte, transport coding undone.
    Memory for a body is reserved before the body is read; where the budget is spent
    the answer is UNAVAILABLE or 503, which clients retry. After `stop` no new
    connection is taken and requests in flight are answered; stopping twice is safe.
    """

    name: str

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; raise OSError if an address cannot be bound."""
        ...
