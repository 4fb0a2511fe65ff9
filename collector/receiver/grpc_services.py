"""gRPC health v1 and server reflection v1 and v1alpha.

The packages that implement them want a `grpc.Server`; only their message classes are
used, and loaded on the first question.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Protocol

from collector.otlp.signals import SIGNALS

_HEALTH: Final = "/grpc.health.v1.Health/"
_REFLECTION: Final = (
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
_SERVICES: Final = ("", *(row.grpc_service for row in SIGNALS.values()))
_OK: Final = 0
_NOT_FOUND: Final = 5
_RESOURCE_EXHAUSTED: Final = 8
_UNAVAILABLE: Final = 14
# Watching calls at once; each holds a stream for as long as its client likes.
_WATCHERS: Final = 64
_WATCH_SECONDS: Final = 0.25


class GrpcCall(Protocol):
    """A call as a service sees it: messages in, messages and a status out."""

    def messages(self) -> AsyncIterator[bytes]:
        """Yield the request messages as they come."""
        ...

    async def send(self, message: bytes) -> None:
        """Send one response message."""
        ...

    def finish(self, code: int) -> None:
        """End the response with a gRPC status code."""
        ...


class GrpcServices:
    """Answers health and reflection calls; other paths are left to the caller."""

    def __init__(self, serving: Callable[[], bool]) -> None:
        self._serving = serving
        self._watchers = 0

    async def answer(self, path: str, call: GrpcCall) -> bool:
        """Answer a call to one of the services; False if `path` is none of them."""
        if path == f"{_HEALTH}Check":
            await self._check(call)
        elif path == f"{_HEALTH}Watch":
            await self._watch(call)
        elif path in _REFLECTION:
            await _reflect(call)
        else:
            return False
        return True

    async def _check(self, call: GrpcCall) -> None:
        from grpc_health.v1 import health_pb2  # noqa: PLC0415 - seldom asked

        messages = [message async for message in call.messages()]
        request = health_pb2.HealthCheckRequest.FromString(b"".join(messages[:1]))
        if request.service not in _SERVICES:
            call.finish(_NOT_FOUND)
            return
        response = health_pb2.HealthCheckResponse(status=self._state(request.service))
        await call.send(response.SerializeToString())
        call.finish(_OK)

    async def _watch(self, call: GrpcCall) -> None:
        """Send the state now and at each change; ends when the server drains."""
        if self._watchers >= _WATCHERS:
            call.finish(_RESOURCE_EXHAUSTED)
            return
        self._watchers += 1
        try:
            await self._send_changes(call)
        finally:
            self._watchers -= 1

    async def _send_changes(self, call: GrpcCall) -> None:
        from grpc_health.v1 import health_pb2  # noqa: PLC0415 - seldom asked

        question = await anext(call.messages(), b"")
        service = health_pb2.HealthCheckRequest.FromString(question).service
        states = health_pb2.HealthCheckResponse
        sent = None
        while True:
            state = self._state(service)
            if state != sent:
                await call.send(states(status=state).SerializeToString())
            if sent == states.SERVING and state == states.NOT_SERVING:
                break  # a drain must not wait for who only watches
            sent = state
            await asyncio.sleep(_WATCH_SECONDS)
        call.finish(_UNAVAILABLE)

    def _state(self, service: str) -> Any:  # noqa: ANN401 - an enum's value, not typed
        from grpc_health.v1 import health_pb2  # noqa: PLC0415 - seldom asked

        states = health_pb2.HealthCheckResponse
        if service not in _SERVICES:
            return states.SERVICE_UNKNOWN
        return states.SERVING if self._serving() else states.NOT_SERVING


async def _reflect(call: GrpcCall) -> None:
    from grpc_reflection.v1alpha import reflection_pb2  # noqa: PLC0415

    async for question in call.messages():
        request = reflection_pb2.ServerReflectionRequest.FromString(question)
        await call.send(_describe(request).SerializeToString())
    call.finish(_OK)


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
