"""SIGHUP at a real process: a new configuration, or the old one and a reason."""

import json
import os
import signal

import pytest
from fakes.waiting import until
from system.test_replayd_crash import World

from replayd.ledger.ledger import epochs

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def written(daemon, revision, *, arms="arms"):
    """Write the daemon's arms, with the canary's revision, into its file."""
    known = json.loads(daemon._sets.pop("replayd.arms", "null")) or daemon.known
    daemon.known = known
    known["canary"]["revision"] = revision
    daemon.config_file.write_text(json.dumps({"replayd": {arms: known}}))


async def test_a_reload_begins_an_epoch_and_a_slip_does_not_end_one(tmp_path):
    """If it failed, a new revision would need a restart, or a typo would be an end."""
    world = World(tmp_path)
    async with world.canary, world.control:
        await world.fill()
        daemon = world.daemon("one")
        written(daemon, "r1")
        await daemon.start()
        pid = daemon.process.pid

        async def revision():
            canary = (await daemon.verdicts())["canaries"].get("canary")
            return canary and canary["revision"]

        async def is_one():
            return await revision() == "r1"

        async def is_two():
            return await revision() == "r2"

        async def refused():
            return 'config_reloads_total{result="refused"} 1.0' in await daemon.get(
                "/metrics"
            )

        await until(is_one)
        await until(lambda: world.committed(20))
        written(daemon, "r2", arms="armz")
        os.kill(pid, signal.SIGHUP)
        await until(refused)
        assert await is_one()
        log = (tmp_path / "one.log").read_text()
        assert "configuration refused" in log
        assert "armz" in log

        written(daemon, "r2")
        os.kill(pid, signal.SIGHUP)
        await until(is_two)
        assert daemon.process.returncode is None
        known = await epochs(world.store, "canary")
        assert [(e.revision, e.sequence) for e in known] == [("r1", 0), ("r2", 1)]
        before = daemon.process.pid
        assert await daemon.end(signal.SIGTERM) == 0
        assert before == pid
