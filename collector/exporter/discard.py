"""Discarding upstream: accepts every readable request, as a fan-out target."""

import asyncio

from collector.errors import BodyUndecodableError
from collector.exporter.conversion import Conversions
from collector.otlp.export_result import (
    ACCEPTED,
    ACCEPTED_JSON,
    INVALID_ARGUMENT,
    ExportResult,
    refusal,
)
from collector.otlp.signals import OtlpRequest


class DiscardUpstream:
    """Accepts decodable requests; INVALID_ARGUMENT for others."""

    def __init__(self) -> None:
        self._conversions = Conversions()

    async def send(
        self,
        request: OtlpRequest,
        timeout_seconds: float,  # noqa: ARG002 - nothing is waited for
    ) -> ExportResult:
        """Validate the body against its signal's message and answer."""
        if request.body:
            try:
                await self._check(request)
            except BodyUndecodableError as error:
                return refusal(INVALID_ARGUMENT, error.why)
            await asyncio.sleep(0)
        return ACCEPTED if request.encoding == "protobuf" else ACCEPTED_JSON

    async def close(self) -> None:
        """Leave a conversion that runs to itself."""
        self._conversions.close()

    async def _check(self, request: OtlpRequest) -> None:
        """Decode a body and discard it.

        Raises:
            BodyUndecodableError: it is not a message of its signal.
        """
        if request.encoding == "json":
            from collector.otlp.transcode import to_message  # noqa: PLC0415 - see there

            await self._conversions.run(to_message, request)
        else:
            check(request)


def check(request: OtlpRequest) -> None:
    """Decode a protobuf body and discard it.

    Raises:
        BodyUndecodableError: it is not a message of its signal.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - see messages.py

    from collector.otlp import protobuf_reader  # noqa: PLC0415
    from collector.otlp.messages import REQUESTS  # noqa: PLC0415

    try:
        protobuf_reader.check(REQUESTS[request.signal], request.body)
    except DecodeError:
        text = f"the body is no {request.signal} export request"
        raise BodyUndecodableError(text) from None
