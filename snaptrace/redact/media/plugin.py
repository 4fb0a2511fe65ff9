"""Runs an operator's redactor of images or sound in a process of its own.

The process has no keys, an empty environment, no descriptors but its pipes and no
network: see `sandbox.py` for what the kernel has to grant. It gets one medium at a time
on its standard input and gives the redacted bytes back; who takes too long or fails is
killed, and the medium goes.

A redactor is a function `redact(data: bytes, mime: str) -> bytes | None`; None means
that the medium is not to be kept.
"""

import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import IO

from snaptrace.redact.media.sandbox import confine, protect_parent

GROUP = "snaptrace.redactors"
_HEAD = struct.Struct(">IQ")  # bytes of the media type, bytes of the data
_ANSWER = struct.Struct(">?Q")  # kept, bytes of the data
_MOST_BYTES = 256 * 2**20
_KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "TMPDIR")

Redact = Callable[[bytes, str], bytes | None]


class PluginFailedError(Exception):
    """The plug-in did not answer; the medium must not be kept."""


class Plugin:
    """One redactor's process; started when needed, again after a failure."""

    def __init__(
        self, name: str, timeout_seconds: float, hidden: tuple[str, ...] = ()
    ) -> None:
        """Name an entry point; `hidden` are the key files that it must not read."""
        self._name, self._timeout_seconds = name, timeout_seconds
        self._hidden = hidden
        self._process: subprocess.Popen[bytes] | None = None

    def redact(self, data: bytes, mime: str) -> bytes | None:
        """Return the redacted bytes; None if the redactor wants them gone.

        Raises:
            PluginFailedError: it crashed, took too long, or answered nonsense.
        """
        deadline = time.monotonic() + self._timeout_seconds
        try:
            process = self._running()
            label = mime.encode()[:255]
            request = _HEAD.pack(len(label), len(data)) + label + data
            answer = _Exchange(process, request, deadline).run()
        except (OSError, PluginFailedError) as error:
            self.close()
            raise PluginFailedError(str(error)) from None
        return answer

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
            kept = {k: os.environ[k] for k in _KEPT_ENVIRONMENT if k in os.environ}
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [
                    *(
                        sys.executable,
                        "-m",
                        "snaptrace.redact.media.plugin",
                        self._name,
                    ),
                    *self._hidden,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it could print what it sees
                env=kept,
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
        """Return the answer; PluginFailedError at the deadline or a closed pipe."""
        os.set_blocking(self._in, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._in, selectors.EVENT_WRITE)
            selector.register(self._out, selectors.EVENT_READ)
            while not self._is_whole():
                left = self._deadline - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    raise PluginFailedError("took too long")
                for key, _ in ready:
                    if key.fd == self._in:
                        self._write(selector)
                    else:
                        self._read()
        kept, _ = _ANSWER.unpack_from(self._got)
        return bytes(self._got[_ANSWER.size :]) if kept else None

    def _write(self, selector: selectors.BaseSelector) -> None:
        self._left = self._left[os.write(self._in, self._left[: 2**16]) :]
        if not self._left:
            selector.unregister(self._in)

    def _read(self) -> None:
        chunk = os.read(self._out, 2**16)
        if not chunk:
            raise PluginFailedError("ended")
        self._got += chunk

    def _is_whole(self) -> bool:
        if len(self._got) < _ANSWER.size:
            return False
        _, size = _ANSWER.unpack_from(self._got)
        if size > _MOST_BYTES or len(self._got) > _ANSWER.size + size:
            raise PluginFailedError("answered nonsense")
        return bool(len(self._got) == _ANSWER.size + size)


def _find(name: str) -> Redact:
    """Return the redactor of an entry point's name, or of `module:function`."""
    # The plug-in's own process alone needs this, not the one that starts it.
    from importlib.metadata import entry_points  # noqa: PLC0415

    for point in entry_points(group=GROUP, name=name):
        loaded: Redact = point.load()
        return loaded
    module, colon, function = name.partition(":")
    if not colon:
        raise LookupError(f"no entry point {name!r} in {GROUP}")
    found: Redact = getattr(import_module(module), function)
    return found


def _serve(name: str, requests: IO[bytes], answers: IO[bytes]) -> None:
    # Loaded afterwards: what a module does on import is its code as well.
    redact = _find(name)
    while len(head := requests.read(_HEAD.size)) == _HEAD.size:
        mime_bytes, data_bytes = _HEAD.unpack(head)
        mime = requests.read(mime_bytes).decode()
        made = redact(requests.read(data_bytes), mime)
        answers.write(_ANSWER.pack(made is not None, len(made or b"")) + (made or b""))
        answers.flush()


if __name__ == "__main__":
    confine(tuple(sys.argv[2:]))
    _serve(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
