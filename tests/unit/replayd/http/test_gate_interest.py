"""Whether somebody waits for a verdict."""

import asyncio

from fakes.leaping_loop import LoopClock, leap

from replayd.http.gate_api import INTEREST_SECONDS, GateInterest


def test_interest_fades():
    """Results would be written one by one for ever after one glance."""

    async def main():
        interest = GateInterest(LoopClock())
        assert not interest.lasts()
        interest.asked()
        assert interest.lasts()
        await asyncio.sleep(INTEREST_SECONDS)
        assert not interest.lasts()

    leap(main)
