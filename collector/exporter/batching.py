"""Batches small requests while an upstream is busy.

Protobuf messages concatenate: the bytes of several export requests in a row are one
export request with all their resources. That is safe only for bodies that are nothing
but whole top-level frames of field 1, which is checked here for each; a damaged body
would otherwise swallow the head of its neighbour. What is inside a frame cannot reach
beyond it. Profiles are never joined: they index into a message-wide dictionary.

If a batch is refused permanently, its members are sent one by one, so that no request
fails because of another. Members share one signal and have equal headers.
"""

import asyncio
from typing import Final

import msgspec
from msgspec import Struct

from collector.config.relay import JoinConfig
from collector.exporter.contract import Upstream
from collector.metrics.relay import RelayMetrics
from collector.otlp.export_result import ExportResult, is_retryable, read_varint
from collector.otlp.signals import OtlpRequest
from snaptrace.runtime.clock import Clock

_JOINABLE_SIGNALS: Final = frozenset(("traces", "metrics", "logs"))
_MAX_LANES: Final = 1024
_MAX_MEMBERS: Final = 512
# Members of a refused call that are sent again at the same time.
_RESEND_AT_ONCE: Final = 16


def is_whole(body: bytes) -> bool:
    """Whether a body consists only of complete frames of field 1."""
    at, end = 0, len(body)
    while at < end:
        if body[at] != 0x0A:
            return False
        length, at = read_varint(body, at + 1)
        if at < 0:
            return False
        at += length
    return at == end


class _Member(Struct, eq=False):
    request: OtlpRequest
    timeout_seconds: float
    answer: asyncio.Future[ExportResult]


class _Group(Struct, eq=False):
    """Requests collected for one batch, until it is sent."""

    members: list[_Member] = []
    size_bytes: int = 0
    waiting: int = 0  # members whose client is still there
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None


class _Lane(Struct, eq=False):
    """Requests in progress for one signal and one set of headers."""

    in_flight: int = 0
    group: _Group | None = None
    paused_until: float = 0.0


