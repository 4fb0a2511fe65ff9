"""Forwards a request and returns the response; the tap receives a copy afterwards."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from collector.errors import BodyUndecodableError
from collector.exporter.contract import Upstream
from collector.exporter.conversion import Conversions
from collector.exporter.endpoints import UpstreamEndpoint
from collector.otlp.export_result import (
    INVALID_ARGUMENT,
    ExportResult,
    is_retryable,
    refusal,
)
from collector.otlp.signals import Encoding, OtlpRequest

_HOP_HEADER: Final = "x-snaptrace-hop"


class Relay:
    """Forwards requests; the response is the upstream's.

    Where the client's encoding and the upstream's are the same nothing is parsed.
    The tap is offered a request once its answer stands, and not when the client is
    going to send it again: a sample of what was delivered, at no cost in latency.
    """

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        endpoints: Mapping[str, UpstreamEndpoint],
        offer: Callable[[OtlpRequest], object],
        instance: str,
    ) -> None:
        self._upstreams, self._endpoints = dict(upstreams), dict(endpoints)
        self._offer = offer
        self._terminal = all(e.protocol == "none" for e in endpoints.values())
        self._conversions = Conversions()
        self._hop = {_HOP_HEADER: instance}

    async def handle(
        self, request: OtlpRequest, timeout_seconds: float | None
    ) -> ExportResult:
        """Answer one request; see `collector.receiver.contract.Handle`."""
        endpoint = self._endpoints[request.signal]
        limit = endpoint.timeout_seconds
        if timeout_seconds is not None and timeout_seconds < limit:
            limit = timeout_seconds
        sent = request
        if not self._terminal:
            encoding = _encoding_of(endpoint, request.encoding)
            body = request.body
            if encoding != request.encoding:
                try:
                    body = await self._converted(request, encoding)
                except BodyUndecodableError as error:
                    return refusal(INVALID_ARGUMENT, error.why)
            sent = msgspec.structs.replace(
                request,
                encoding=encoding,
                body=body,
                headers=self._with_hop(request.headers),
            )
        answer = await self._upstreams[request.signal].send(sent, limit)
        if answer.code == 0 and answer.encoding != request.encoding:
            answer = _convert_answer(answer, request)
        elif answer.code and answer.body and answer.encoding != request.encoding:
            # A refusal's code and text go on; its body is in the wrong language.
            answer = msgspec.structs.replace(answer, body=b"")
        if answer.code == 0 or not is_retryable(answer):
            self._offer(request)
        return answer

    async def _converted(self, request: OtlpRequest, encoding: Encoding) -> bytes:
        from collector.otlp import transcode  # noqa: PLC0415 - see messages.py

        to_protobuf = encoding == "protobuf"
        convert = transcode.to_protobuf if to_protobuf else transcode.to_json
        return await self._conversions.run(convert, request)

    def _with_hop(self, headers: dict[str, str]) -> dict[str, str]:
        if not headers:
            return self._hop
        hops = headers.get(_HOP_HEADER)
        own = self._hop[_HOP_HEADER]
        return {**headers, _HOP_HEADER: f"{hops},{own}" if hops else own}


def _encoding_of(endpoint: UpstreamEndpoint, received: Encoding) -> Encoding:
    if endpoint.protocol == "grpc":
        return "protobuf"
    return endpoint.encoding or received


def _convert_answer(answer: ExportResult, request: OtlpRequest) -> ExportResult:
    """Turn a success into the client's encoding; partial success stays partial."""
    from collector.otlp import transcode  # noqa: PLC0415 - see messages.py

    if request.encoding == "json":
        body = transcode.response_to_json(answer.body, request.signal)
    else:
        body = transcode.response_to_protobuf(answer.body, request.signal)
    return ExportResult(body=body, encoding=request.encoding)
