"""Supervisor of the sampling process; forwarding never depends on it.

Started with one socket pair for requests and one for control. When it dies it is
started again, later each time; while it is away the tap's queue fills and then drops.
When the relay dies, the child reads the end of its sockets, seals and leaves.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from collector.errors import TapUnavailableError
from collector.metrics.families import Family, unpack
from collector.metrics.relay import RelayMetrics
from collector.tap import protocol
from collector.tap.queue import Tap
from snaptrace.runtime.backoff import Backoff
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait

log = logging.getLogger(__name__)

_RESTART: Final = Backoff(0.5, 30.0)
# A child that ran this long starts with a short backoff again.
_HEALTHY_SECONDS: Final = 60.0
_METRICS_SECONDS: Final = 1.0
# Kept of the drain for stopping the child and closing what is behind us.
_RESERVE_SECONDS: Final = 2.0
COMMAND: Final = (sys.executable, "-m", "collector.tap.worker")


class Supervisor:
    """Part of the relay that manages the child's lifecycle and metrics."""

    name = "tap"

    def __init__(
        self,
        tap: Tap,
        metrics: RelayMetrics,
        clock: Clock,
        configuration: Mapping[str, Any],
        *,
        stopping: asyncio.Event,
        drain_seconds: float,
        strict: bool = False,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._tap, self._metrics, self._clock = tap, metrics, clock
        self._configuration = msgspec.json.encode(configuration)
        self._stopping, self._drain_seconds = stopping, drain_seconds
        self._strict, self._command = strict, tuple(command)
        self._control: asyncio.StreamWriter | None = None
        self._page: asyncio.Future[bytes] | None = None
        self._sealed = asyncio.Event()
        self._up = asyncio.Event()
        self._why_not = "starting"
        self._last_logged = ""
        self._reported: tuple[Family, ...] = ()  # by the child, in its last answer

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Keep a child running until `stop`, then let it seal.

        Sealing starts as soon as the program is stopping, while requests in flight
        are still being answered.

        Raises:
            TapUnavailableError: strict, and the child died or cannot write.
        """
        if not self._strict:
            ready()
        failures = 0
        while not self._stopping.is_set():
            started = self._clock.monotonic_seconds()
            await self._one_life(ready)
            if self._strict and self._why_not:
                raise TapUnavailableError(self._why_not)
            if self._stopping.is_set():
                break
            if self._clock.monotonic_seconds() - started > _HEALTHY_SECONDS:
                failures = 0
            failures += 1
            await wait(self._stopping, _RESTART.seconds(failures))
            if not self._stopping.is_set():
                self._metrics.tap_restarts.inc()
        self._tap.close()
        await stop.wait()

    @property
    def why_not_up(self) -> str:
        """Reason why sampling is not running; empty if it is."""
        return self._why_not

    def families(self) -> tuple[Family, ...]:
        """Return the child's metrics as of `refresh`; none if it does not respond."""
        return self._reported

    async def refresh(self) -> None:
        """Fetch the child's metrics, with a timeout."""
        control = self._control
        if control is None or not self._up.is_set():
            self._reported = ()
            self._metrics.tap_up.set(0)
            return
        if self._page is None:
            self._page = asyncio.get_running_loop().create_future()
            control.write(protocol.pack(protocol.Ask("metrics")))
        try:
            async with asyncio.timeout(_METRICS_SECONDS):
                self._reported = unpack(await asyncio.shield(self._page))
            self._metrics.tap_up.set(1)
        except (TimeoutError, ConnectionError):
            self._reported = ()
            self._metrics.tap_up.set(0)

    async def _one_life(self, ready: Callable[[], None]) -> None:
        """Start a child and stay with it to its end."""
        data, child_data = socket.socketpair()
        control, child_control = socket.socketpair()
        data.settimeout(0)
        fds = (child_data.fileno(), child_control.fileno())
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *map(str, fds),
                pass_fds=fds,
                stdin=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            self._note(f"cannot be started: {error.strerror}")
            for end in (data, control):
                end.close()
            return
        finally:
            child_data.close()
            child_control.close()
        reader, writer = await asyncio.open_connection(sock=control)
        self._control = writer
        configure = protocol.pack(protocol.Ask("configure"), self._configuration)
        writer.write(configure + self._configuration)
        self._tap.connect(data)
        try:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._listen(process, reader, ready))
                sealing = tasks.create_task(self._seal_when_stopping(process, writer))
                await process.wait()
                sealing.cancel()
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(listening), 1.0)
                listening.cancel()
        finally:
            self._tap.disconnect()
            self._control = None
            self._up.clear()
            self._metrics.tap_up.set(0)
            self._metrics.store_writable.set(0)
            if self._page is not None and not self._page.done():
                self._page.set_exception(ConnectionError())
                self._page.exception()  # mark as retrieved: it may have no waiter
            self._page = None
            writer.close()
            if process.returncode is None:
                process.kill()
                await process.wait()
        if not self._sealed.is_set():
            cause = "" if self._why_not in ("", "starting") else self._why_not
            self._note(cause or f"ended with status {process.returncode}")

    async def _listen(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        ready: Callable[[], None],
    ) -> None:
        try:
            while (frame := await protocol.read(reader)) is not None:
                header, body = frame
                if not isinstance(header, protocol.Tell):
                    continue
                if header.what == "metrics":
                    self._take_page(body)
                elif header.what == "sealed":
                    self._sealed.set()
                elif header.what == "ready":
                    self._up.set()
                    self._metrics.tap_up.set(1)
                else:  # status or failed
                    self._take_status(header, process, ready)
        except protocol.TornFrameError:
            return

    def _take_page(self, body: bytes) -> None:
        page, self._page = self._page, None
        if page is not None and not page.done():
            page.set_result(body)

    def _take_status(
        self,
        header: protocol.Tell,
        process: asyncio.subprocess.Process,
        ready: Callable[[], None],
    ) -> None:
        if header.what == "status":
            self._metrics.store_writable.set(0 if header.why else 1)
        self._note(header.why)
        if not header.why:
            ready()
        elif self._strict:
            process.kill()

    async def _seal_when_stopping(
        self, process: asyncio.subprocess.Process, writer: asyncio.StreamWriter
    ) -> None:
        """Ask the child to seal and leave; end it by force at the deadline."""
        await self._stopping.wait()
        self._tap.close()
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + max(1.0, self._drain_seconds - _RESERVE_SECONDS)
        # What is queued goes first, for at most a third of the time.
        with suppress(TimeoutError):
            async with asyncio.timeout((ends_at - loop.time()) / 3):
                await self._tap.emptied.wait()
        self._tap.disconnect()
        writer.write(protocol.pack(protocol.Ask("seal", ends_at - loop.time())))
        await asyncio.sleep(ends_at - loop.time() + _RESERVE_SECONDS / 2)
        log.error("sampling process did not seal before the deadline")
        process.kill()

    def _note(self, why: str) -> None:
        """Remember the state; one log line when it changes."""
        self._why_not = why
        if why == self._last_logged:
            return
        self._last_logged = why
        if why:
            log.warning(
                "sampling unavailable; forwarding continues", extra={"why": why}
            )
        else:
            log.info("sampling recovered")
