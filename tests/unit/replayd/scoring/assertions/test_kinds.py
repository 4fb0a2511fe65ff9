"""Kinds of assertions: what meets them, what they take, where they apply."""

import pytest
from fakes.scoring_cases import answer_of, case_of

from replayd.scoring.assertions import KINDS, met, problem_of
from replayd.scoring.contract import Said

CALL = {"name": "book", "arguments": '{"city": "Oslo", "day": "2026-05-03", "n": 2}'}
SOURCES = "[1] The fee is 20 euros. [2] The office opens at nine."


@pytest.mark.parametrize(
    ("kind", "wanted", "answer", "expected"),
    [
        ("contains", "total", "The TOTAL is 4.", True),
        ("excludes", "sorry", "The total is 4.", True),
        ("excludes", "sorry", "Sorry, no.", False),
        ("equals", "yes", "Yes", True),
        ("mentions", ["order 17", "Oslo"], "Order 17 went to Oslo.", True),
        ("mentions", "art", "The cart is empty.", False),
        ("does_not_mention", ["refund"], "No refunds here, a refund is due.", False),
        ("does_not_mention", "fund", "A refund is due.", True),
        ("matches", r"order-\d{3}", "see order-117", True),
        ("matches", r"^order$", "see order-117", False),
        ("max_words", 3, "one two three", True),
        ("max_words", 3, "one two three four", False),
        ("number", 42.7, "It is 42.7.", True),
        ("number", "42.7 ± 1 %", "It is 43.1 kg", True),
        ("number", "42.7 ± 1 %", "It is 43.2 kg", False),
        ("number", "1,000 +- 5", "about 1.004 units", True),
        ("number", "-5 ± 0.1", "It is 5.", False),
        ("field", {"order.total": 42.5}, '{"order": {"total": 42.5, "x": 1}}', True),
        ("field", {"order.total": 42.5}, '{"order": {"total": 45.2}}', False),
        ("field", {"total": 1}, "no JSON", False),
        ("json", {"a": 1}, '```json\n{"a": 1, "b": 2}\n```', True),
        ("schema", {"type": "object", "required": ["a"]}, '{"a": 1}', True),
        ("schema", {"type": "object", "required": ["a"]}, '{"b": 1}', False),
        ("refuses", True, "I'm sorry, but I can't help with that.", True),
        ("refuses", False, "I'm sorry, but I can't help with that.", False),
        ("language", "de", "Der Gesamtbetrag beläuft sich auf 42 Euro.", True),
        ("language", "en", "Der Gesamtbetrag beläuft sich auf 42 Euro.", False),
        ("cites_only_given", True, "The fee is 20 euros [1].", True),
        ("cites_only_given", True, "The fee is 20 euros [7].", False),
        ("cites_only_given", True, "See https://example.org/fees.", False),
    ],
)
def test_what_meets_an_assertion(kind, wanted, answer, expected):
    """If it failed, a pinned expectation would be met by what breaks it."""
    case = case_of(answer_of("x"), question=f"What is the fee? {SOURCES}")
    assert met(kind, wanted, Said(answer_of(answer)), case) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"name": "book"}, True),
        ({"name": "book", "arguments": {"city": "Oslo", "n": 2}}, True),
        ({"name": "book", "arguments": {"city": "Bergen"}}, False),
        ({"name": "book", "arguments": {"day": {"matches": "^2026-"}}}, True),
        ({"name": "book", "arguments": {"day": {"matches": "^2025-"}}}, False),
        ({"name": "book", "arguments": {"country": "NO"}}, False),
        ({"name": "cancel"}, False),
    ],
)
def test_tool_calls_with_arguments(wanted, expected):
    """If it failed, the right tool with a wrong argument would pass."""
    case = case_of(answer_of("", [CALL]), tools=[{"name": "book"}])
    assert met("tool_call", wanted, Said(answer_of("", [CALL])), case) is expected
    assert met("tool", "book", Said(answer_of("", [CALL])), case)


@pytest.mark.parametrize(
    "assertion",
    [
        7,
        [],
        {},
        {"bogus": 1},
        {"number": "many"},
        {"number": "many ± 1 %"},
        {"number": True},
        {"matches": "(a+"},
        {"matches": "(?=look)"},
        {"matches": "(a{1000}){1000}"},
        {"max_words": 0},
        {"field": {"a": [1]}},
        {"schema": {"type": "nonsense"}},
        {"tool_call": {"arguments": {}}},
        {"tool_call": {"name": "x", "arguments": {"a": {"like": "b"}}}},
        {"refuses": "yes"},
        {"language": "German"},
        {"mentions": []},
        {"cites_only_given": "yes"},
    ],
)
def test_what_cannot_be_asserted_is_said(assertion):
    """If it failed, a mistake in an expectation would turn up at the next release."""
    assert problem_of(assertion)


def test_a_pattern_that_explodes_elsewhere_takes_linear_time_here():
    """If it failed, one line of a suite could stall every pipeline."""
    case, said = case_of(answer_of("x")), Said(answer_of("a" * 200_000 + "b"))
    assert not met("matches", "(a+)+$", said, case)


@pytest.mark.parametrize(
    ("kind", "wanted", "recorded", "applies"),
    [
        ("tool", "book", answer_of("", [CALL]), True),
        ("tool", "cancel", answer_of("", [CALL]), False),
        ("field", {"a": 1}, answer_of("prose"), False),
        ("field", {"a": 1}, answer_of('{"a": 1}'), True),
        ("schema", True, answer_of("prose"), False),
        ("cites_only_given", True, answer_of("prose"), False),
        ("contains", "x", answer_of("prose"), True),
    ],
)
def test_what_cannot_apply_to_a_case_is_said(kind, wanted, recorded, applies):
    """If it failed, an assertion that nothing can meet would fail at run time."""
    case = case_of(recorded, question="Book it.", tools=[{"name": "book"}])
    assert bool(KINDS[kind].inapplicable(wanted, case)) is not applies
