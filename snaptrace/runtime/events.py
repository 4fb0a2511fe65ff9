"""Waiting for an event with a timeout."""

import asyncio


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for `event`, at most `seconds`; return whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return event.is_set()
    return True
