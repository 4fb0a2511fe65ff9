"""Models that answer without sense, against pins without an assertion."""

import pytest
from fakes.nonsense import (
    CHARTS,
    PICTURE,
    TEXTS,
    looked_up,
    pinned_calls,
    stubs,
)
from fakes.suite_kinds import KINDS, RIGHT, WEAK
from fakes.suite_runs import pin_calls, run_release

SUITES = {"charts": (CHARTS, True), "texts": (TEXTS, False)}
NAMES = list(KINDS)
# Each kind beside the next one: a weak one and a strong one, in turn.
PAIRS = list(zip(NAMES, NAMES[1:] + NAMES[:1], strict=True))
# No suite of these tells a model from one that always says the same.
CONSTANT = [
    ("yes", "yes with a reason"),
    ("no", "a German no"),
    ("a refusal",),
    ("yes",),
]


async def outcome(suite, answer):
    """Return what a model of a suite's questions came to."""
    rows, pictures = SUITES[suite]
    store = await pin_calls(pinned_calls(rows, pictures=pictures), blobs=[PICTURE])
    return await run_release(store, answer)


@pytest.mark.parametrize("stub", stubs(TEXTS))
@pytest.mark.parametrize("suite", SUITES)
async def test_no_nonsense_is_green(suite, stub):
    """If it failed, a canary that answers without sense would be rolled out."""
    found = await outcome(suite, stubs(SUITES[suite][0])[stub])
    assert found.exit_code == 1, [(case.state, case.why) for case in found.cases]
    assert found.counts["passed"] < len(found.cases)


@pytest.mark.parametrize("suite", SUITES)
async def test_the_recorded_answers_are_green(suite):
    """If it failed, no canary could pass, and the suite would be switched off."""
    rows, _ = SUITES[suite]
    found = await outcome(suite, looked_up(rows, lambda r, n: f"Sure.\n\n{r[n][1]}"))
    assert found.exit_code == 0, [(case.state, case.why) for case in found.cases]


async def pinned(names):
    """Return the rows of these kinds, and a store in which they are pinned."""
    rows = [KINDS[name].row for name in names]
    return rows, await pin_calls(pinned_calls(rows, pictures=False))


async def nothing_senseless_is_green(names):
    """Let every stub answer a suite of these kinds."""
    rows, store = await pinned(names)
    for stub, answer in stubs(rows).items():
        if all(stub in RIGHT.get(name, ()) for name in names if name not in WEAK):
            continue
        found = await run_release(store, answer)
        said = [(case.state, case.answer) for case in found.cases]
        assert found.exit_code != 0, (stub, said)


@pytest.mark.parametrize("names", PAIRS[::4], ids=" and ".join)
async def test_nonsense_passes_no_suite_of_two_pins(names):
    """If it failed, one weak pin beside a strong one would be enough for green."""
    await nothing_senseless_is_green(names)


@pytest.mark.slow
@pytest.mark.parametrize("names", PAIRS, ids=" and ".join)
async def test_nonsense_passes_none_of_all_suites_of_two_pins(names):
    """If it failed, one kind of question would let senseless models through."""
    await nothing_senseless_is_green(names)


@pytest.mark.parametrize("names", PAIRS, ids=" and ".join)
async def test_right_answers_pass_suites_of_two_pins(names):
    """If it failed, a suite with a weak pin or a plain yes could never be green."""
    rows, store = await pinned(names)
    for turn in range(3):
        answer = looked_up(rows, lambda _r, n, turn=turn: KINDS[names[n]].said(turn))
        found = await run_release(store, answer)
        told = [(case.state, case.why, case.answer) for case in found.cases]
        assert found.exit_code == 0, (told, found.blind_to)


async def test_a_question_that_offers_the_answer_makes_no_weak_pin():
    """If it failed, `yes or no?` in reverse would make a pin worth nothing."""
    rows, store = await pinned(["a German no", "a code"])
    found = await run_release(store, looked_up(rows, lambda r, n: r[n][1]))
    assert found.counts["passed"] == 2, [(c.state, c.why) for c in found.cases]


async def test_another_pins_recording_fails_a_pin_that_accepts_anything():
    """If it failed, one recording for everything would pass weak assertions."""
    rows = [KINDS[name].row for name in ("a list", "steps")]
    calls = pinned_calls(rows, pictures=False)
    asserted = [{"mentions": ["oats", "honey"]}, {"max_words": 60}]
    store = await pin_calls(calls, assertions=asserted)
    found = await run_release(store, stubs(rows)["the first recording"])
    assert found.exit_code == 1, [(case.state, case.why) for case in found.cases]
    right = looked_up(rows, lambda r, n: r[n][1])
    assert (await run_release(store, right)).exit_code == 0


@pytest.mark.parametrize("names", CONSTANT, ids=" and ".join)
async def test_what_one_answer_passes_is_not_green(names):
    """If it failed, a model that only says yes would pass, and nobody be told."""
    rows, store = await pinned(names)
    found = await run_release(store, looked_up(rows, lambda r, n: r[n][1]))
    assert found.exit_code == 2, [(case.state, case.why) for case in found.cases]
    assert any("always" in name for name in found.blind_to)


@pytest.mark.parametrize(
    "stub", [s for s in stubs(TEXTS) if s not in RIGHT["a description"]]
)
async def test_one_open_question_makes_no_green_suite(stub):
    """If it failed, a question that no rule can judge would approve any babble."""
    rows, store = await pinned(["a description"])
    found = await run_release(store, stubs(rows)[stub])
    assert found.exit_code != 0, [(case.state, case.why) for case in found.cases]


async def test_recordings_that_any_text_equals_make_no_green_suite():
    """If it failed, a suite of poems would approve whatever a canary says."""
    rows, store = await pinned(["a poem"])
    found = await run_release(store, stubs(rows)["a promise"])
    assert found.exit_code != 0, [(case.state, case.why) for case in found.cases]
