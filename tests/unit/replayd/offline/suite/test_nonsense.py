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
from fakes.suite_runs import pin_calls, run_release

SUITES = {"charts": (CHARTS, True), "texts": (TEXTS, False)}


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


OPEN = [
    (
        "Describe the chart.",
        "A line chart of rainfall: 40 mm in May, 12 mm in June.",
        "A line chart of rainfall: 12 mm in May, 40 mm in June.",
        "Ein Liniendiagramm des Niederschlags: 40 mm im Mai, 12 mm im Juni.",
    )
]
RIGHT = ("the first recording", "another recording", "every recording")


@pytest.mark.parametrize("stub", [name for name in stubs(OPEN) if name not in RIGHT])
async def test_one_open_question_makes_no_green_suite(stub):
    """If it failed, a question that no rule can judge would approve any babble."""
    store = await pin_calls(pinned_calls(OPEN, pictures=False))
    found = await run_release(store, stubs(OPEN)[stub])
    assert found.exit_code != 0, [(case.state, case.why) for case in found.cases]


async def test_recordings_that_any_text_equals_make_no_green_suite():
    """If it failed, a suite of poems would approve whatever a canary says."""
    rows = [
        (
            "Write a poem about the sea.",
            "The sea sings low at evening tide,\nand ships come home with lanterns.",
        )
    ]
    store = await pin_calls(pinned_calls(rows, pictures=False))
    filler = stubs(TEXTS)["a promise"]
    found = await run_release(store, filler)
    assert found.exit_code != 0, [(case.state, case.why) for case in found.cases]
