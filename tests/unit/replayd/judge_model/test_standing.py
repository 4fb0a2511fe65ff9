"""When a judge model may gate, and when it has become another judge."""

import asyncio
import json

import pytest
from fakes.judge_server import MODEL, FakeJudge, judge_of
from fakes.waiting import until
from msgspec import structs

from replayd.config import ArmConfig, BudgetConfig, JudgeConfig, ReplaydConfig
from replayd.judge_model import setup
from replayd.judge_model.anchors import (
    accuracy,
    accuracy_by_task,
    judge_anchors,
    load_anchors,
    moved,
)
from replayd.judge_model.rounds import JudgeRounds
from replayd.judge_model.standing import key_of, lower_bound
from snaptrace.runtime.config import ConfigError

CONFIG = JudgeConfig(url="http://j/v1", model=MODEL, fewest_labelled=40)


def anchors_in(folder, rows=60):
    """Write labelled cases of which every third is a tie; return them loaded."""
    lines = []
    for number in range(rows):
        better = ("left", "right", "tie")[number % 3]
        right, wrong = f"Gate {number} is shut.", f"Gate {number} is ajar."
        left = wrong if better == "right" else right
        other = wrong if better == "left" else f"Shut is gate {number}."
        row = {
            "id": str(number),
            "task": "prose" if number % 2 else "chart",
            "question": f"Is gate {number} shut?",
            "reference": right,
            "left": left,
            "right": other,
            "better": better,
        }
        lines.append(json.dumps(row))
    path = folder / "labelled.jsonl"
    path.write_text("\n".join(lines))
    return load_anchors(str(path))


def key_with(said, anchors, before=None, **config):
    """Return the judge's key after a round."""
    made = structs.replace(CONFIG, **config)
    return key_of(made, setup.load_rubrics(), anchors, said, before)


async def test_a_round_says_how_often_the_judge_is_right(tmp_path):
    """A judge would gate on its name."""
    anchors = anchors_in(tmp_path)
    async with judge_of(FakeJudge(wrong=["ajar"])) as judge:
        said = await judge_anchors(judge, anchors)
    assert said == anchors.labels == "lrt" * 20
    assert accuracy(said, anchors.labels) == (60, 60)
    by_task = accuracy_by_task(said, anchors)
    assert by_task == {"chart": (30, 30), "prose": (30, 30)}
    async with judge_of(FakeJudge("babbles")) as judge:
        assert await judge_anchors(judge, anchors) == "?" * 60


def test_it_gates_by_its_accuracy_and_only_with_labels(tmp_path):
    """An unproven judge, or one that nobody corrects, would decide."""
    anchors = anchors_in(tmp_path)
    good, poor = anchors.labels, "t" * 60
    assert key_with(good, anchors).standing == "gates"
    assert key_with(poor, anchors).standing == "shown"
    assert key_with(good, anchors, label_share=0.0).standing == "shown"
    assert key_with(good, anchors, fewest_labelled=61).standing == "shown"
    assert key_with(good[:30] + "?" * 30, anchors).standing == "shown"
    assert key_with("", load_anchors("")).standing == "shown"


def test_few_right_answers_prove_little():
    """Nine of ten would count as ninety percent."""
    assert lower_bound(9, 10) < 0.7
    assert lower_bound(90, 100) == pytest.approx(0.84, abs=0.01)
    assert lower_bound(0, 0) == 0.0


def test_flips_within_the_tolerance_are_the_same_judge(tmp_path):
    """Every sampled word would open a new epoch."""
    anchors = anchors_in(tmp_path)
    before = key_with(anchors.labels, anchors)
    assert key_with("t" + anchors.labels[1:], anchors, before) == before
    assert key_with("", anchors, before) == before
    assert key_with("?" * 60, anchors, before) == before