class BatchingUpstream:
    """Upstream with batching; without a task group it only forwards."""

    def __init__(
        self,
        inner: Upstream,
        config: JoinConfig,
        metrics: RelayMetrics,
        clock: Clock,
    ) -> None:
        self._inner, self._config = inner, config
        self._metrics, self._clock = metrics, clock
        self._lanes: dict[tuple[object, ...], _Lane] = {}
        self._tasks: asyncio.TaskGroup | None = None

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Set the task group for batched calls, which outlive any single client."""
        self._tasks = tasks

    async def close(self) -> None:
        """Close the wrapped upstream."""
        self._tasks = None
        await self._inner.close()

    async def send(self, request: OtlpRequest, timeout_seconds: float) -> ExportResult:
        """Send immediately if the upstream is idle, else batch; see `Upstream`."""
        key = (request.signal, *request.headers.items())
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= _MAX_LANES:
                self._sweep()
            if len(self._lanes) >= _MAX_LANES or self._tasks is None:
                return await self._inner.send(request, timeout_seconds)
            lane = self._lanes[key] = _Lane()
        if lane.in_flight < self._config.busy_calls or not self._may_join(
            lane, request
        ):
            lane.in_flight += 1
            try:
                return await self._inner.send(request, timeout_seconds)
            finally:
                self._one_done(key, lane)
        return await self._wait_in_group(key, lane, request, timeout_seconds)

    def _sweep(self) -> None:
        """Forget lanes that are idle and whose pause is over."""
        now = self._clock.monotonic_seconds()
        idle = [k for k, v in self._lanes.items() if not v.in_flight]
        for key in idle:
            if self._lanes[key].paused_until <= now:
                del self._lanes[key]

    def _may_join(self, lane: _Lane, request: OtlpRequest) -> bool:
        return (
            len(request.body) <= self._config.member
            and request.signal in _JOINABLE_SIGNALS
            and request.encoding == "protobuf"
            and self._tasks is not None
            and lane.paused_until <= self._clock.monotonic_seconds()
            and is_whole(request.body)
        )

    async def _wait_in_group(
        self,
        key: tuple[object, ...],
        lane: _Lane,
        request: OtlpRequest,
        timeout_seconds: float,
    ) -> ExportResult:
        loop = asyncio.get_running_loop()
        group = lane.group
        if group is None:
            group = lane.group = _Group(members=[])
            group.timer = loop.call_later(self._config.wait, self._flush, key, lane)
        member = _Member(request, timeout_seconds, loop.create_future())
        group.members.append(member)
        group.size_bytes += len(request.body)
        group.waiting += 1
        if group.size_bytes >= self._config.total or len(group.members) >= _MAX_MEMBERS:
            self._flush(key, lane)
        try:
            return await member.answer
        finally:
            group.waiting -= 1
            if group.waiting == 0 and group.task is not None:
                group.task.cancel()  # no caller still waits for the result

    def _flush(self, key: tuple[object, ...], lane: _Lane) -> None:
        """Send what waits, if anything does."""
        group, lane.group = lane.group, None
        if group is None:
            return
        if group.timer is not None:
            group.timer.cancel()
        lane.in_flight += 1
        assert self._tasks is not None
        group.task = self._tasks.create_task(self._send_group(key, lane, group))

    def _one_done(self, key: tuple[object, ...], lane: _Lane) -> None:
        lane.in_flight -= 1
        if lane.group is not None:
            if lane.in_flight < self._config.busy_calls:
                self._flush(key, lane)
        elif (
            lane.in_flight == 0 and lane.paused_until <= self._clock.monotonic_seconds()
        ):
            self._lanes.pop(key, None)

    async def _send_group(
        self, key: tuple[object, ...], lane: _Lane, group: _Group
    ) -> None:
        members = [m for m in group.members if not m.answer.done()]
        try:
            if len(members) == 1:
                only = members[0]
                answer = await self._inner.send(only.request, only.timeout_seconds)
                _tell(only, answer)
            elif members:
                await self._send_joined(lane, members)
        finally:
            for member in members:
                if not member.answer.done():  # cancelled on the way out
                    member.answer.cancel()
            self._one_done(key, lane)

    async def _send_joined(self, lane: _Lane, members: list[_Member]) -> None:
        first = members[0].request
        self._metrics.joined_calls.labels(first.signal).inc()
        self._metrics.joined.labels(first.signal).inc(len(members))
        body = b"".join([m.request.body for m in members])
        timeout_seconds = max(m.timeout_seconds for m in members)
        joined = msgspec.structs.replace(first, body=body)
        answer = await self._inner.send(joined, timeout_seconds)
        if answer.code == 0:
            rejected, shared = _shared_success(answer, first.signal)
            if rejected:
                self._pause(lane)
            for member in members:
                _tell(member, shared)
        elif is_retryable(answer):
            for member in members:
                _tell(member, answer)
        else:
            self._pause(lane)
            self._metrics.join_splits.labels(first.signal).inc()
            await self._send_apart(members)

    def _pause(self, lane: _Lane) -> None:
        lane.paused_until = self._clock.monotonic_seconds() + self._config.pause

    async def _send_apart(self, members: list[_Member]) -> None:
        turn = asyncio.Semaphore(_RESEND_AT_ONCE)

        async def send(member: _Member) -> None:
            async with turn:
                if not member.answer.done():
                    seconds = member.timeout_seconds
                    _tell(member, await self._inner.send(member.request, seconds))

        async with asyncio.TaskGroup() as resends:
            for member in members:
                resends.create_task(send(member))


def _tell(member: _Member, answer: ExportResult) -> None:
    if not member.answer.done():
        member.answer.set_result(answer)


def _shared_success(answer: ExportResult, signal: str) -> tuple[bool, ExportResult]:
    """Return whether anything was rejected, and the result for each member.

    The rejected items cannot be attributed: each member gets the upstream's message
    with count 0, which OTLP defines as a warning, so no member gets a wrong count.
    """
    if not answer.body:
        return False, answer
    body = answer.body
    if answer.encoding == "json":
        from collector.otlp import transcode  # noqa: PLC0415 - see messages.py

        body = transcode.response_to_protobuf(body, signal)
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    from collector.otlp.messages import RESPONSES  # noqa: PLC0415

    try:
        response = RESPONSES[signal].FromString(body)
    except DecodeError:  # the upstream's own; each client reads it as it may
        return False, answer
    partial = response.partial_success
    rejected = next(
        (f.name for f in partial.DESCRIPTOR.fields if f.name.startswith("rejected_")),
        "",
    )
    if not getattr(partial, rejected):
        return False, answer
    partial.ClearField(rejected)
    body = response.SerializeToString()
    return True, msgspec.structs.replace(
        answer, body=body, encoding="protobuf", content_type=""
    )
