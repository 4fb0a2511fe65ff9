"""Which quota reservoirs a call belongs to, and what is rejected undecoded."""

import msgspec
import pytest

from collector.reservoir import PreThreshold, ReservoirConfig, RouteRule, StratumRule
from collector.reservoir.strata import conversation_of, route, strata
from snaptrace.snapshots.model import (
    Answer,
    Fidelity,
    Request,
    Snapshot,
    ToolCall,
    Usage,
)
from snaptrace.snapshots.segment import RANK_SPAN


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


def test_within_the_budget_nothing_is_rejected():
    """Quiet services would be sampled although there is room for all."""
    bar = PreThreshold(100)
    for _ in range(50):
        assert bar.admits("a", 1)
    assert bar.adapt(1.0) == {}
    assert bar.value("a") == 0


def test_above_the_budget_services_share_alike():
    """One noisy service would take all the room, or the sidecar all the CPU."""
    bar = PreThreshold(100)
    for _ in range(1000):
        bar.admits("noisy", 1)
    for _ in range(20):
        bar.admits("quiet", 1)
    changed = bar.adapt(1.0)
    assert set(changed) == {"noisy"}
    assert changed["noisy"] / RANK_SPAN == pytest.approx(1 - 80 / 1000, abs=0.001)
    assert not bar.admits("noisy", changed["noisy"])
    assert bar.admits("noisy", changed["noisy"] + 1)
    assert bar.admits("quiet", 1)


def test_the_bar_comes_down_slowly_and_goes_in_the_end():
    """A burst would overrun the budget again, or leave the bar up for ever."""
    bar = PreThreshold(100)
    for _ in range(1000):
        bar.admits("a", 1)
    seen = [bar.adapt(1.0)["a"]]
    for _ in range(40):
        bar.adapt(1.0)
        seen.append(bar.value("a"))
    assert seen[1] > 0
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 0


def test_without_a_budget_there_is_no_bar():
    """Nought would mean that nothing is decoded."""
    bar = PreThreshold(0)
    for _ in range(10_000):
        assert bar.admits("a", 1)
    assert bar.adapt(0.001) == {}
