"""Returns free memory of the C allocator to the operating system.

What it is worth: `docs/adr/0018-memory-under-load.md`.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from snaptrace.runtime.events import wait

_LOOK_EVERY_SECONDS: Final = 5.0
# Below this it is not worth a system call: the next request would want it again.
_WORTH_BYTES: Final = 4 * 2**20


class MallocTrimmer:
    """Trims the heap after a burst is over.

    glibc keeps what was freed below something that is still in use, for good. Looked
    at now and then; given back only while little is in use, since that takes some
    milliseconds.
    """

    name = "memory"

    def __init__(
        self,
        in_use_bytes: Callable[[], int],
        peak_bytes: Callable[[], int],
        give_back: Callable[[], None],
    ) -> None:
        """`peak_bytes` is the most that was in use since it was last asked."""
        self._in_use_bytes, self._peak_bytes = in_use_bytes, peak_bytes
        self._give_back = give_back
        self._most_bytes = 0

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Check periodically until `stop`."""
        ready()
        while not stop.is_set():
            self.check()
            await wait(stop, _LOOK_EVERY_SECONDS)

    def check(self) -> None:
        """Trim if a burst has ended."""
        self._most_bytes = max(self._most_bytes, self._peak_bytes())
        now_bytes = self._in_use_bytes()
        if self._most_bytes >= _WORTH_BYTES and now_bytes < self._most_bytes / 4:
            self._most_bytes = now_bytes
            self._give_back()


def trim() -> None:
    """Return glibc's free heap memory; does nothing with another C library."""
    import ctypes  # noqa: PLC0415 - a process that never sees a burst does without

    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
