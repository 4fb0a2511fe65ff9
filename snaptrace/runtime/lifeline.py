"""A pipe by which child processes learn that their parent is gone.

The parent holds the writing end and never writes. The system closes it however the
parent ends, `kill -9` included; the children read the end and stop as on SIGTERM.
"""

import os
import signal
import threading
from collections.abc import MutableMapping

_VARIABLE = "SNAPTRACE_LIFELINE"  # the reading end's number, for one child


class Lifeline:
    """Parent's side: the writing end, open for as long as the parent lives."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()  # neither is inherited unasked

    def environment(self) -> dict[str, str]:
        """Return the variable that names the reading end to a child."""
        return {_VARIABLE: str(self.reading)}

    def close(self) -> None:
        """Close both ends; children still running stop."""
        for end in (self.reading, self._writing):
            os.close(end)


def end_with_parent(environ: MutableMapping[str, str] = os.environ) -> None:
    """Stop this process by SIGTERM once its parent is gone; nothing without a pipe.

    The variable is removed, so that it does not reach this process's own children.
    """
    number = environ.pop(_VARIABLE, "")
    if not number.isdigit():
        return

    def wait() -> None:
        try:
            while os.read(int(number), 1):
                pass
        except OSError:
            return  # not a pipe of ours
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
