"""`snaptrace.runtime.backoff` and `events`: pauses between tries."""

import asyncio
import random

from snaptrace.runtime.backoff import Backoff
from snaptrace.runtime.events import wait


def test_pauses_double_up_to_their_bound():
    """A client would hammer a server that is down, or never come back to it."""
    pauses = Backoff(0.5, 30.0)
    assert [pauses.seconds(n) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pauses.seconds(10_000) == 30.0


def test_half_of_a_pause_is_random():
    """Replicas that failed together would come back together, or at once."""
    rng = random.Random(3)
    drawn = [Backoff(4.0, 4.0).seconds(1, rng) for _ in range(200)]
    assert 2.0 <= min(drawn) < 2.2
    assert 3.8 < max(drawn) <= 4.0


async def test_waiting_says_whether_the_event_came():
    """A loop could not tell its stop from its pause."""
    event = asyncio.Event()
    assert not await wait(event, 0)
    event.set()
    assert await wait(event, 30)
