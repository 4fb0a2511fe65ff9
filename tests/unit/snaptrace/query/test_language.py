"""Filter language: what it reads, what it lets through, what it refuses."""

import pytest
from fakes.stored_calls import text_call
from msgspec.structs import replace

from snaptrace.query.facts import facts_of, texts_of
from snaptrace.query.fields import FIELDS, completions, help_rows
from snaptrace.query.language import FilterError, Known, parse
from snaptrace.snapshot.model import Answer, Media, ToolCall, Usage

NOW = 1_800_000_000 * 10**9
DAY = 86_400 * 10**9


def call(**more):
    """Return one recorded call."""
    return text_call(
        7,
        at_ns=NOW - 2 * DAY,
        media=(Media(kind="image", mime="image/png", state="redacted"),),
        strata=("language:de", "tools"),
        attributes={"tenant": "acme inc"},
        **more,
    )


SHOWN = call()


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("service=shop", True),
        ("service=cart,shop", True),
        ("service!=shop", False),
        ("service=sh*", True),
        ("service=sh* modality=image", False),
        ("outcome=refused", False),
        ("outcome=answered,error", True),
        ("media=image", True),
        ("has=audio", False),
        ("language=de", True),
        ("stratum=tools", True),
        ('attribute.tenant="acme inc"', True),
        ("attribute.tenant=other", False),
        ("attribute.other=x", False),
        ("since=3d", True),
        ("since=1d", False),
        ("until=1d", True),
        ("time>=2027-01-10", True),
        ("time<2027-01-10T00:00", False),
        ("turn>=1", True),
        ("input_tokens>11", False),
        ("input_tokens<=11", True),
        ("probability>=0.5", True),
        ("probability<0.5", False),
        ("uniform=yes", True),
        ("uniform=no", False),
        ("tool=*", False),
    ],
)
def test_what_a_filter_lets_through(text, matches):
    """If it failed, a list, an export or a suite would hold other calls than asked."""
    known = Known(probability=lambda _: 0.5, uniform=lambda _: True)
    assert parse(text, NOW).matches(facts_of(SHOWN), known) is matches


def test_tools_and_refusals_are_read_from_the_answer():
    """If it failed, refusals with a field of their own would be no refusals."""
    answer = Answer(refusal="no", tool_calls=(ToolCall(name="book", arguments="{}"),))
    facts = facts_of(text_call(1, at_ns=NOW, service="s"))
    assert not parse("tool=book", NOW).matches(facts)
    told = facts_of(replace(SHOWN, answer=answer))
    assert parse("tool=book outcome=refused", NOW).matches(told)


def test_unknown_numbers_meet_no_comparison():
    """If it failed, calls without usage would pass for short ones."""
    answer = Answer(text="x", usage=Usage())
    facts = facts_of(replace(SHOWN, answer=answer))
    assert not parse("input_tokens<5", NOW).matches(facts)
    assert not parse("input_tokens>=5", NOW).matches(facts)


def test_text_is_looked_for_in_the_newest_turn_and_the_answer():
    """If it failed, a phrase that a user wrote would not be found."""
    query = parse("text~'TOTAL of order' text~42", NOW)
    assert query.matches_text(tuple(texts_of(SHOWN)))
    assert not parse("text~elsewhere", NOW).matches_text(tuple(texts_of(SHOWN)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("service", "column 1: write FIELD=VALUE"),
        ("service=shop modality", "column 14: write"),
        ("srvice=shop", "did you mean service?"),
        ("wholly=x", "there are id, trace"),
        ("modality=smell", "it is one of text, image"),
        ("service>shop", "service takes = !="),
        ("turn=many", "'many' is no number"),
        ("time>=May", "'May' is no time"),
        ("text=total", "text takes ~"),
        ("service=*a*b*c*d*e*", "more than 4 stars"),
        ("service=" + "x" * 2_000, "longer than 1000"),
        (" ".join(["turn=1"] * 40), "more than 32 terms"),
        ("service='open", "column 1"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text, said):
    """If it failed, a misspelt filter would list everything, or nothing."""
    with pytest.raises(FilterError) as caught:
        parse(text, NOW)
    assert said in str(caught.value)


def test_help_and_completion_know_every_field():
    """If it failed, a field would exist that nobody can find."""
    assert len(help_rows()) == len(FIELDS) + 1
    assert completions("modality=im") == ["modality=image"]
    assert "service=" in completions("ser")
    assert completions("nothing") == []
