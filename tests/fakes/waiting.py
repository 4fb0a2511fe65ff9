"""Waiting in tests: for a condition, for turns of the loop, or to see no change."""

import asyncio
import contextlib
import inspect
import time

_POLL_SECONDS = 0.005


async def until(condition, seconds=60.0):
    """Wait until `condition()`, or what it returns once awaited, is true."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(_POLL_SECONDS)


def wait_until(condition, seconds=60.0):
    """Block until `condition()` is true, and return what it returned.

    What is not there yet (a file, a listener, half a document) counts as false.
    """
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, ValueError):
            if found := condition():
                return found
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(_POLL_SECONDS)


async def turns(count=10):
    """Let everything run that is ready, and what that makes ready."""
    for _ in range(count):
        await asyncio.sleep(0)


async def holds(condition, seconds=0.1):
    """Fail as soon as `condition()` is false within `seconds`.

    For what must not happen: there is nothing to wait for.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + seconds
    while loop.time() < ends_at:
        assert condition()
        await asyncio.sleep(_POLL_SECONDS)
    assert condition()
