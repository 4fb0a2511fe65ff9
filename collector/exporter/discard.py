"""No upstream: every readable request is accepted, as a fan-out target does."""

import asyncio

import msgspec

from collector.errors import BodyUndecodableError
from collector.otlp.export_result import (
    ACCEPTED,
    ACCEPTED_JSON,
    INVALID_ARGUMENT,
    Answer,
    refusal,
)
from collector.otlp.signals import OtlpRequest


class Terminal:
    """Accepts what can be decoded; INVALID_ARGUMENT for what cannot."""

    async def send(
        self,
        request: OtlpRequest,
        timeout_seconds: float,  # noqa: ARG002 - nothing is waited for
    ) -> Answer:
        """Check the body against its signal's message and answer."""
        if request.body:
            try:
                check(request)
            except BodyUndecodableError as error:
                return refusal(INVALID_ARGUMENT, error.why)
            await asyncio.sleep(0)
        return ACCEPTED if request.encoding == "protobuf" else ACCEPTED_JSON

    async def close(self) -> None:
        """Nothing to give up."""


def check(request: OtlpRequest) -> None:
    """Decode a body and forget it.

    Raises:
        BodyUndecodableError: it is not a message of its signal.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - see messages.py

    from collector.otlp.messages import REQUESTS  # noqa: PLC0415

    if request.encoding == "protobuf":
        try:
            REQUESTS[request.signal].FromString(request.body)
        except DecodeError:
            text = f"the body is no {request.signal} export request"
            raise BodyUndecodableError(text) from None
        return
    try:
        tree = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BodyUndecodableError("the body is no JSON") from None
    from collector.otlp.transcode import to_message  # noqa: PLC0415

    to_message(tree, request.signal)
