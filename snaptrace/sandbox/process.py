"""Keeps a confined process and asks it one thing at a time over its pipes.

The process has no keys, an empty environment, no descriptors but its pipes and no
network: see `confinement.py` for what the kernel has to grant. Whatever takes too long
or fails is killed, and the question has no answer.
"""

import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO

from snaptrace.sandbox.confinement import protect_parent

_HEAD = struct.Struct(">IQ")  # bytes of the label, bytes of the data
_ANSWER = struct.Struct(">?Q")  # whether there is any, bytes of it
_MOST_BYTES = 256 * 2**20
_LONGEST_LABEL = 255
_KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "TMPDIR")


class ProcessFailedError(Exception):
    """The process did not answer."""


class ConfinedProcess:
    """One process; started when needed, again after a failure."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        timeout_seconds: float,
        environment: Sequence[str] = (),
    ) -> None:
        """Name a module that calls `serve`; `environment` are variables it may read."""
        self._command = (sys.executable, "-m", module, *arguments)
        self._timeout_seconds = timeout_seconds
        self._kept = (*_KEPT_ENVIRONMENT, *environment)
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0  # processes so far: what the last one knew is gone

    def ask(self, label: str, data: bytes) -> bytes | None:
        """Return the process's answer, which may be None.

        Raises:
            ProcessFailedError: it crashed, took too long, or answered nonsense.
        """
        deadline = time.monotonic() + self._timeout_seconds
        try:
            process = self._running()
            name = label.encode()[:_LONGEST_LABEL]
            request = _HEAD.pack(len(name), len(data)) + name + data
            return _Exchange(process, request, deadline).run()
        except (OSError, ProcessFailedError) as error:
            self.close()
            raise ProcessFailedError(str(error)) from None

    def start(self) -> None:
        """Have a process running, so that `starts` counts the one that is asked."""
        with suppress(OSError):
            self._running()

    def close(self) -> None:
        """End the process; harmless if there is none."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            protect_parent()
            self.starts += 1
            self._process = subprocess.Popen(  # noqa: S603 - a module of ours
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it could print what it sees
                env={k: os.environ[k] for k in self._kept if k in os.environ},
                close_fds=True,
                bufsize=0,
            )
        return self._process


class _Exchange:
    """Writes a request and reads its answer, neither waiting for the other."""

    def __init__(
        self, process: subprocess.Popen[bytes], request: bytes, deadline: float
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()
        self._left, self._deadline = memoryview(request), deadline
        self._got = bytearray()

    def run(self) -> bytes | None:
        """Return the answer; ProcessFailedError at the deadline or a closed pipe."""
        os.set_blocking(self._in, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._in, selectors.EVENT_WRITE)
            selector.register(self._out, selectors.EVENT_READ)
            while not self._is_whole():
                left = self._deadline - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    raise ProcessFailedError("took too long")
                for key, _ in ready:
                    if key.fd == self._in:
                        self._write(selector)
                    else:
                        self._read()
        given, _ = _ANSWER.unpack_from(self._got)
        return bytes(self._got[_ANSWER.size :]) if given else None

    def _write(self, selector: selectors.BaseSelector) -> None:
        self._left = self._left[os.write(self._in, self._left[: 2**16]) :]
        if not self._left:
            selector.unregister(self._in)

    def _read(self) -> None:
        chunk = os.read(self._out, 2**16)
        if not chunk:
            raise ProcessFailedError("ended")
        self._got += chunk

    def _is_whole(self) -> bool:
        if len(self._got) < _ANSWER.size:
            return False
        _, size = _ANSWER.unpack_from(self._got)
        if size > _MOST_BYTES or len(self._got) > _ANSWER.size + size:
            raise ProcessFailedError("answered nonsense")
        return bool(len(self._got) == _ANSWER.size + size)


def serve(
    answer: Callable[[str, bytes], bytes | None],
    requests: IO[bytes],
    answers: IO[bytes],
) -> None:
    """Answer what comes until there is no more; called in the process."""
    while len(head := requests.read(_HEAD.size)) == _HEAD.size:
        label_bytes, data_bytes = _HEAD.unpack(head)
        label = requests.read(label_bytes).decode()
        made = answer(label, requests.read(data_bytes))
        answers.write(_ANSWER.pack(made is not None, len(made or b"")) + (made or b""))
        answers.flush()
