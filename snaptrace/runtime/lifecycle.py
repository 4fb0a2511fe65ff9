"""Ordered startup and shutdown of a program's parts, with a drain deadline."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from typing import Protocol

log = logging.getLogger(__name__)

_LAST_TURN_SECONDS = 0.05


class Part(Protocol):
    """A named component of a program that runs until it is stopped."""

    name: str

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Call `ready` once when serving; return soon after `stop` is set.

        A part that raises ends the program: its siblings are stopped in order.
        """
        ...


def stop_on_signals() -> asyncio.Event:
    """Return an event set by SIGTERM or SIGINT; a second one is left to Python."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        log.info("stopping", extra={"signal": number.name})
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    return stop


def reload_on_hangup(stop: asyncio.Event | None = None) -> asyncio.Event:
    """Return an event set by each SIGHUP; the consumer clears it.

    With `stop`: a SIGHUP because the terminal was closed sets that instead. Under
    `nohup`, which ignores the signal, it stays ignored.
    """
    reload = asyncio.Event()
    terminals = [fd for fd in (0, 1, 2) if os.isatty(fd)]

    def on_hangup() -> None:
        # A terminal that was hung up answers no more.
        if stop is not None and terminals and not any(map(os.isatty, terminals)):
            stop.set()
        else:
            reload.set()

    if stop is None or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)
    return reload


class PartLateError(TimeoutError):
    """Parts did not stop before the drain deadline; `parts` names them."""

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__(f"still running at the deadline: {', '.join(parts)}")
        self.parts = tuple(parts)


async def run_parts(
    parts: Sequence[Part],
    stop: asyncio.Event,
    *,
    drain_seconds: float,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Run `parts` until `stop`; start sinks first, stop sources first.

    `parts` are listed from source to sink. A part is started once those behind it are
    ready, and stopped once those before it have ended. When one fails, `stop` is set:
    a sibling may watch it to begin its drain early.

    Raises:
        PartLateError: not all ended within `drain_seconds` after `stop`.
        ExceptionGroup: a part failed; the others were stopped first.
    """
    stops = {part.name: asyncio.Event() for part in parts}
    tasks: dict[str, asyncio.Task[None]] = {}
    failed = asyncio.Event()
    errors: list[Exception] = []

    async def guarded(part: Part, ready: asyncio.Event) -> None:
        # Kept and raised after the drain: a failing part must not cut its siblings
        # off in the middle of a write.
        try:
            await part.run(ready.set, stops[part.name])
        except Exception as error:  # noqa: BLE001 - raised again below
            errors.append(error)
        finally:
            if not stops[part.name].is_set():
                failed.set()
            ready.set()

    async with asyncio.TaskGroup() as group:
        for part in reversed(parts):
            ready = asyncio.Event()
            tasks[part.name] = group.create_task(guarded(part, ready), name=part.name)
            await ready.wait()
            if failed.is_set():
                break
        if not failed.is_set():
            on_ready()
            await _first_of(group, stop, failed)
        if failed.is_set():
            stop.set()
        late = await _drain(parts, tasks, stops, drain_seconds)
        for name in late:
            tasks[name].cancel()
    _raise(errors, late)


def _raise(errors: list[Exception], late: list[str]) -> None:
    """Raise why the parts ended: who is late may only follow from what failed."""
    lateness = [PartLateError(late)] if late else []
    if errors:
        raise ExceptionGroup("a part failed", [*errors, *lateness])
    if lateness:
        raise lateness[0]


async def _first_of(group: asyncio.TaskGroup, *events: asyncio.Event) -> None:
    waits = [group.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _drain(
    parts: Sequence[Part],
    tasks: dict[str, asyncio.Task[None]],
    stops: dict[str, asyncio.Event],
    drain_seconds: float,
) -> list[str]:
    """Stop in order; return the names of those still running at the deadline."""
    deadline = asyncio.get_running_loop().time() + drain_seconds
    for part in parts:
        if (task := tasks.get(part.name)) is None:
            continue
        stops[part.name].set()
        left = deadline - asyncio.get_running_loop().time()
        # One late part must not take the last turn from those behind it.
        await asyncio.wait([task], timeout=max(left, _LAST_TURN_SECONDS))
    late = [name for name, task in tasks.items() if not task.done()]
    if late:
        log.error(
            "components did not stop before the drain deadline",
            extra={"parts": ",".join(late)},
        )
    return late


def log_causes(group: BaseExceptionGroup[BaseException], into: logging.Logger) -> None:
    """Log one line for every error that ended a program, nested ones included."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            log_causes(error, into)
        else:
            into.error("ended", extra={"why": str(error)})
