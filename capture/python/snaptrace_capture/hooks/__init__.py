"""The HTTP libraries: one file each, one row each in `HOOKS`.

A hook is put around a library's own function and calls it with what it was given. To
add one: a file with `hook(capture, module)`, and a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from snaptrace_capture.hooks import aiohttp_client, httpx_client, urllib3_pool
from snaptrace_capture.hooks.patches import Patch

if TYPE_CHECKING:
    from snaptrace_capture.capture import Capture

Hook = Callable[["Capture", Any], Iterable[Patch]]

# Library -> its hook. `requests` and `botocore` send through urllib3.
HOOKS: dict[str, Hook] = {
    "httpx": httpx_client.hook,
    "httpx2": httpx_client.hook,
    "aiohttp": aiohttp_client.hook,
    "urllib3": urllib3_pool.hook,
}
