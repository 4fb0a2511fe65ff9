"""Masks: what a suite ignores is taken out of both sides, and counted."""

import pytest
from fakes.provider import completion
from fakes.scoring_cases import answer_of
from fakes.stored_calls import text_call
from fakes.suite_runs import NOW, pin_calls, run_release

from replayd.offline.suite.entries import Entries, expected_of, stored_entries
from replayd.offline.suite.file_kinds import FILE_KINDS
from replayd.offline.suite.masks import Masks
from snaptrace.suite import document
from snaptrace.suite.model import IgnoreEntry


def masked(text, *kinds, **lists):
    """Return a text without what is ignored, and the stretches taken out."""
    entries = [IgnoreEntry(kind=kind) for kind in kinds]
    entries += [IgnoreEntry(kind=k, values=tuple(v)) for k, v in lists.items()]
    found = Masks(entries).apply(answer_of(text))
    return found.answer.text, found.stretches


@pytest.mark.parametrize(
    ("kinds", "one", "other"),
    [
        (["timestamps"], "at 2026-11-20T08:15:00Z", "at 2025-01-02T09:16:01Z"),
        (["ids"], "id 9b2f1c3d4e5f60718293", "id 0a1b2c3d4e5f60718293"),
        (["ids"], "see req_8fK2mQ9xLpA1", "see req_7aB3cD4eF5g6"),
        (["number_formats"], "It is 4,210.50 kg", "It is 4210.5 kg"),
        (["order"], '["b", "a"]', '["a", "b"]'),
        (["order"], "Fruit:\n- pear\n- fig", "Fruit:\n1. fig\n2. pear"),
    ],
)
def test_what_is_ignored_makes_no_difference(kinds, one, other):
    """If it failed, a new id in every answer would fail every pin."""
    assert masked(one, *kinds)[0] == masked(other, *kinds)[0]


def test_paths_and_patterns_are_taken_out_and_counted():
    """If it failed, nobody could see how much of an answer was not looked at."""
    text = '{"meta": {"id": 7, "n": 1}, "items": [{"id": 3, "v": 4}]}'
    found, count = masked(text, json=["meta.id", "items[].id"])
    assert found == '{"meta":{"n":1},"items":[{"v":4}]}'
    assert count == 2
    assert masked("order-17 and order-2", pattern=["order-[0-9]+"]) == ("▮ and ▮", 2)


def test_nothing_else_is_touched():
    """If it failed, a mask would hide a wrong value."""
    assert masked("It is 42 on page 7.", "ids", "timestamps") == (
        "It is 42 on page 7.",
        0,
    )


async def outcome(text, answer, recorded, *, calls=1):
    """Pin calls, say this of them in a file, and ask a canary that answers so."""
    suite = document.parse(f"suite: release\n{text}".encode(), FILE_KINDS)
    pinned = [text_call(n, at_ns=NOW, answer=recorded) for n in range(calls)]
    store = await pin_calls(pinned)
    stored = await stored_entries(store, "release")
    entries = tuple(
        entry.__class__(
            snapshot_id=entry.snapshot_id,
            name=entry.name,
            pin=entry.pin,
            expected=expected_of(suite, call, hard=False),
        )
        for entry, call in zip(
            stored.entries, sorted(pinned, key=lambda c: c.snapshot_id), strict=True
        )
    )
    told = answer if callable(answer) else lambda _b: completion(answer)
    found = Entries("release", entries, stored.suite_hash)
    return await run_release(store, told, entries=found)


async def test_masks_apply_to_both_sides_and_are_reported():
    """If it failed, the recording's own id would count as a lost fact."""
    recorded, answer = (
        f"Order {number} is on its way and arrives on Friday." for number in (118, 954)
    )
    ignore = "ignore:\n  - pattern: 'Order [0-9]+'\n"
    found = await outcome(ignore, answer, recorded)
    assert found.exit_code == 0, found.cases
    assert found.cases[0].masked_stretches == 1
    assert any("stretches" in sentence for sentence in found.statement)
    assert (await outcome("", answer, recorded)).exit_code == 1


async def test_a_recording_that_is_all_masked_is_not_judged():
    """If it failed, ignoring everything would make every answer right."""
    found = await outcome("ignore:\n  - pattern: '.+'\n", "no", "It is 42.")
    assert found.exit_code == 3, found.cases


async def test_assertions_of_a_file_take_the_recordings_place():
    """If it failed, a right answer that production never gave would fail."""
    text = "assert:\n  - number: 57\n"
    assert (await outcome(text, "It is 57.", "It is 42.")).exit_code == 0
    assert (await outcome(text, "It is 42.", "It is 42.")).exit_code == 1


async def test_at_least_k_of_n_runs():
    """If it failed, a wavering model would fail where two of three are asked."""
    turns = iter(["It is 57."] + ["It is 42."] * 20)
    text = "assert:\n  - number: 42\n    at_least: {} of 3\n"
    found = await outcome(text.format(2), lambda _b: completion(next(turns)), "42")
    assert found.cases[0].runs == 3
    assert found.exit_code == 0, found.cases
    turns = iter(["It is 57."] + ["It is 42."] * 20)
    found = await outcome(text.format(3), lambda _b: completion(next(turns)), "42")
    assert found.exit_code == 1
    assert "met in 2 of 3" in found.cases[0].why[0]


async def test_warnings_and_bands_fail_nothing_and_are_said():
    """If it failed, a slow answer would be a wrong one, or nobody would hear of it."""
    text = (
        "assert:\n  - number: 42\n  - {max_words: 2, warning: true}\n"
        "  - max_output_tokens: 3\n"
    )
    found = await outcome(text, "It is 42, I think.", "It is 42.")
    assert found.exit_code == 0
    assert len(found.cases[0].warnings) == 2


async def test_a_rubric_without_a_judge_is_not_judged():
    """If it failed, a rubric that nobody read would be green."""
    found = await outcome("assert:\n  - rubric: is polite\n", "It is 42.", "It is 42.")
    assert found.cases[0].state == "not_judged"
    assert found.exit_code == 3
