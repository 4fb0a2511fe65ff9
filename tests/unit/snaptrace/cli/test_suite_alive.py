"""Pins held against today: their like in traffic, and what production says now."""

import asyncio
import json

import pytest
from fakes.pinned_suite import NOW, served
from fakes.provider import completion
from fakes.stored_calls import store_calls, text_call
from msgspec.structs import replace

from snaptrace.snapshot.model import Answer, Fidelity
from snaptrace.store import pins

LATER = NOW + 86_400 * 10**9
QUESTION = {"messages": [{"role": "user", "content": "What is the total of order 77?"}]}


def asked(number, answer, *, at_ns, body=None):
    """Return a call with the pinned question, or another one."""
    return text_call(number, at_ns=at_ns, answer=answer, body=body or QUESTION)


@pytest.fixture
def old_pin(suite):
    """Return a pin, whose question came again a day later."""
    old = asked("old", "The total of order 77 is 42.50 euros.", at_ns=NOW - 10)

    def fill(answer, body=None):
        async def put():
            await pins.pin(suite.store, suite.key, "x", old, suite="a", now_ns=NOW)
            live = asked("live", answer, at_ns=LATER, body=body)
            await store_calls(suite.store, [live], at_ns=LATER, sequence=9)
            return live

        suite.write(f"suite: a\npin:\n  - id: {old.snapshot_id}\n")
        return old, asyncio.run(put())

    return fill


def pin_row(suite, *options):
    """Return what `suite coverage` says of the one pin."""
    where = ("--where", "route=r1", "--format", "json")
    _, out = suite.run("suite", "coverage", suite.file, *where, *options)
    (row,) = json.JSONDecoder().raw_decode(out)[0]["pins"]
    return row


@pytest.mark.parametrize(
    ("answer", "today"),
    [
        ("The total of order 77 is 42.50 euros.", "passed"),
        ("The total of order 77 is 45.20 euros.", "failed"),
    ],
)
def test_production_of_today_is_read_from_traffic(suite, old_pin, answer, today):
    """If it failed, a pin would go on asking for what production no longer says."""
    _, live = old_pin(answer)
    row = pin_row(suite)
    assert (row["today"], row["same"]) == (today, live.snapshot_id)
    assert row["like_days"] is not None


def test_a_near_duplicate_is_seen_and_judges_nothing(suite, old_pin):
    """If it failed, the answer about another order would make a pin outdated."""
    body = {"messages": [{"role": "user", "content": "What is the total of order 12?"}]}
    old_pin("The total of order 12 is 45.20 euros.", body)
    row = pin_row(suite)
    assert row["like_days"] is not None
    assert row["today"] == ""


def test_refresh_takes_the_call_of_today(suite, old_pin):
    """If it failed, a person would have to look for an outdated pin's successor."""
    old, live = old_pin("The total of order 77 is 45.20 euros.")
    code, out = suite.run("suite", "refresh", suite.file, "--where", "route=r1")
    assert code == 1
    assert f"-  - id: {old.snapshot_id}" in out
    assert f'+  - id: "{live.snapshot_id}"' in out
    assert "production answers otherwise" in out


def test_production_is_asked_where_a_person_wants_it(suite, old_pin):
    """If it failed, a pin whose question never comes again would stay unknown."""
    body = {"messages": [{"role": "user", "content": "Who sails to Oslo today?"}]}
    old_pin("Nobody.", body)
    assert suite.run("suite", "lock", suite.file)[0] == 0
    with served(
        lambda _body: completion("The total of order 77 is 45.20 euros.")
    ) as server:
        row = pin_row(suite, "--control", server.url)
    assert row["today"] == "failed"


def test_rules_select_what_can_be_sent_and_was_answered(suite):
    """If it failed, a suite would hold cases that no run can judge."""
    lost = replace(
        asked("lost", "x", at_ns=LATER, body={"messages": []}),
        fidelity=Fidelity(level="unreplayable"),
    )
    failed = replace(
        asked("failed", "", at_ns=LATER), answer=Answer(outcome="error"), route="r9"
    )
    asyncio.run(store_calls(suite.store, [lost, failed], at_ns=LATER, sequence=9))
    suite.write("suite: a\npin:\n  - rule: every route at least 9\n")
    code, out = suite.run("suite", "lock", suite.file)
    assert code == 0, out
    locked = suite.file.with_suffix(".lock").read_text()
    assert lost.snapshot_id not in locked
    assert failed.snapshot_id not in locked
    suite.write("suite: a\npin:\n  - rule: 9 newest errors\n")
    assert suite.run("suite", "lock", suite.file)[0] == 0
    assert failed.snapshot_id in suite.file.with_suffix(".lock").read_text()


def test_a_pin_of_an_imported_log_is_sent_with_a_warning(suite):
    """If it failed, the cheapest way in would end at the first check."""
    call = replace(
        asked("log", "The total of order 77 is 42.50 euros.", at_ns=LATER),
        fidelity=Fidelity(level="unverified"),
    )
    asyncio.run(store_calls(suite.store, [call], at_ns=LATER, sequence=9))
    suite.write(f"suite: a\npin:\n  - id: {call.snapshot_id}\n")
    assert suite.run("suite", "lock", suite.file)[0] == 0
    code, out = suite.run("suite", "check", suite.file)
    assert code == 0, out
    answer = completion("The total is 42.50 euros.")
    with served(lambda _body: answer) as server:
        options = ("--canary", server.url, "--format", "json")
        code, out = suite.run("test", "--suite", suite.file, *options)
    assert code == 0, out
    assert "unverified" in out
