"""Waiting at a gate, and what is said before."""

import aiohttp
import msgspec
from fakes.gate_verdicts import verdicts_of
from fakes.leaping_loop import LoopClock, leap
from fakes.pair_results import START, epoch_of, live_of, result_of
from rich.console import Console

from replayd.config import BudgetConfig, ReplaydConfig
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.planning.gate_plan import (
    out_of_reach,
    plan_of,
    requests_a_week,
    said_at_start,
)
from replayd.results.terminal import gate_lines, plan_table, verdict_table
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.gate import decide
from replayd.verdicts.gate_wait import fetch_verdicts, wait_at_gate


def wait(looks, **more):
    """Wait at a gate that shows `looks` one after another, on a leaping clock."""
    seen = []

    async def main():
        import asyncio  # noqa: PLC0415 - the leaping loop's own

        async def fetch():
            return looks[min(len(seen), len(looks) - 1)]

        answer = await wait_at_gate(
            fetch,
            "canary",
            clock=LoopClock(),
            sleep=asyncio.sleep,
            progress=lambda _verdicts, answer: seen.append(answer.state),
            **more,
        )
        return answer.state, seen, asyncio.get_running_loop().time()

    return leap(main)


def test_without_waiting_the_first_answer_counts():
    """A pipeline that did not ask to wait would hang."""
    state, seen, _ = wait([verdicts_of(pairs=20)])
    assert (state, seen) == ("undecided", ["undecided"])


def test_waiting_ends_with_the_first_final_answer():
    """A pipeline would wait its whole half hour for an answer that stands."""
    young, good = verdicts_of(pairs=20), verdicts_of()
    state, seen, _ = wait([None, young, young, good], wait_seconds=1800)
    assert (state, seen) == ("pass", ["unknown", "undecided", "undecided", "pass"])
    bad = verdicts_of(worse=0.4)
    assert wait([young, bad], wait_seconds=1800)[0] == "regressed"


def test_waiting_ends_when_time_is_up():
    """A gate that never decides would hold a deployment for ever."""
    state, seen, _ = wait([verdicts_of(pairs=20)], wait_seconds=60)
    assert state == "undecided"
    assert 29 <= len(seen) <= 32


async def test_a_daemon_that_is_away_is_no_verdict():
    """An unreachable daemon would end the command in a traceback."""
    async with aiohttp.ClientSession() as session:
        assert await fetch_verdicts(session, "http://127.0.0.1:9") is None


def test_the_plan_uses_measured_noise_once_there_is_some():
    """A noisy modality would be promised a verdict that never comes."""
    board = Scoreboard(epoch_of("text"), BoardSettings())
    view = VerdictComputation(board).view(START, live_of("text"))
    (guess,) = plan_of(view)
    assert (guess.measured, guess.margin) == (False, 0.02)
    for number in range(40):
        row = result_of(number)
        quality = row.streams["quality"]
        quality = type(quality)(
            scorer="key_facts",
            canary=1.0,
            control=1.0,
            second_control=float(number % 5 > 0),
        )
        board.fold(
            type(row)(
                **{
                    **{f: getattr(row, f) for f in row.__struct_fields__},
                    "streams": {"quality": quality},
                }
            )
        )
    (known,) = plan_of(VerdictComputation(board).view(START, live_of("text")))
    assert known.measured
    assert known.discordance > 0.1
    assert known.plan.to_pass.p90 > guess.plan.to_pass.p90
    assert "/" in known.needed("0.05")


def test_a_margin_beyond_the_budget_is_said_at_start():
    """A gate would stay undecided for months and nobody know why."""
    settings = BoardSettings(margins={"text": 0.006})
    (line,) = out_of_reach(settings, ("text",), pairs_affordable=1000)
    assert "margin 0.006 needs" in line
    assert "a week's budget pays for 1000" in line
    assert out_of_reach(BoardSettings(), ("text",), pairs_affordable=100_000) == ()
    assert out_of_reach(BoardSettings(), ("text",), pairs_affordable=None) == ()


def test_the_configured_budget_is_held_against_the_margins():
    """The sentence would be there and nobody would say it."""
    arm = {"url": "http://m/v1", "model": "m"}
    tree = {
        "arms": {
            "production": {"role": "control", **arm},
            "canary": {"role": "canary", **arm},
        },
        "budget": {"requests_per_day": 150},
        "schedule": {"required_modalities": ["text", "audio"]},
    }
    config = msgspec.convert(tree, ReplaydConfig)
    assert [line[:5] for line in said_at_start(config, "canary")] == ["text:"]
    del tree["budget"]
    config = msgspec.convert(tree, ReplaydConfig)
    assert said_at_start(config, "canary") == ()
    assert requests_a_week(BudgetConfig()) is None
    both = BudgetConfig(requests_per_minute=1, requests_per_day=100)
    assert requests_a_week(both) == 700


def test_what_a_person_sees_names_modality_verdict_and_reason():
    """The table would not say what to do next."""
    verdicts = verdicts_of(worse=0.4)
    view = verdicts.canaries["canary"]
    console = Console(width=140, record=True, quiet=True)
    with console.capture() as shown:
        console.quiet = False
        console.print(plan_table(plan_of(view)))
        console.print(verdict_table("canary", view))
        console.print(gate_lines(decide(verdicts, "canary", now_ns=START)))
    text = shown.get()
    for words in (
        "text",
        "regressed  quality (key_facts)",
        "gate: regressed",
        "exit 1",
    ):
        assert words in text
