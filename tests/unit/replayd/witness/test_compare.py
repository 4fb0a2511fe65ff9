import pytest
from fakes.stored_calls import text_call

from replayd.config import AppliesTo, ArmConfig, OverridesConfig
from replayd.model import ArmAnswer, PairAnswers
from replayd.witness.compare import altered, compare
from snaptrace.snapshot.model import Answer, Fidelity, Redaction, Request, Usage

ARM = ArmConfig(role="control", url="https://a.example", model="m")


def _witness(*, recorded, control, second=None, api="openai_chat", **more):
    body = more.pop("body", {"messages": []})
    call = text_call(
        1,
        at_ns=1,
        answer="x",
        request=Request(api=api, model="alias", body=body),
        **{"scope": "lib", "scope_version": "1", **more},
    )
    usage = recorded if isinstance(recorded, Usage) else Usage(input_tokens=recorded)
    model = more.pop("answering", "m-1")
    call = _replace(call, usage, model)
    answers = PairAnswers(
        number=0,
        snapshot_id=call.snapshot_id,
        canary=ArmAnswer(outcome="answered"),
        control=control,
        second_control=second,
    )
    return compare(call, answers)


def _replace(call, usage, model):
    from msgspec.structs import replace  # noqa: PLC0415 - only here

    return replace(call, answer=Answer(model=model, usage=usage))


def _control(tokens, **more):
    usage = tokens if isinstance(tokens, Usage) else Usage(input_tokens=tokens)
    fields = {"outcome": "answered", "served_model": "m-1", "usage": usage, **more}
    return ArmAnswer(**fields)


def test_the_counts_stand_beside_each_other():
    """A pair's witness would be about another row, or another count."""
    found = _witness(recorded=90, control=_control(88), second=_control(87))
    assert found.row == ("lib", "1", "chat", "openai_chat", "text", "")
    assert (found.recorded, found.again, found.none) == (90, 87, "")


@pytest.mark.parametrize(
    ("why", "facts"),
    [
        ("no_count", {"recorded": None, "control": _control(88)}),
        ("no_count", {"recorded": 90, "control": _control(None)}),
        ("no_control", {"recorded": 90, "control": None}),
        ("other_model", {"recorded": 90, "control": _control(88, served_model="n")}),
        ("other_model", {"recorded": 90, "control": _control(88, served_model="")}),
        ("other_api", {"recorded": 90, "control": _control(88, altered="other_api")}),
        (
            "known_loss",
            {
                "recorded": 90,
                "control": _control(88),
                "fidelity": Fidelity(level="lossy", missing=("response_format",)),
            },
        ),
        (
            "redacted",
            {
                "recorded": 90,
                "control": _control(88),
                "redaction": Redaction(counts={"email": 1}),
            },
        ),
    ],
)
def test_counts_that_say_nothing_are_named(why, facts):
    """A count of another request or model would prove a loss that is none."""
    assert _witness(**facts).none == why


def test_cached_tokens_are_added_where_a_provider_counts_them_apart():
    """Every cached prompt at Anthropic would look like invented content."""
    apart = Usage(input_tokens=10, cached_tokens=60, cache_written_tokens=20)
    found = _witness(recorded=apart, control=_control(90), api="anthropic_messages")
    assert found.recorded == 90
    summed = Usage(input_tokens=90, cached_tokens=60, cache_written_tokens=20)
    found = _witness(recorded=summed, control=_control(90), api="anthropic_messages")
    assert found.recorded == 90
    found = _witness(recorded=apart, control=_control(90))
    assert found.recorded == 10


def test_an_unknown_cache_is_no_witness():
    """A library that leaves cached tokens out would seem to invent content."""
    cached = Usage(input_tokens=90, cached_tokens=80)
    facts = {"control": _control(cached), "api": "anthropic_messages"}
    assert _witness(recorded=10, **facts).none == "cache_unknown"
    assert _witness(recorded=90, **facts).none == ""


def test_what_an_arm_changes_by_intention_is_told():
    """A prompt candidate's own system prompt would count as a loss."""
    assert altered(ARM, "openai_chat", ()) == ""
    assert altered(ARM, "openai_responses", ()) == "other_api"
    sampling = OverridesConfig(params={"temperature": 0})
    named = {"role": "control", "url": "https://a", "model": "m"}
    assert altered(ArmConfig(**named, overrides=sampling), "openai_chat", ()) == ""
    prompt = OverridesConfig(system="Be brief.")
    arm = ArmConfig(**named, overrides=prompt, applies_to=AppliesTo())
    assert altered(arm, "openai_chat", ()) == "overridden"
    assert altered(ARM, "openai_chat", ("temperature",)) == ""
    assert altered(ARM, "openai_chat", ("response_format",)) == "left_out"


def test_fields_that_cost_tokens_are_told_from_those_that_do_not():
    """Every snapshot names some parameter, and any loss would pass for named."""
    facts = {"recorded": 90, "control": _control(88)}
    for path, named in [
        ("tools.function.parameters", True),
        ("response_format.json_schema.schema", True),
        ("instructions", True),
        ("tools.function.strict", False),
        ("temperature", False),
        ("messages.name", False),
    ]:
        fidelity = Fidelity(level="as_observed", unobserved=("seed", path))
        assert _witness(fidelity=fidelity, **facts).named is named