def test_a_changed_judge_is_another_key(tmp_path):
    """A judge exchanged behind its name would go on in the same epoch."""
    anchors = anchors_in(tmp_path)
    before = key_with(anchors.labels, anchors)
    flipped = "t" * 12 + anchors.labels[12:]
    assert moved(flipped, anchors.labels) == pytest.approx(8 / 60)
    changed = key_with(flipped, anchors, before)
    assert changed != before
    assert (changed.said, changed.standing) == (flipped, "shown")
    for change in ({"model": "other-1"}, {"version": "2"}, {"margin": 0.1}):
        assert key_with(anchors.labels, anchors, before, **change) != before


def test_a_judge_that_was_away_at_first_may_gate_later(tmp_path):
    """An outage at the start would keep the judge out for good."""
    anchors = anchors_in(tmp_path)
    away = key_with("?" * 60, anchors)
    assert away.standing == "shown"
    assert key_with(anchors.labels, anchors, away).standing == "gates"


async def test_rounds_are_run_for_who_leads_and_again_when_another_model_answers(
    tmp_path,
):
    """Standbys would pay for rounds, or a new judge would wait for tomorrow."""
    fake = FakeJudge(wrong=["ajar"])
    anchors, stop, rounds = anchors_in(tmp_path, 42), asyncio.Event(), []
    async with judge_of(fake) as judge, asyncio.TaskGroup() as group:
        part = JudgeRounds(
            judge, anchors, CONFIG, lambda right, of: rounds.append((right, of))
        )
        running = group.create_task(part.run(lambda: None, stop))
        await asyncio.sleep(0)
        assert fake.prompts == []
        key = await part.key(None)
        assert (key.standing, rounds) == ("gates", [(42, 42)])
        part.saw(MODEL)
        fake.wrong = ("never",)
        part.saw("referee-2032-01")
        await until(lambda: len(rounds) >= 2)
        assert part.key_now(key).standing == "shown"
        stop.set()
        await running


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"model": ""}, "replayd.judge.model"),
        ({"model": "gpt-9"}, "replayd.judge.model"),
        ({"api": "smoke_signals"}, "replayd.judge.api"),
        ({"url": "j"}, "replayd.judge.url"),
        ({"rubrics": "/no"}, "replayd.judge.rubrics"),
        ({"labelled": "/no"}, "replayd.judge.labelled"),
        ({"api_key_env": "NOT_SET"}, "replayd.judge.api_key_env"),
        ({"budget": BudgetConfig(money_per_day=1.0)}, "replayd.prices"),
    ],
)
def test_a_judge_that_cannot_work_is_refused_by_its_key(change, key):
    """It would be away for ever, or judge its own family."""
    arms = {"canary": ArmConfig(role="canary", url="http://c", model="openai/gpt-8")}
    judge = JudgeConfig(**{"url": "http://j", "model": "x-1", **change})
    with pytest.raises(ConfigError) as error:
        setup.check(ReplaydConfig(arms=arms, judge=judge), {})
    assert str(error.value).startswith(key)


def test_the_family_may_be_allowed():
    """There would be no way to use the only model at hand."""
    arms = {"canary": ArmConfig(role="canary", url="http://c", model="gpt-8")}
    judge = JudgeConfig(url="http://j", model="gpt-9", allow_family=True)
    setup.check(ReplaydConfig(arms=arms, judge=judge), {})


def test_labelled_cases_may_have_media(tmp_path):
    """Charts could not be labelled."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    row = {
        "id": "1",
        "task": "chart",
        "question": "?",
        "reference": "A: 1",
        "left": "A: 1",
        "right": "A: 2",
        "better": "left",
        "media": ["a.png"],
    }
    path = tmp_path / "l.jsonl"
    path.write_text(json.dumps(row))
    assert load_anchors(str(path)).blobs == {"a.png": b"\x89PNG"}
    path.write_text(json.dumps({**row, "media": ["a.exe"]}))
    with pytest.raises(ConfigError):
        load_anchors(str(path))


async def test_an_absent_judge_is_not_asked_about_every_anchor(tmp_path):
    """A provider that is down would hold up the first epoch for hours."""
    fake = FakeJudge("away")
    anchors = anchors_in(tmp_path)
    async with judge_of(fake, timeout=0.3) as judge:
        assert await judge_anchors(judge, anchors) == "?" * 60
    assert len(fake.prompts) <= 2 * 8
