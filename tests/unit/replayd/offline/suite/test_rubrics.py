"""Rubrics of a suite file, put to a judge model."""

import pytest
from fakes.judge_server import FakeJudge, judge_of
from fakes.provider import completion
from fakes.stored_calls import text_call
from fakes.suite_runs import NOW, pin_calls, run_release

from replayd.offline.suite.cost import asked_of_judge
from replayd.offline.suite.entries import Entries, expected_of, stored_entries
from replayd.offline.suite.file_kinds import FILE_KINDS
from replayd.offline.suite.nonsense import FILLER, PROMISES, SENSELESS
from replayd.offline.suite.rubrics import RubricJudge
from snaptrace.suite import document

RECORDED = "The parcel left Hamburg on Monday and arrives on Friday."
POLITE = "assert:\n  - rubric: names the town and the day of arrival\n"


async def outcome(text, answer, judge):
    """Pin a call, say this of it in a file, ask a canary that answers so; judge it."""
    suite = document.parse(f"suite: release\n{text}".encode(), FILE_KINDS)
    call = text_call(1, at_ns=NOW, answer=RECORDED)
    store = await pin_calls([call])
    (entry,) = (await stored_entries(store, "release")).entries
    entry = entry.__class__(
        snapshot_id=entry.snapshot_id,
        name=entry.name,
        pin=entry.pin,
        expected=expected_of(suite, call, hard=False),
    )
    async with judge_of(judge) as model:
        return entry, await run_release(
            store,
            lambda _body: completion(answer),
            entries=Entries("release", (entry,), "hash"),
            rubrics=RubricJudge(model),
        )


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        ("It left Hamburg on Monday, and Friday is the day.", "passed", 0),
        ("It left Lisbon on Monday, and Friday is the day.", "failed", 1),
    ],
)
async def test_a_judge_model_decides_by_the_files_own_words(answer, state, code):
    """If it failed, a rubric would be green, or red, whatever was answered."""
    nonsense = (FILLER, PROMISES["en"], "What is the total", "total the is What")
    judge = FakeJudge(wrong=("Lisbon", *nonsense))
    _, found = await outcome(POLITE, answer, judge)
    (case,) = found.cases
    assert (case.state, found.exit_code) == (state, code), case
    assert any("names the town" in system for system, _ in judge.prompts)
    if state == "failed":
        assert case.judged_by == "rubric"
        assert "Lisbon" in case.why[0]


async def test_a_judge_that_likes_nonsense_makes_no_green_suite():
    """If it failed, a lenient judge model would approve a canary that babbles."""
    _, found = await outcome(POLITE, "Hamburg, and Friday it is.", FakeJudge())
    assert found.exit_code == 2
    assert "filler" in found.cases[0].nonsense


@pytest.mark.parametrize("policy", ["babbles", "away"])
async def test_where_the_judge_does_not_say_nothing_is_judged(policy):
    """If it failed, an outage of the judge would be a pass."""
    _, found = await outcome(POLITE, "Hamburg, Friday.", FakeJudge(policy))
    assert found.cases[0].state == "not_judged"
    assert found.exit_code == 3


async def test_a_warning_and_a_share_of_runs_are_as_of_other_kinds():
    """If it failed, `at_least` and `warning` would be ignored for rubrics."""
    judge = FakeJudge(wrong=("Lisbon",))
    warned = POLITE.replace("arrival\n", "arrival\n    warning: true\n")
    _, found = await outcome(f"{warned}  - mentions: Friday\n", "Lisbon, Friday", judge)
    assert found.cases[0].state == "passed"
    assert "rubric" in found.cases[0].warnings[0]
    counted = POLITE.replace("arrival\n", "arrival\n    at_least: 2 of 3\n")
    entry, found = await outcome(counted, "Lisbon, Friday", judge)
    assert found.cases[0].state == "failed"
    assert "met in 0 of 3 runs" in found.cases[0].why[0]
    assert asked_of_judge(entry, 3, has_control=True) == (6 + len(SENSELESS)) * 2
