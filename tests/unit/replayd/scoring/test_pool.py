"""Judging in a process of its own, and without it when it is gone."""

import asyncio
import sys
from pathlib import Path

import pytest
from fakes.judged_epoch import AT_NS, planned_of, said
from fakes.leaping_loop import LoopClock
from fakes.stored_calls import text_call
from msgspec.structs import replace

from replayd.model import PairAnswers
from replayd.scoring.pair import judge
from replayd.scoring.pool import MOST_LOST, ScoringPool
from replayd.scoring.recorded import Recorded, scoring_case
from replayd.scoring.redaction import RedactionSettings
from replayd.scoring.worker import Job
from replayd.scoring.worker import judged as judged_together
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.snapshot.codec import pack_snapshot

REDACTION = RedactionSettings(RedactConfig(), FleetKey(b"k" * 32).handed_over())
CALL = text_call(7, at_ns=AT_NS, answer="The total is 7 and it left on Monday.")
SAID = "It left on Monday; the total is {}."


def pair(number):
    """Return what one pair is judged by."""
    planned = planned_of(number, CALL, "s", 0)
    answers = PairAnswers(
        number=number,
        snapshot_id=CALL.snapshot_id,
        canary=said(SAID.format(8)),
        control=said(SAID.format(7)),
    )
    return planned, Recorded(pack_snapshot(CALL)), answers


def processes():
    """Return the ids of all processes that this one has started."""
    children = Path("/proc/self/task").glob("*/children")
    return [pid for child in children for pid in child.read_text().split()]


async def judged(numbers, **more):
    """Judge pairs while the part runs; return results and how many were lost."""
    lost = []
    judging = ScoringPool(
        LoopClock(AT_NS), REDACTION, on_lost=lambda: lost.append(1), **more
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        part = group.create_task(judging.run(lambda: None, stop))
        await asyncio.sleep(0)
        found = [(await judging.judge(*pair(number))).result for number in numbers]
        stop.set()
        await part
    return found, len(lost)


@pytest.mark.parametrize("in_process", [True, False])
async def test_where_a_pair_is_judged_changes_nothing(in_process):
    """If it failed, a verdict would depend on how many cores there are."""
    found, lost = await judged(range(3), in_process=in_process)
    for number, result in enumerate(found):
        planned, _, answers = pair(number)
        at_ns = result.committed_at_ns
        case = scoring_case(CALL)
        assert result == await judge(planned, case, answers, committed_at_ns=at_ns)
        assert result.streams["quality"].canary < result.streams["quality"].control
    assert lost == 0


ANSWERS = {
    "right": SAID.format(7),
    "wrong": SAID.format(8),
    "refusal": "I'm sorry, but I can't help with that.",
    "other_language": "Die Summe ist 7 und es ist am Montag nicht mit der Post weg.",
    "table": "| | total |\n|---|---|\n| Monday | 7 |",
    "empty": "",
}


async def test_pairs_of_a_batch_do_not_know_each_other():
    """If it failed, a score would depend on what else was waiting."""
    planned, recorded, answers = pair(1)
    jobs = [
        Job(planned, recorded, replace(answers, canary=canary, control=control), AT_NS)
        for canary in map(said, ANSWERS.values())
        for control in (said(SAID.format(7)), said("", "timeout"), None)
    ]
    together = await judged_together(jobs)
    assert together == [(await judged_together([job]))[0] for job in jobs]
    assert len({str(result.streams) for result in together}) > len(ANSWERS)


async def test_pairs_survive_their_process():
    """If it failed, a killed judge would lose paid answers, or stop a canary."""
    dies = (sys.executable, "-c", "import sys; sys.stdin.buffer.read(4)")
    found, lost = await judged(range(MOST_LOST + 2), in_process=True, command=dies)
    assert [result.number for result in found] == list(range(MOST_LOST + 2))
    assert lost == MOST_LOST


async def test_a_stop_leaves_nobody_waiting():
    """If it failed, a daemon told to stop would hang on an unjudged pair."""
    sleeps = (sys.executable, "-c", "import time; time.sleep(3600)")
    judging = ScoringPool(LoopClock(AT_NS), REDACTION, in_process=True, command=sleeps)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        part = group.create_task(judging.run(lambda: None, stop))
        await asyncio.sleep(0)
        before = processes()
        waiting = group.create_task(judging.judge(*pair(1)))
        while processes() == before:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        stop.set()
        assert (await waiting).result.number == 1
        await part
    assert processes() == before


async def test_the_process_gets_no_key_of_an_arm(monkeypatch, tmp_path):
    """A defect in a scorer could read and send away what pays for calls."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    out = tmp_path / "environment"
    tells = f"import os; open({str(out)!r}, 'w').write(repr(dict(os.environ)))"
    found, _ = await judged([1], in_process=True, command=(sys.executable, "-c", tells))
    assert found
    assert "PATH" in out.read_text()
    assert "sk-planted" not in out.read_text()
