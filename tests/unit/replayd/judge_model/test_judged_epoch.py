"""A canary of prose under an engine with a judge model, from the store to the gate."""

import asyncio
import json
import random
import re
from contextlib import AsyncExitStack

from fakes.judge_server import MODEL, FakeJudge
from fakes.judged_epoch import KEY
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import store_calls, text_call
from fakes.waiting import until
from msgspec.structs import replace

from replayd.adjudication.decisions import Decisions, canary_is_left, is_labelled
from replayd.config import ReplaydConfig
from replayd.engine import Engine
from replayd.results.history import History
from replayd.results.worksheet import sheet
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import StoreConfig, load
from snaptrace.store.store import Store

PAIRS = 90
SAID = ("Gate {} is shut at night.", "At night gate {} is shut.")
WRONG = "Gate {} is ajar at night."


def gate_in(body):
    """Return the number of the gate that is asked about."""
    return int(re.search(r"gate (\d+)", str(body["messages"])).group(1))


def canary(body):
    """Answer wrongly about a third of the gates."""
    number = gate_in(body)
    return completion((WRONG if number % 3 == 0 else SAID[1]).format(number))


def control(body):
    """Answer rightly, in the recording's words."""
    return completion(SAID[0].format(gate_in(body)))


def labelled_file(folder):
    """Write labelled cases; return their path."""
    rows = [
        {
            "id": str(number),
            "task": "prose",
            "question": f"Is gate {number} shut?",
            "reference": SAID[0].format(number),
            "left": SAID[0].format(number),
            "right": WRONG.format(number),
            "better": "left",
        }
        for number in range(50)
    ]
    path = folder / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


async def recorded(store, clock):
    """Store recorded calls whose answers no scorer can value."""
    now = clock.now_ns()
    calls = [
        text_call(
            number,
            at_ns=now - 10**9,
            answer=SAID[0].format(number),
            body={
                "model": "assistant-7",
                "messages": [{"role": "user", "content": f"What of gate {number}?"}],
            },
        )
        for number in range(PAIRS)
    ]
    await store_calls(store, calls, at_ns=now)


def unscored_by_rules(program):
    """Take quality out of every result, as where no scorer knows prose."""
    scored = program.judging.judge

    async def judge(planned, recorded, answers):
        judged = await scored(planned, recorded, answers)
        result = judged.result
        streams = {k: v for k, v in result.streams.items() if k != "quality"}
        return replace(judged, result=replace(result, streams=streams))

    program.judging.judge = judge


async def test_ruined_prose_is_found_by_judge_and_people(tmp_path):
    """Prose that no scorer can value would pass, or wait for ever."""
    fake, clock = FakeJudge(wrong=["ajar"]), SystemClock()
    decided = tmp_path / "decisions.jsonl"
    async with (
        FakeProvider(canary) as one,
        FakeProvider(control) as two,
        FakeProvider(fake) as three,
        AsyncExitStack() as stack,
    ):
        arms = {
            "production": {"role": "control", "url": two.url, "model": "m-7"},
            "canary": {
                "role": "canary",
                "url": one.url,
                "model": "m-8",
                "decisions": str(decided),
            },
        }
        judge = {
            "url": three.url,
            "model": MODEL,
            "labelled": str(labelled_file(tmp_path)),
            "label_share": 0.5,
        }
        sets = {
            "replayd.arms": json.dumps(arms),
            "replayd.judge": json.dumps(judge),
            "replayd.judge_process": "false",
            "replayd.control_rate.per_minute": 1e6,
            "replayd.control_rate.share_of_production": 100,
            "replayd.schedule.poll": "1s",
        }
        document = load(None, {}, [f"{k}={v}" for k, v in sets.items()])
        config = document.section("replayd", ReplaydConfig)
        store = Store.open(StoreConfig(url="memory://"))
        await recorded(store, clock)
        program = Engine(config, store, KEY, clock, random.Random(1))
        unscored_by_rules(program)
        await program.open_arms(stack, {})
        await program.reading.poll()
        program.spending.rate.observed(10**9)
        shadow, stop = program.shadows["canary"], asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(program._judge_rounds.run(lambda: None, stop))
            group.create_task(shadow.run(stop))
            await until(
                lambda: (
                    not (
                        shadow.lead is None or shadow.lead.fold.next_number < PAIRS - 20
                    )
                )
            )
            before = shadow.view().modalities["text"]
            stop.set()
        epoch = shadow.epoch
        assert json.loads(epoch.key["judge"])["standing"] == "gates"
        assert before.judge.waiting_labels > 10
        assert before.verdict == "undecided"
        history = History(store, KEY, clock)
        lines = sheet(history, epoch, Decisions(), limit=10)
        rows = [line async for line in lines]
        labels = {
            result.number: int(result.diagnostics["judge"].canary) - 1
            async for result in history.results(epoch)
        }
        shadow.decide(epoch.epoch, Decisions(labels))
        after = shadow.view().modalities["text"]
    assert (after.verdict, after.deciding) == ("regressed", "quality")
    assert (after.scored_share, after.judge.kappa) == (1.0, 1.0)
    # People see prose, those pairs first by which the judge is corrected.
    assert len(rows) == 10
    assert all(is_labelled(epoch.epoch, row.number, 0.5) for row in rows)
    sides = {
        ("ajar" in row.left.text): canary_is_left(epoch.epoch, row.number, epoch.sides)
        for row in rows
        if "ajar" in row.left.text + row.right.text
    }
    assert all(is_wrong == is_canary for is_wrong, is_canary in sides.items())
    assert b"m-8" not in json.dumps([fake.prompts]).encode()
