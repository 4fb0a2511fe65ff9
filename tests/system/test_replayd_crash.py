"""replayd as real processes: killed, taken over, stopped in order."""

import json
import signal

import pytest
from daemons import COUNT, IN_FLIGHT, World
from fakes.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture
async def world(tmp_path):
    made = World(tmp_path)
    async with made.canary, made.control:
        await made.fill()
        yield made


async def test_killed_in_the_middle_it_goes_on_without_a_wrong_count(world):
    """If it failed, a crash would lose verdict state, or judge a case twice."""
    daemon = await world.daemon("one").start()
    kills = 0
    for goal in (40, 120):
        await until(lambda goal=goal: world.committed(goal))
        await daemon.end()
        kills += 1
        daemon = await world.daemon("one").start()
    await until(lambda: world.committed(COUNT))

    async def shown():
        found = (await daemon.verdicts())["canaries"].get("canary")
        return found and found["modalities"]["text"]["replays"] == COUNT

    await until(shown)
    assert await daemon.end(signal.SIGTERM) == 0
    results = await world.results()
    assert [r.number for r in results] == list(range(COUNT))
    assert len({r.snapshot_id for r in results}) == COUNT
    assert not any(r.excluded for r in results)
    again = sum(times - 1 for times in world.times_sent().values())
    assert again <= kills * IN_FLIGHT


async def test_a_standby_answers_for_the_leader_and_takes_over(world):
    """If it failed, a gate would get no answer, or a death end the evaluation."""
    first = await world.daemon("one").start()
    await until(lambda: world.committed(20))
    second = await world.daemon("two").start()

    async def told():
        return json.loads(await second.get("/api/v1/gate/canary"))

    async def heard():
        return (await told())["state"] != "unknown"

    await until(heard)
    found = await second.verdicts()
    assert (found["leading"], found["standby"]) == (True, True)
    assert found["age_seconds"] < 30
    assert (await told())["age_seconds"] is not None
    series = await second.get("/metrics")
    assert "snaptrace_replayd_leading 0.0" in series
    assert "snaptrace_replayd_verdict" not in series  # only the leader exports them
    await first.end()
    await until(lambda: world.committed(COUNT))

    async def leads():
        found = await second.verdicts()
        return found["leading"] and not found["standby"]

    await until(leads)
    assert await second.end(signal.SIGTERM) == 0
    results = await world.results()
    assert [r.number for r in results] == list(range(COUNT))
    assert len({r.snapshot_id for r in results}) == COUNT
