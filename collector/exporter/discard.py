"""Discarding upstream: accepts every readable request, as a fan-out target."""

import asyncio

from collector.errors import BodyUndecodableError
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

    async def send(
        self,
        request: OtlpRequest,
        timeout_seconds: float,  # noqa: ARG002 - nothing is waited for
    ) -> ExportResult:
        """Validate the body against its signal's message and answer."""
        if request.body:
            try:
                check(request)
            except BodyUndecodableError as error:
                return refusal(INVALID_ARGUMENT, error.why)
            await asyncio.sleep(0)
        return ACCEPTED if request.encoding == "protobuf" else ACCEPTED_JSON

    async def close(self) -> None:
        """No resources to release."""


def check(request: OtlpRequest) -> None:
    """Decode a body and discard it.

    Raises:
        BodyUndecodableError: it is not a message of its signal.
    """
    if request.encoding == "json":
        from collector.otlp.transcode import to_message  # noqa: PLC0415 - messages.py

        to_message(request.body, request.signal)
        return
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - see messages.py

    from collector.otlp import protobuf_reader  # noqa: PLC0415
    from collector.otlp.messages import REQUESTS  # noqa: PLC0415

    try:
        protobuf_reader.check(REQUESTS[request.signal], request.body)
    except DecodeError:
        text = f"the body is no {request.signal} export request"
        raise BodyUndecodableError(text) from None
