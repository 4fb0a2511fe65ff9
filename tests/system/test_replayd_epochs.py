"""A new revision while replayd runs: a new epoch, and what was found is carried."""

import aiohttp
import pytest
from fakes.provider import completion
from fakes.waiting import until
from system.test_replayd_crash import World

from replayd.ledger.ledger import epochs

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


async def test_a_declared_revision_opens_an_epoch_that_carries_what_regressed(tmp_path):
    """If it failed, a pipeline would judge the new build by the old one's answers."""
    world = World(tmp_path)
    world.canary.answer = lambda _body: completion("The total is 57.")
    async with world.canary, world.control:
        await world.fill()
        daemon = await world.daemon("one").start()

        async def shown():
            canary = (await daemon.verdicts())["canaries"].get("canary")
            return canary and (
                canary["revision"],
                canary["modalities"].get("text", {}).get("verdict"),
            )

        async def regressed():
            return await shown() == ("", "regressed")

        await until(regressed)
        url = f"http://{daemon.ports['metrics']}/api/v1/canaries/canary"
        async with aiohttp.ClientSession() as session:
            async with session.put(url, json={"revision": "r2"}) as answer:
                assert answer.status == 200
            async with session.put(url + "x", json={"revision": "r2"}) as answer:
                assert answer.status == 404

        async def new_epoch():
            return (await shown() or ("", ""))[0] == "r2"

        await until(new_epoch)
        known = await epochs(world.store, "canary")
        assert [(e.revision, e.sequence, e.carried) for e in known] == [
            ("", 0, ()),
            ("r2", 1, ("text",)),
        ]
        await daemon.end()
        daemon = await world.daemon("one").start()
        await until(new_epoch)
        assert len(await epochs(world.store, "canary")) == 2
        await daemon.end()
