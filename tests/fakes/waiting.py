"""Waiting in tests: for a condition, for turns of the loop, or to see no change."""

import asyncio
import inspect

_POLL_SECONDS = 0.005


async def until(condition, seconds=60.0):
    """Wait until `condition()`, or what it returns once awaited, is true."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(_POLL_SECONDS)


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
