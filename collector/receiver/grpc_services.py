"""gRPC health v1 and server reflection v1 and v1alpha.

Written against the ASGI events, because the packages that implement them want a
`grpc.Server`; their message classes are used, and loaded on the first question.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from collector.otlp.signals import SIGNALS

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_HEALTH: Final = "/grpc.health.v1.Health/"
_REFLECTION: Final = (
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
_SERVICES: Final = ("", *(row.grpc_service for row in SIGNALS.values()))
_MAX_QUESTION_BYTES: Final = 64 * 1024
_NOT_FOUND: Final = 5
_RESOURCE_EXHAUSTED: Final = 8
_UNAVAILABLE: Final = 14
# Watching calls at once; each holds a stream for as long as its client likes.
_WATCHERS: Final = 64
_WATCH_SECONDS: Final = 0.25


class GrpcServices:
    """Answers health and reflection calls; other paths are left to the caller."""

    def __init__(self, serving: Callable[[], bool]) -> None:
        self._serving = serving
        self._watchers = 0

    async def answer(self, path: str, receive: Receive, send: Send) -> bool:
        """Answer a call to one of the services; False if `path` is none of them."""
        if path == f"{_HEALTH}Check":
            await self._check(receive, send)
        elif path == f"{_HEALTH}Watch":
            await self._watch(receive, send)
        elif path in _REFLECTION:
            await self._reflect(receive, send)
        else:
            return False
        return True

    async def _check(self, receive: Receive, send: Send) -> None:
        from grpc_health.v1 import health_pb2  # noqa: PLC0415 - seldom asked

        question = [message async for message in _messages(receive)]
        request = health_pb2.HealthCheckRequest.FromString(b"".join(question[:1]))
        if request.service not in _SERVICES:
            await _finish(send, _NOT_FOUND, started=False)
            return
        states = health_pb2.HealthCheckResponse
        state = states.SERVING if self._serving() else states.NOT_SERVING
        await _start(send)
        await _message(send, states(status=state).SerializeToString())
        await _finish(send, 0)

    async def _watch(self, receive: Receive, send: Send) -> None:
        """Tell the state now and at each change; ends once the server is leaving."""
        if self._watchers >= _WATCHERS:
            await _finish(send, _RESOURCE_EXHAUSTED, started=False)
            return
        self._watchers += 1
        try:
            await self._tell_changes(receive, send)
        finally:
            self._watchers -= 1

    async def _tell_changes(self, receive: Receive, send: Send) -> None:
        from grpc_health.v1 import health_pb2  # noqa: PLC0415 - seldom asked

        question = await anext(_messages(receive), b"")
        request = health_pb2.HealthCheckRequest.FromString(question)
        states = health_pb2.HealthCheckResponse
        told: int | None = None
        await _start(send)
        async with asyncio.TaskGroup() as tasks:
            cancelled = tasks.create_task(_gone(receive))
            while not cancelled.done():
                state = states.SERVING if self._serving() else states.NOT_SERVING
                if request.service not in _SERVICES:
                    state = states.SERVICE_UNKNOWN
                if state != told:
                    await _message(send, states(status=state).SerializeToString())
                if told == states.SERVING and state == states.NOT_SERVING:
                    # A drain must not wait for who only watches.
                    cancelled.cancel()
                    break
                told = state
                await asyncio.wait({cancelled}, timeout=_WATCH_SECONDS)
        await _finish(send, _UNAVAILABLE, started=True)

    async def _reflect(self, receive: Receive, send: Send) -> None:
        from grpc_reflection.v1alpha import reflection_pb2  # noqa: PLC0415

        await _start(send)
        async for question in _messages(receive):
            request = reflection_pb2.ServerReflectionRequest.FromString(question)
            await _message(send, _describe(request).SerializeToString())
        await _finish(send, 0)


def _describe(request: Any) -> Any:  # noqa: ANN401 - generated classes have no types
    """Answer one reflection question; v1 and v1alpha are alike on the wire."""
    from google.protobuf import descriptor_pb2, descriptor_pool  # noqa: PLC0415
    from grpc_reflection.v1alpha import reflection_pb2  # noqa: PLC0415

    import collector.otlp.messages  # noqa: F401, PLC0415 - fills the pool

    response = reflection_pb2.ServerReflectionResponse(original_request=request)
    kind = request.WhichOneof("message_request")
    if kind == "list_services":
        for name in ("grpc.health.v1.Health", *_SERVICES[1:]):
            response.list_services_response.service.add(name=name)
        return response
    pool = descriptor_pool.Default()
    try:
        if kind == "file_by_filename":
            file = pool.FindFileByName(request.file_by_filename)
        else:
            file = pool.FindFileContainingSymbol(request.file_containing_symbol)
    except KeyError:
        response.error_response.error_code = _NOT_FOUND
        response.error_response.error_message = "not known here"
        return response
    for found in _with_dependencies(file):
        description = descriptor_pb2.FileDescriptorProto()
        found.CopyToProto(description)
        described = response.file_descriptor_response.file_descriptor_proto
        described.append(description.SerializeToString())
    return response


def _with_dependencies(file: Any) -> list[Any]:  # noqa: ANN401 - not typed there
    found = {file.name: file}
    open_files = [file]
    while open_files:
        for dependency in open_files.pop().dependencies:
            if dependency.name not in found:
                found[dependency.name] = dependency
                open_files.append(dependency)
    return list(found.values())


async def _messages(receive: Receive) -> Any:  # noqa: ANN401 - an async generator
    """Yield the messages of a call as they come; stops at one that is too long."""
    data = b""
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        data += event.get("body", b"")
        more = event.get("more_body", False)
        while len(data) >= 5:
            size = int.from_bytes(data[1:5], "big")
            if size > _MAX_QUESTION_BYTES or data[0]:
                return
            if len(data) < size + 5:
                break
            yield data[5 : size + 5]
            data = data[size + 5 :]


async def _gone(receive: Receive) -> None:
    """Return once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(send: Send) -> None:
    headers = [(b"content-type", b"application/grpc")]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    await send({**start, "trailers": True})


async def _message(send: Send, message: bytes) -> None:
    framed = b"\0" + len(message).to_bytes(4, "big") + message
    await send({"type": "http.response.body", "body": framed, "more_body": True})


async def _finish(send: Send, code: int, *, started: bool = True) -> None:
    if not started:
        await _start(send)
    await send({"type": "http.response.body", "body": b""})
    headers = [(b"grpc-status", str(code).encode())]
    await send({"type": "http.response.trailers", "headers": headers})
