"""A pinned suite against one canary, for pipelines."""

import itertools

import pytest
from fakes.provider import completion
from fakes.stored_calls import text_call
from fakes.suite_runs import NOW, pin_calls, run_release

from snaptrace.snapshot import object_names


async def run(answer, *, assertion=None, **more):
    """Pin one call, ask a canary that answers so; return the outcome."""
    call = text_call(1, at_ns=NOW)
    store = await pin_calls([call], assertions=[assertion])
    return await run_release(store, answer, **more)


@pytest.mark.parametrize(
    ("answer", "assertion", "state", "code"),
    [
        ("It is 42.", {"number": "42"}, "passed", 0),
        ("It is 57.", {"number": "42"}, "failed", 1),
        ("Quite another wording: 42.", None, "passed", 0),
        ("Quite another number: 57.", None, "failed", 1),
        ("", None, "failed", 1),
        ("I'm sorry, but I can't help with that.", None, "failed", 1),
    ],
)
async def test_what_passes_and_what_fails(answer, assertion, state, code):
    """If it failed, a pipeline would ship what a person said must not be."""
    found = await run(lambda _b: completion(answer), assertion=assertion)
    assert [case.state for case in found.cases] == [state], found.cases
    assert found.exit_code == code


async def test_a_canary_that_refuses_the_request_fails():
    """If it failed, a canary that cannot take what production takes would pass."""
    found = await run(lambda _b: 400)
    assert found.cases[0].outcome == "bad_request"
    assert found.exit_code == 1


@pytest.mark.parametrize("status", [401, 503])
async def test_an_endpoint_that_is_away_says_nothing_of_its_model(status):
    """If it failed, a wrong key would be reported as worse answers."""
    found = await run(lambda _b: status)
    assert found.cases[0].state == "not_judged"
    assert "endpoint unavailable" in found.cases[0].why[0]
    assert found.exit_code == 3


async def test_one_pin_that_breaks_the_server_failed():
    """If it failed, an input that crashes the canary would count as an outage."""
    calls = [text_call(n, at_ns=NOW) for n in range(4)]
    store = await pin_calls(calls)

    def answer(body):
        text = body["messages"][0]["content"]
        return 500 if "order 3" in text else completion("It is 42.")

    found = await run_release(store, answer)
    assert (found.counts["passed"], found.counts["failed"]) == (3, 1)


async def test_what_could_not_be_judged_is_no_pass():
    """If it failed, an empty or unsendable suite would be green."""
    found = await run(lambda _b: completion("x"), api="openai_embeddings")
    assert found.cases[0].state == "not_judged"
    assert found.exit_code == 3
    store = await pin_calls([text_call(1, at_ns=NOW)])
    await store.delete(object_names.pin("release", text_call(1, at_ns=NOW).snapshot_id))
    assert (await run_release(store, lambda _b: completion("x"))).exit_code == 3


async def test_a_recording_that_no_rule_can_check_is_not_judged():
    """If it failed, whatever a canary says to such a pin would be green."""
    call = text_call(1, at_ns=NOW, answer="")
    found = await run_release(await pin_calls([call]), lambda _b: completion("hm"))
    assert found.cases[0].state != "passed"
    assert found.exit_code in (1, 3)


async def test_one_pin_left_unjudged_leaves_the_suite_undecided():
    """If it failed, a pin whose media or bytes are gone would be dropped in silence."""
    store = await pin_calls([text_call(n, at_ns=NOW) for n in (1, 2)])
    name = object_names.pin("release", text_call(2, at_ns=NOW).snapshot_id)
    await store.delete(name)
    await store.create(name, b"no segment")
    found = await run_release(store, lambda _b: completion("It is 42."))
    assert found.counts["not_judged"] == 1
    assert found.exit_code == 2


async def test_what_the_control_fails_too_is_quarantined_and_said():
    """If it failed, a pin that production no longer meets would block every canary."""
    calls = [text_call(n, at_ns=NOW) for n in (1, 2, 3)]
    store = await pin_calls(calls, assertions=[{"number": "42"}, {"number": "43"}])
    answer = lambda _b: completion("It is 42.")  # noqa: E731
    found = await run_release(store, answer, control=answer)
    assert found.counts["quarantined"] == 1
    assert found.exit_code == 0
    assert any("quarantined" in sentence for sentence in found.statement)
    wrong = lambda _b: completion("It is 7.")  # noqa: E731
    assert (await run_release(store, wrong, control=answer)).exit_code == 1
    both = await run_release(store, wrong, control=wrong)
    assert both.counts["quarantined"] == 3
    assert both.exit_code == 3


@pytest.mark.parametrize(("wrong_of_five", "code"), [(2, 0), (3, 1)])
async def test_a_hard_pin_is_asked_several_times(wrong_of_five, code):
    """If it failed, one draw of a model that wavers would decide the suite."""
    store = await pin_calls([text_call(1, at_ns=NOW)], hard={0})
    turns = itertools.count()

    def answer(_body):
        return completion("7" if next(turns) < wrong_of_five else "It is 42.")

    found = await run_release(store, answer)
    assert found.cases[0].runs == 5
    assert found.cases[0].passed_runs == 5 - wrong_of_five
    assert found.exit_code == code


async def test_a_suite_that_nonsense_passes_is_not_green():
    """If it failed, assertions that exclude a word would approve any babble."""
    found = await run(
        lambda _b: completion("It is 42."), assertion={"excludes": "sorry"}
    )
    assert found.cases[0].state == "weak"
    assert found.exit_code == 2
    assert any("senseless" in sentence for sentence in found.statement)


async def test_a_pass_says_what_it_does_not_promise():
    """If it failed, ten green pins would be read as a promise about traffic."""
    store = await pin_calls([text_call(n, at_ns=NOW) for n in range(10)])
    found = await run_release(store, lambda _b: completion("It is 42."))
    assert found.exit_code == 0
    assert "10 of 10" in found.statement[0]
    assert "26%" in found.statement[1]  # 1 - .05 ** (1 / 10)
