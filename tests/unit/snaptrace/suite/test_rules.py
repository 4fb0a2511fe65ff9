"""Rules of a suite: what they say, and which cases they select."""

import pytest
from fakes.stored_calls import text_call

from snaptrace.query.facts import facts_of
from snaptrace.query.search import Hit
from snaptrace.suite.likeness import Likeness, normalised
from snaptrace.suite.rules import parse
from snaptrace.suite.selection import Pool

NOW = 1_800_000_000 * 10**9
WORDS = ("apple", "river", "stone", "cloud", "ember", "frost", "grove", "haven")


def text_of(number):
    """Return a text that has no near-duplicate under another number."""
    return " ".join(WORDS[(number * k) % len(WORDS)] + str(k) for k in range(1, 4)) + (
        f" {chr(97 + number % 26) * 6} {chr(97 + number // 26) * 5}"
    )


def pool(rule, calls, text=None):
    """Return what a rule selects from (route, weight) pairs, oldest first."""
    found = Pool(parse(rule))
    known = {}
    for number, (route, weight) in enumerate(calls):
        hit = hit_of(number, route=route)
        found.add(hit, weight)
        known[hit.facts.snapshot_id] = Likeness(normalised(text or text_of(number)))
    return found.selected(known)


def hit_of(number, **more):
    """Return a call as a search finds it."""
    facts = facts_of(text_call(number, at_ns=NOW + number, **more))
    return Hit("segment", number, "c1", facts)


@pytest.mark.parametrize(
    ("text", "kind", "count", "by", "filters"),
    [
        ("10 newest calls", "newest", 10, "", ""),
        (
            "10 newest refusals of service shop",
            "newest",
            10,
            "",
            'service="shop" outcome=refused',
        ),
        ("3 newest image calls", "newest", 3, "", "modality=image"),
        ("every route at least 5", "every", 5, "route", ""),
        (
            "every language at least 2 where tool=*",
            "every",
            2,
            "language",
            "tool=*",
        ),
        ("the 50 cases that represent last week", "represent", 50, "", "since=7d"),
    ],
)
def test_what_a_rule_says(text, kind, count, by, filters):
    """If it failed, a rule would select other cases than it reads."""
    rule = parse(text)
    assert (rule.kind, rule.count, rule.by) == (kind, count, by)
    assert rule.filter.strip() == filters


@pytest.mark.parametrize(
    "text",
    [
        "the best ones",
        "0 newest calls",
        "5 newest smells",
        "every mood at least 3",
        "the 5 cases that represent last decade",
        "5 newest calls where srvice=x",
        "100000 newest calls",
    ],
)
def test_what_is_no_rule(text):
    """If it failed, a rule that says nothing would select nothing, silently."""
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)


def test_the_newest_are_the_newest():
    """If it failed, a suite would keep the oldest refusals for ever."""
    found = pool("2 newest calls", [("a", 1.0)] * 5)
    assert [each.snapshot_id for each in found] == [
        text_call(n, at_ns=NOW).snapshot_id for n in (4, 3)
    ]
    assert found[0].why == "1 of the 2 newest"


def test_every_route_gets_its_floor():
    """If it failed, a quiet route would have no case at all."""
    found = pool("every route at least 2", [("busy", 1.0)] * 30 + [("quiet", 1.0)])
    assert [each.why for each in found] == [
        "1 of 2 for route busy",
        "2 of 2 for route busy",
        "1 of 1 for route quiet",
    ]


def test_representatives_follow_the_traffic_and_leave_nobody_out():
    """If it failed, fifty cases would be fifty times the busiest route."""
    calls = [("busy", 60.0)] * 20 + [("calm", 6.0)] * 20 + [("rare", 1.0)]
    found = pool("the 10 cases that represent last week", calls)
    counts = dict.fromkeys(("busy", "calm", "rare"), 0)
    for each in found:
        counts[each.why.split("route ")[1].split()[0]] += 1
    assert counts == {"busy": 8, "calm": 1, "rare": 1}
    assert "90.8% of traffic" in found[0].why


@pytest.mark.parametrize(
    "rule",
    [
        "the 5 cases that represent last week",
        "5 newest calls",
        "every route at least 5",
    ],
)
def test_near_duplicates_are_one_case(rule):
    """If it failed, a template with another number would fill a suite."""
    calls = [("a", 1.0)] * 6
    found = pool(rule, calls, text="Order 7: total?")
    assert len(found) == 1
    assert "5 near-duplicates collapsed" in found[0].why


def test_the_pool_is_bounded():
    """If it failed, a month of traffic would stand in memory to pick three cases."""
    found = Pool(parse("every route at least 1"))
    for number in range(500):
        found.add(hit_of(number), 1.0)
    assert len(list(found.candidates())) <= 16
