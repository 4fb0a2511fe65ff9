"""Runs an operator's redactor of images or sound in a process of its own.

It gets one medium at a time and gives the redacted bytes back; without an answer the
medium goes. What the process may not do: `snaptrace/sandbox`.

A redactor is a function `redact(data: bytes, mime: str) -> bytes | None`; None means
that the medium is not to be kept.
"""

import sys
from collections.abc import Callable

from snaptrace.sandbox.confinement import confine
from snaptrace.sandbox.process import ConfinedProcess, ProcessFailedError, serve

GROUP = "snaptrace.redactors"

Redact = Callable[[bytes, str], bytes | None]


class PluginFailedError(Exception):
    """The plug-in did not answer; the medium must not be kept."""


class Plugin:
    """One redactor's process; started when needed, again after a failure."""

    def __init__(
        self, name: str, timeout_seconds: float, hidden: tuple[str, ...] = ()
    ) -> None:
        """Name an entry point; `hidden` are the key files that it must not read."""
        self._process = ConfinedProcess(
            "snaptrace.redact.media.plugin", (name, *hidden), timeout_seconds
        )

    def redact(self, data: bytes, mime: str) -> bytes | None:
        """Return the redacted bytes; None if the redactor wants them gone.

        Raises:
            PluginFailedError: it crashed, took too long, or answered nonsense.
        """
        try:
            return self._process.ask(mime, data)
        except ProcessFailedError as error:
            raise PluginFailedError(str(error)) from None

    def close(self) -> None:
        """End the process; harmless if there is none."""
        self._process.close()


def _main(name: str, hidden: tuple[str, ...]) -> None:
    confine(hidden)
    # The plug-in's own process alone needs this, not the one that starts it.
    from snaptrace.sandbox.entry_points import loaded  # noqa: PLC0415

    # Loaded afterwards: what a module does on import is its code as well.
    redact: Redact = loaded(GROUP, name)
    serve(lambda mime, data: redact(data, mime), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    _main(sys.argv[1], tuple(sys.argv[2:]))
