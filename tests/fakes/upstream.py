"""An OTLP upstream that does what a test tells it, over gRPC and over HTTP.

It keeps every body it accepted, so that a test can compare bytes. `behave` decides
per request; the default accepts. The contract suite of upstreams runs against it.
"""

import asyncio
from collections.abc import Callable
from typing import Self

import grpc
import grpc.aio
from aiohttp import web

from collector.otlp.export_result import (
    ExportResult,
    http_body,
    http_retry_after,
    http_status,
)
from collector.receiver.policy import SIGNAL_BY_METHOD, SIGNAL_BY_PATH

CODES = {code.value[0]: code for code in grpc.StatusCode}
HANG = ExportResult(code=-1)  # never answers
BREAK = ExportResult(code=-2)  # HTTP only: closes the connection without an answer

Behave = Callable[[str, bytes, dict[str, str]], ExportResult]


def accept(_signal: str, _body: bytes, _headers: dict[str, str]) -> ExportResult:
    """Accept whatever comes."""
    return ExportResult()


class FakeUpstream:
    """Both protocols on free loopback ports; use as an async context manager."""

    def __init__(self, behave: Behave = accept) -> None:
        self.behave = behave
        self.accepted: list[tuple[str, bytes]] = []
        self.calls: list[tuple[str, bytes, dict[str, str]]] = []
        self.waiting = 0  # calls that hang now
        self.grpc = self.http = ""

    async def __aenter__(self) -> Self:
        self._server = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", -1),
                ("grpc.so_reuseport", 0),
            )
        )
        self._server.add_generic_rpc_handlers((self._handlers(),))
        self.grpc = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()
        application = web.Application(client_max_size=2**30)
        for path in SIGNAL_BY_PATH:
            application.router.add_post(path, self._http)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=0, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.http = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(0)
        await self._runner.cleanup()

    async def _answer(
        self, signal: str, body: bytes, headers: dict[str, str]
    ) -> ExportResult:
        self.calls.append((signal, body, headers))
        answer = self.behave(signal, body, headers)
        if answer == HANG:
            self.waiting += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.waiting -= 1
        if answer.code == 0:
            self.accepted.append((signal, body))
        return answer

    def _handlers(self) -> grpc.GenericRpcHandler:
        upstream = self

        def make(signal: str):
            async def export(body: bytes, context) -> bytes:
                headers = dict(context.invocation_metadata())
                answer = await upstream._answer(signal, body, headers)
                if answer.code == 0:
                    return answer.body
                trailers = ()
                if answer.details:
                    trailers = (("grpc-status-details-bin", answer.details),)
                await context.abort(CODES[answer.code], answer.message, trailers)
                raise AssertionError

            return export

        methods = {
            method: grpc.unary_unary_rpc_method_handler(make(signal))
            for method, signal in SIGNAL_BY_METHOD.items()
        }

        class Handlers(grpc.GenericRpcHandler):
            def service(self, call):
                return methods.get(call.method)

        return Handlers()

    async def _http(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        signal = SIGNAL_BY_PATH[request.path]
        answer = await self._answer(signal, body, headers)
        if answer == BREAK:
            request.transport.abort()
            return web.Response()
        is_json = "json" in headers["content-type"]
        content, media_type = http_body(answer, "json" if is_json else "protobuf")
        response_headers = {"Content-Type": media_type}
        if retry_after := http_retry_after(answer):
            response_headers["Retry-After"] = retry_after
        return web.Response(
            status=http_status(answer), body=content, headers=response_headers
        )
