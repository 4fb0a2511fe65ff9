"""replayd tells a real collector of its own kind, which passes it on and keeps none."""

import pytest
from fakes.upstream import FakeUpstream
from fakes.waiting import until
from system.forwarding import RunningCollector
from system.test_replayd_crash import World

from snaptrace.runtime.config import StoreConfig
from snaptrace.snapshot import object_names
from snaptrace.store.store import Store

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


async def test_what_replayd_tells_arrives_and_never_becomes_a_case(tmp_path):
    """If it failed, replays would be lost to the team, or judged as traffic."""
    beside = tmp_path / "beside"
    beside.mkdir()
    world = World(tmp_path)
    async with world.canary, world.control, FakeUpstream() as upstream:
        await world.fill()
        url = f"collector.upstream.url=http://{upstream.http.removeprefix('http://')}"
        window = "collector.reservoir.window=1s"
        async with RunningCollector(beside, url, window) as collector:
            daemon = world.daemon("one")
            daemon._sets["replayd.telemetry.url"] = f"http://{collector.http}"
            await daemon.start()
            await until(lambda: world.committed(40))

            def arrived():
                signals = {signal for signal, _ in upstream.accepted}
                return {"traces", "logs"} <= signals

            await until(arrived)
            assert await daemon.end() is not None
            assert await collector.stop() == 0
    text = b"".join(body for _, body in upstream.accepted)
    assert b"gen_ai.evaluation.result" in text
    assert b"replay text" in text
    store = Store.open(StoreConfig(url=f"file://{beside}/store"))
    kept = [info.name async for info in store.list(object_names.SEGMENTS)]
    assert kept == []
