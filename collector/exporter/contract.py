"""Interface of an upstream exporter.

To add one: a file beside this one and a row in UPSTREAMS (`__init__.py`).
"""

from typing import Protocol

from collector.otlp.export_result import ExportResult
from collector.otlp.signals import OtlpRequest


class Upstream(Protocol):
    """Sends a request and returns the upstream's own response.

    `send` never raises but for cancellation. What the upstream said is returned as it
    said it; an upstream that cannot be reached, breaks off, or takes longer than
    `timeout_seconds` is UNAVAILABLE, which clients retry, never INTERNAL or UNKNOWN.
    """

    async def send(self, request: OtlpRequest, timeout_seconds: float) -> ExportResult:
        """Send one request; the response body is in the upstream's encoding."""
        ...

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        ...
