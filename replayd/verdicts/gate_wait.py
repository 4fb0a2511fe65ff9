"""Waiting at a gate until it opens, closes, or time is up."""

from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from replayd.verdicts.gate import GateAnswer, decide
from replayd.verdicts.views import Verdicts
from snaptrace.runtime.clock import Clock

POLL_SECONDS = 2.0
FINAL = frozenset({"pass", "regressed"})  # nothing is gained by waiting on
# Nobody leads, another revision still: both may come right while one waits.
Fetch = Callable[[], Awaitable[Verdicts | None]]
Progress = Callable[[Verdicts | None, GateAnswer], None]
Sleep = Callable[[float], Awaitable[None]]


async def wait_at_gate(
    fetch: Fetch,
    canary: str,
    *,
    clock: Clock,
    sleep: Sleep,
    progress: Progress,
    revision: str = "",
    wait_seconds: float = 0.0,
    oldest_seconds: float | None = None,
) -> GateAnswer:
    """Ask until the answer is final or `wait_seconds` are over; return the last one.

    `progress` is called with every look, the last one included.
    """
    deadline = clock.monotonic_seconds() + wait_seconds
    while True:
        verdicts = await fetch()
        answer = decide(
            verdicts,
            canary,
            now_ns=clock.now_ns(),
            revision=revision,
            oldest_seconds=oldest_seconds,
        )
        progress(verdicts, answer)
        left = deadline - clock.monotonic_seconds()
        if answer.state in FINAL or left <= 0:
            return answer
        await sleep(min(POLL_SECONDS, left))


async def fetch_verdicts(
    session: aiohttp.ClientSession, url: str, token: str = ""
) -> Verdicts | None:
    """Return what a replayd at `url` says; None if it does not answer as one."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with session.get(
            f"{url.rstrip('/')}/api/v1/verdicts", headers=headers
        ) as answer:
            if answer.status != 200:
                return None
            return msgspec.json.decode(await answer.read(), type=Verdicts)
    except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
        return None
