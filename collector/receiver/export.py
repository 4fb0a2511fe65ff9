"""State of one incoming export request, common to gRPC and HTTP.

On the hot path; written for few Python steps.
"""

import asyncio
from typing import ClassVar, Final

import msgspec

from collector.otlp.export_result import ExportResult
from collector.otlp.signals import Encoding, OtlpRequest
from collector.receiver.admission import Reservation
from collector.receiver.policy import ReceiverPolicy, RefusedError

# Pieces below this are put together as they come: each object costs as much again.
_SMALL_PIECE_BYTES: Final = 4096


class Export:
    """Collects a body, forwards it, and sends the result to the client."""

    __slots__ = (
        "_pieces",
        "_started_seconds",
        "_task",
        "passed",
        "reception",
        "reserved",
        "signal",
    )
    protocol: ClassVar[str]

    def __init__(
        self, reception: ReceiverPolicy, signal: str, passed: dict[str, str]
    ) -> None:
        """`passed` are the headers that go upstream."""
        self.reception, self.signal, self.passed = reception, signal, passed
        self.reserved = Reservation(reception.admission)
        self._started_seconds = reception.clock.monotonic_seconds()
        self._pieces: list[bytes | bytearray] = []
        self._task: asyncio.Task[None] | None = None

    def answer(self, answer: ExportResult) -> None:
        """Send the export result to the client."""
        raise NotImplementedError

    def refused(self, error: RefusedError) -> None:
        """Send a refusal to the client."""
        self.answer(error.answer)

    def check_timeouts(self, now_seconds: float) -> None:
        """Abort a body that exceeds the read timeout."""
        if self._task is None:
            seconds = now_seconds - self._started_seconds
            if seconds > self.reception.limits.read:
                self.refuse(self.reception.too_slow())

    def cancelled(self) -> None:
        """Stop: the client has disconnected."""
        if self._task is not None:
            self._task.cancel()
        self.reserved.release()

    def keep(self, piece: bytes) -> None:
        """Append a piece of the body; its memory is already reserved."""
        pieces = self._pieces
        if len(piece) >= _SMALL_PIECE_BYTES:
            pieces.append(piece)
        elif pieces and isinstance(pieces[-1], bytearray):
            pieces[-1] += piece
        elif piece:
            pieces.append(bytearray(piece))

    def whole(self, last: bytes) -> bytes:
        """Return the collected body including the last piece."""
        if not self._pieces:
            return last
        pieces, self._pieces = self._pieces, []
        pieces.append(last)
        return b"".join(pieces)

    def pass_on(
        self,
        body: bytes,
        encoding: Encoding,
        timeout_seconds: float | None,
        coding: str = "",
    ) -> None:
        """Forward a complete body; the client is answered with the result.

        `coding` is the compression to undo first; empty: none.
        """
        request = OtlpRequest(
            signal=self.signal,
            encoding=encoding,
            body=body,
            received_at_ns=self.reception.clock.now_ns(),
            headers=self.passed,
        )
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(
            self._expand_and_pass_on(request, timeout_seconds, coding)
            if coding
            else self._pass_on(request, timeout_seconds)
        )

    def refuse(self, error: RefusedError) -> None:
        """Answer without forwarding."""
        self.reserved.release()
        self._pieces = []
        self.reception.metrics.count_refusal(
            self.signal, self.protocol, error.answer.code, error.reason
        )
        self.refused(error)

    async def _expand_and_pass_on(
        self, request: OtlpRequest, timeout_seconds: float | None, coding: str
    ) -> None:
        try:
            body = await self.reception.expand(request.body, coding, self.reserved)
        except RefusedError as error:
            self.refuse(error)
            return
        except asyncio.CancelledError:
            self.reserved.release()
            raise
        await self._pass_on(
            msgspec.structs.replace(request, body=body), timeout_seconds
        )

    async def _pass_on(
        self, request: OtlpRequest, timeout_seconds: float | None
    ) -> None:
        try:
            answer = await self.reception.pass_on(
                request, timeout_seconds, self.protocol
            )
        finally:
            self.reserved.release()
        self.answer(answer)
