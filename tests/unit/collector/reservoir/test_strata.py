"""Which quota reservoirs a call belongs to."""

import msgspec
import pytest

from collector.reservoir import ReservoirConfig, RouteRule, StratumRule
from collector.reservoir.strata import conversation_of, route, strata
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Request,
    Snapshot,
    ToolCall,
    Usage,
)


def snapshot(user="hello there", system="You are kind.", tools=(), **rest):
    """Return a chat call."""
    body = {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
        ],
        "tools": [{"type": "function", "function": {"name": name}} for name in tools],
    }
    fields = {
        "snapshot_id": "0" * 32,
        "trace_id": "0" * 32,
        "span_id": "0" * 16,
        "service": "shop",
        "operation": "chat",
        "modality": "text",
        "request": Request(api="openai_chat", body=body),
        "answer": Answer(),
        "fidelity": Fidelity(level="exact"),
    }
    return Snapshot(**{**fields, **rest})


def strata_of(one, **settings):
    """Return a call's strata, its route left out."""
    config = ReservoirConfig(**settings)
    found = strata(one, conversation_of(one), "x", config)
    return {name for name in found if not name.startswith("route:")}


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        ({}, set()),
        ({"answer": Answer(outcome="refused")}, {"refused"}),
        ({"answer": Answer(outcome="error")}, {"error"}),
        ({"answer": Answer(outcome="truncated")}, {"truncated"}),
        ({"answer": Answer(usage=Usage(input_tokens=40_000))}, {"long_context"}),
        ({"answer": Answer(tool_calls=(ToolCall(name="x", arguments=""),))}, {"tools"}),
        ({"tools": ("search",)}, {"tools"}),
        ({"request": Request(api="", body=None)}, set()),
    ],
)
def test_rare_things_have_a_quota(rest, wanted):
    """Refusals and errors would drown in ordinary traffic."""
    assert strata_of(snapshot(**rest)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("What is the best way to get to the station?", set()),
        ("Wie komme ich mit der Bahn und nicht mit dem Auto?", {"language:de"}),
        ("¿Cómo está el tiempo en Madrid y por qué es así?", {"language:es"}),
        ("Quelle est la capitale de la France, et où est-elle?", {"language:fr"}),
        ("Как дела сегодня?", {"language:cyrillic"}),
        ("今日の天気はどうですか", {"language:hiragana"}),
        ("كيف حالك اليوم", {"language:arabic"}),
        ("x = 1; y = 2", set()),
        ("ok", set()),
        ("", set()),
    ],
)
def test_languages_other_than_english_have_a_quota(text, wanted):
    """A model that unlearns a language would pass."""
    assert strata_of(snapshot(user=text)) == wanted


def test_rules_of_the_operator_make_strata():
    """A small but important customer would never be drawn."""
    rule = StratumRule(name="gold", attribute="plan", values=("gold",))
    any_rule = StratumRule(name="trial", attribute="trial")
    one = snapshot(attributes={"plan": "gold", "trial": "x"})
    assert strata_of(one, strata=(rule, any_rule)) == {"rule:gold", "rule:trial"}
    assert strata_of(snapshot(attributes={"plan": "no"}), strata=(rule,)) == set()


def test_a_route_is_the_prompt_without_its_numbers_and_the_tools():
    """Every day would be a route of its own, because the prompt has the date."""

    def of(one, *rules):
        return route(one, conversation_of(one), rules)

    one = snapshot(system="Today is 2026-11-22. Be kind.")
    assert of(one) == of(snapshot(system="Today is 2027-01-03.   Be kind."))
    assert of(one) == of(snapshot("something else", system="Today is 1-1-1. Be kind."))
    routes = {of(snapshot(system=f"You are {name}.")) for name in "abcdefghijkl"}
    assert len(routes) > 4
    assert all(len(name) == 2 and int(name) < 32 for name in routes)
    tools = of(snapshot(tools=("b", "a")))
    assert tools == of(snapshot(tools=("a", "b")))
    rule = RouteRule(name="kind_one", prompt_contains="Be kind", service="shop")
    assert of(one, rule) == "kind_one"
    assert of(msgspec.structs.replace(one, service="x"), rule) != "kind_one"
