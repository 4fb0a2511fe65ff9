"""End of a process whose libraries have threads of their own."""

import atexit
import logging
import os
import sys
from typing import NoReturn


def end(code: int) -> NoReturn:
    """End this process with an exit code, once all output is written.

    The interpreter is not taken down: a thread of the object store's library that comes
    back to Python meanwhile would abort the process, whatever its exit code was to be.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter would do first
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BrokenPipeError:
            continue  # the reader had enough
        except OSError:
            code = code or 1
    os._exit(code)
