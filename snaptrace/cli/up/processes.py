"""A few programs in one process tree: started, watched, stopped together.

Knows nothing of what the programs do. Each gets one end of a pipe; however this process
ends, the programs that keep to `snaptrace.runtime.lifeline` stop after it.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from snaptrace.runtime.backoff import Backoff
from snaptrace.runtime.lifeline import Lifeline

_RESTART = Backoff(0.2, 10.0)


class Program(Struct, frozen=True, kw_only=True):
    """One child process; its output goes to `<folder>/<name>.log`."""

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str]
    restart: bool = True  # start it again when it dies
    reloads: bool = False  # reads its configuration again on SIGHUP


def ended(code: int) -> str:
    """Return how a process ended, as `exit code 1` or `killed by SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def free_ports(count: int) -> list[int]:
    """Return `count` ports of 127.0.0.1 that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            for _ in range(count)
        ]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class ProcessTree:
    """Keeps programs running until told to stop; safe to stop twice."""

    def __init__(
        self,
        programs: Sequence[Program],
        folder: Path,
        on_exit: Callable[[str, int], None],
        *,
        stop_seconds: float = 15.0,
    ) -> None:
        """Take programs from source to sink; `on_exit` hears name and exit code."""
        self._programs, self._folder = programs, folder
        self._on_exit, self._stop_seconds = on_exit, stop_seconds
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping: set[str] = set()
        self._lifeline = Lifeline()
        self.pids: dict[str, int] = {}

    def log_path(self, name: str) -> Path:
        """Where a program's output is."""
        return self._folder / f"{name}.log"

    async def run(self, stop: asyncio.Event) -> None:
        """Run all programs until `stop`; sinks start first and end last."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            async with asyncio.TaskGroup() as group:
                keepers = {
                    program.name: group.create_task(self._keep(program))
                    for program in reversed(self._programs)
                }
                await stop.wait()
                for program in self._programs:
                    await self._end(program.name)
                    await keepers[program.name]
        finally:
            self._lifeline.close()

    def reload(self) -> list[str]:
        """Pass SIGHUP to the programs that reload; return their names."""
        told = []
        for program in self._programs:
            process = self._running.get(program.name)
            if program.reloads and process is not None and process.returncode is None:
                process.send_signal(signal.SIGHUP)
                told.append(program.name)
        return told

    async def _keep(self, program: Program) -> None:
        failures = 0
        while program.name not in self._stopping:
            with self.log_path(program.name).open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *program.argv,
                    env={**program.environ, **self._lifeline.environment()},
                    pass_fds=(self._lifeline.reading,),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # A terminal's Ctrl-C and hang-up go to the tree's owner alone,
                    # which stops the programs in order.
                    start_new_session=True,
                )
            self._running[program.name] = process
            self.pids[program.name] = process.pid
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                process.kill()
                raise
            if program.name in self._stopping:
                return
            self._on_exit(program.name, code)
            if not program.restart:
                return
            failures += 1
            await asyncio.sleep(_RESTART.seconds(failures))

    async def _end(self, name: str) -> None:
        self._stopping.add(name)
        process = self._running.get(name)
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self._stop_seconds):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
