"""Records the bytes of model calls beside the spans that an application has.

`install()` once at start, or `SNAPTRACE_CAPTURE=1` under `opentelemetry-instrument`.
What is recorded goes out through the application's own tracer provider, to the same
collector as its spans; docs/capture.md says what it is and what it leaves out.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import threading
from typing import TYPE_CHECKING

from snaptrace_capture.capture import Capture
from snaptrace_capture.hooks import HOOKS
from snaptrace_capture.hooks.patches import Patch
from snaptrace_capture.settings import Settings, from_environment
from snaptrace_capture.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["VERSION", "Settings", "counts", "install", "uninstall"]

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_installed: list[Capture] = []
_patches: list[Patch] = []


def install(
    settings: Settings | None = None, *, tracer_provider: TracerProvider | None = None
) -> Capture:
    """Begin to capture, in every HTTP library that is installed. Never raises.

    Called again it changes nothing.
    """
    with _lock:
        if _installed:
            return _installed[0]
        capture = Capture(settings or from_environment(), tracer_provider)
        _installed.append(capture)
        for name, hook in HOOKS.items():
            try:
                if importlib.util.find_spec(name) is None:
                    continue
                _patches.extend(hook(capture, importlib.import_module(name)))
            except Exception:
                _log.warning("model calls through %s cannot be captured", name)
        return capture


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - another thread may have had it
    _lock = threading.Lock()
    for capture in _installed:
        capture.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def uninstall() -> None:
    """Stop to capture, and put the libraries' own functions back."""
    with _lock:
        for capture in _installed:
            capture.is_on = False
        for patch in reversed(_patches):
            patch.undo()
        _patches.clear()
        _installed.clear()


def counts() -> dict[str, int]:
    """Return how many calls were captured, and how many were not, by reason."""
    return _installed[0].counts.as_dict() if _installed else {}
