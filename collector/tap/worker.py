"""The sampling process: reads tapped requests and hands them to the pipeline.

Started by `supervisor.py`: `python -m collector.tap.worker <data fd> <control fd>`. It
ends when asked to seal or when the relay exits; it never listens on a port.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from collector.metrics import families
from collector.otlp.signals import OtlpRequest
from collector.tap import protocol
from snaptrace.runtime.telemetry import set_up_logging

log = logging.getLogger(__name__)

# Nice of the sampling process: the relay's latency comes first where cores are scarce.
_NICENESS = 5
_SEAL_AFTER_RELAY_DIED_SECONDS = 20.0
_READ_BYTES = 1 << 18


class Pipeline(Protocol):
    """Interface of the pipeline: recognise, correlate, redact, sample, seal.

    `offer` may take as long as it needs: while it does, the relay's bounded queue
    fills. It must not raise for anything a request contains.
    """

    name: str

    @property
    def store_error(self) -> str:
        """Why the store is not writable, with the path; empty if it is writable."""
        ...

    def families(self) -> Iterable[families.Family]:
        """Return current metrics."""
        ...

    async def offer(self, request: OtlpRequest) -> None:
        """Process one request."""
        ...

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Run until `stop`: close windows, upload. See `lifecycle.Part`."""
        ...

    async def seal_and_close(self, deadline_seconds: float) -> None:
        """Seal open windows within this time; called once, before `stop`."""
        ...


Build = Callable[[dict[str, Any]], Pipeline]
_STATUS_SECONDS = 1.0


async def serve(
    data: socket.socket, control: socket.socket, build: Build | None = None
) -> int:
    """Serve one relay until it requests a seal or disconnects; return the exit code.

    `build` turns the merged configuration tree into a pipeline; None loads the real
    one from `collector.sampling.pipeline`.
    """
    data.settimeout(0)
    questions, answers = await asyncio.open_connection(sock=control)
    try:
        first = await protocol.read(questions)
        if first is None:
            return 0
        tree = msgspec.json.decode(first[1])
        try:
            pipeline = (build or _build_real)(tree)
        except Exception as error:  # noqa: BLE001 - said to the relay, then we end
            why = f"{type(error).__name__}: {error}"
            answers.write(protocol.pack(protocol.Tell("failed", why)))
            await answers.drain()
            return 1
        await _Sampler(pipeline, data, questions, answers).run()
        return 0
    finally:
        data.close()
        answers.close()


class _Sampler:
    """One pipeline between two sockets."""

    def __init__(
        self,
        pipeline: Pipeline,
        requests: socket.socket,
        questions: asyncio.StreamReader,
        answers: asyncio.StreamWriter,
    ) -> None:
        self._pipeline, self._requests = pipeline, requests
        self._questions, self._answers = questions, answers
        self._drained = asyncio.Event()  # every request that was sent has been taken

    async def run(self) -> None:
        stop = asyncio.Event()
        running = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pipeline.run(running.set, stop))
            await running.wait()
            reading = tasks.create_task(self._read_requests())
            reporting = tasks.create_task(self._report_status())
            self._answers.write(protocol.pack(protocol.Tell("ready")))
            deadline_seconds = await self._answer_questions()
            ends_at = asyncio.get_running_loop().time() + deadline_seconds
            try:
                async with asyncio.timeout(deadline_seconds / 2):
                    await self._drained.wait()
            except TimeoutError:
                log.warning("tapped requests discarded at the drain deadline")
            reading.cancel()
            reporting.cancel()
            left_seconds = ends_at - asyncio.get_running_loop().time()
            await self._pipeline.seal_and_close(left_seconds)
            stop.set()
        try:
            self._answers.write(protocol.pack(protocol.Tell("sealed")))
            await self._answers.drain()
        except ConnectionError:
            return  # the relay is gone; it is sealed all the same

    async def _read_requests(self) -> None:
        """Take requests until the relay is gone; many of them at each reading."""
        loop = asyncio.get_running_loop()
        cutter = protocol.MessageReader()
        try:
            while piece := await loop.sock_recv(self._requests, _READ_BYTES):
                for header, body in cutter.take(piece):
                    if isinstance(header, protocol.RequestHeader):
                        await self._pipeline.offer(protocol.request_of(header, body))
                # Reading buffered data never suspends: yield to the other tasks.
                await asyncio.sleep(0)
            if cutter.is_torn:
                log.warning("relay exited in the middle of a request")
        except (protocol.TornFrameError, ConnectionError) as error:
            log.warning("tapped requests unreadable", extra={"why": str(error)})
        finally:
            self._drained.set()

    async def _report_status(self) -> None:
        told: str | None = None
        while True:
            if (why := self._pipeline.store_error) != told:
                told = why
                self._answers.write(protocol.pack(protocol.Tell("status", why)))
            await asyncio.sleep(_STATUS_SECONDS)

    async def _answer_questions(self) -> float:
        """Answer until asked to seal; return the time allowed for it."""
        try:
            while (frame := await protocol.read(self._questions)) is not None:
                header, _ = frame
                if not isinstance(header, protocol.Ask):
                    continue
                if header.what == "seal":
                    return header.deadline_seconds
                if header.what == "metrics":
                    page = families.pack(self._pipeline.families())
                    self._answers.write(
                        protocol.pack(protocol.Tell("metrics"), page) + page
                    )
        except protocol.TornFrameError:
            pass
        return _SEAL_AFTER_RELAY_DIED_SECONDS


def _build_real(tree: dict[str, Any]) -> Pipeline:
    from collector.sampling.pipeline import build_pipeline  # noqa: PLC0415 - the child's alone

    pipeline: Pipeline = build_pipeline(tree)
    return pipeline


def main(arguments: list[str]) -> int:
    """Run the sampling process on two inherited file descriptors."""
    # The relay decides when to end; a signal to the group must not cut a seal short.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    data, control = (socket.socket(fileno=int(fd)) for fd in arguments[:2])
    set_up_logging()
    return asyncio.run(serve(data, control))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
