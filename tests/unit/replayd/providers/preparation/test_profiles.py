"""What models refuse is known before it is sent, and taken out for both arms alike."""

import json
from pathlib import Path

import pytest
from fakes.strict_provider import refusal
from test_apis import _bodies
from test_providers import recorded

from replayd.providers import PROVIDERS
from replayd.providers.contract import Overrides, ProviderRequest, Refusal
from replayd.providers.preparation.profiles import profile_of, profiles

MODELS = {
    "o3-mini": ("openai_chat", "openai_responses"),
    "gpt-5-mini": ("openai_chat", "openai_responses"),
    "gpt-4o-mini": ("openai_chat", "openai_responses"),
    "claude-sonnet-4-5": ("anthropic_messages",),
    "claude-opus-4-7": ("anthropic_messages",),
    "mistral-large-latest": ("openai_chat", "mistral_chat"),
}
TARGETS = [(model, api) for model, apis in MODELS.items() for api in apis]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
CLOSED = {**SCHEMA, "additionalProperties": False}
_GOLDEN = Path(__file__).parents[4] / "golden" / "crossing"


def _corpus():
    """Yield recorded bodies, and every part that the crossing table knows."""
    yield from _bodies()
    for file in sorted(_GOLDEN.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            case = json.loads(line)
            if not case.get("mime"):
                yield file.stem, case["body"]


def chat(**fields):
    return {"messages": [{"role": "user", "content": "Say it in JSON."}], **fields}


def build(api, model, body, source="openai_chat", **overrides):
    snapshot = recorded(source, body)
    return PROVIDERS[api].request(snapshot, {}, model, Overrides(**overrides))


def sent(*args, **more):
    found = build(*args, **more)
    assert isinstance(found, ProviderRequest), found
    return json.loads(found.body)


@pytest.mark.parametrize(("model", "api"), TARGETS)
def test_a_strict_server_refuses_nothing_that_is_sent(model, api):
    """If it failed, a canary would be called broken for what no model of it takes."""
    refused, spared = [], 0
    for source, body in _corpus():
        for profile in ("", "none"):
            found = build(api, model, body, source, profile=profile)
            if not isinstance(found, ProviderRequest):
                continue
            words = refusal(found.path, json.loads(found.body))
            if profile:
                spared += words is not None
            elif words:
                refused.append((source, words, found.body))
    assert refused == []
    assert spared  # the server is strict, or this test would prove nothing


def test_max_tokens_has_its_newer_name_for_reasoning_models():
    """If it failed, every call with a bound would be refused by them."""
    body = sent("openai_chat", "o3-mini", chat(max_tokens=9))
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body


def test_what_is_left_out_is_named_and_the_other_arm_loses_it_too():
    """If it failed, two arms would be compared at different temperatures."""
    body = chat(temperature=0.2, top_p=0.9, seed=1)
    canary = build("openai_chat", "gpt-5-mini", body)
    assert canary.left_out == ("temperature", "top_p")
    control = build("openai_chat", "gpt-4o", body, leave_out=canary.left_out)
    assert control.left_out == canary.left_out
    assert not {"temperature", "top_p"} & set(json.loads(control.body))
    assert json.loads(control.body)["seed"] == 1


def test_a_value_that_is_the_default_stays():
    """If it failed, arms would lose what nobody refuses."""
    found = build("openai_chat", "gpt-5-mini", chat(temperature=1, top_p=0.5))
    assert found.left_out == ("top_p",)


def test_of_two_samplers_the_temperature_stays():
    """If it failed, newer Claude models would refuse each such call."""
    found = build("anthropic_messages", "claude-opus-4-1", chat(temperature=0, top_p=1))
    assert found.left_out == ("top_p",)
    assert json.loads(found.body)["temperature"] == 0


@pytest.mark.parametrize(
    ("effort", "left"), [({}, ()), ({"reasoning_effort": "low"}, ("temperature",))]
)
def test_some_models_take_a_temperature_while_they_do_not_reason(effort, left):
    """If it failed, a setting that counts would be lost without need."""
    found = build("openai_chat", "gpt-5.1", chat(temperature=0.5, **effort))
    assert found.left_out == left


@pytest.mark.parametrize(
    ("api", "model", "body", "path"),
    [
        ("openai_responses", "gpt-4o", chat(max_tokens=5), "max_output_tokens"),
        (
            "openai_chat",
            "gpt-4o",
            chat(
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "n", "strict": True, "schema": SCHEMA},
                }
            ),
            "strict_schema",
        ),
        (
            "anthropic_messages",
            "claude-3-haiku",
            {"messages": [{"role": "user", "content": " "}]},
            "messages.content",
        ),
        (
            "anthropic_messages",
            "claude-3-haiku",
            {
                "messages": [
                    {"role": "assistant", "content": "x"},
                    {"role": "user", "content": "y"},
                ]
            },
            "messages: first role",
        ),
        ("mistral_chat", "mistral-small", chat(temperature=1.9), "temperature"),
    ],
)
def test_what_cannot_be_mended_is_not_sent(api, model, body, path):
    """If it failed, the refusal would stand as evidence against one arm."""
    found = build(api, model, body)
    assert isinstance(found, Refusal)
    assert found.reason == "model_refuses"
    assert found.paths[0].startswith(path)


def test_thinking_without_a_signature_is_not_sent():
    """If it failed, a history with thinking would be a failure of the canary."""
    turn = {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}]}
    user = {"role": "user", "content": "x"}
    body = {"max_tokens": 5, "messages": [user, turn, user]}
    api = "anthropic_messages"
    found = build(api, "claude-sonnet-4-0", body, source=api)
    assert found.paths == ("messages.content.thinking.signature",)


def test_a_strict_schema_that_is_closed_is_sent():
    """If it failed, structured outputs could not be replayed at all."""
    form = {"name": "", "strict": True, "schema": CLOSED}
    asked = {"type": "json_schema", "json_schema": form}
    body = sent("openai_chat", "gpt-4o", chat(response_format=asked))
    assert body["response_format"]["json_schema"]["name"] == "response"


def test_ids_of_calls_are_replaced_together_for_mistral():
    """If it failed, a tool's result would answer no call."""
    call = {"id": "call_1", "function": {"name": "f", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "y"},
    ]
    body = sent("openai_chat", "mistral-large-2411", {"messages": turns, "seed": 3})
    made = body["messages"][1]["tool_calls"][0]["id"]
    assert len(made) == 9
    assert body["messages"][2]["tool_call_id"] == made
    assert body["random_seed"] == 3


def test_the_operator_can_name_a_family_or_none():
    """If it failed, a deployment's own name would hide the model behind it."""
    body = chat(temperature=0.2)
    assert build("openai_chat", "my-deploy", body).left_out == ()
    named = build("openai_chat", "my-deploy", body, profile="openai_gpt5")
    assert named.left_out == ("temperature",)
    assert build("openai_chat", "gpt-5", body, profile="none").left_out == ()


def test_a_parameter_that_the_operator_sets_is_sent():
    """If it failed, an override would be dropped without a word."""
    body = sent("openai_chat", "gpt-5", chat(), params={"temperature": 0.5})
    assert body["temperature"] == 0.5


@pytest.mark.parametrize(
    ("api", "model", "family"),
    [
        ("openai_chat", "openai/o3-mini-2025-01-31", "openai_reasoning"),
        ("openai_chat", "gpt-5-chat-latest", "openai_chat_models"),
        ("openai_chat", "GPT-5-nano", "openai_gpt5"),
        ("openai_chat", "gpt-oss-120b", None),
        ("openai_chat", "mistralai/Mistral-7B-Instruct-v0.3", None),
        (
            "bedrock_converse",
            "us.anthropic.claude-opus-4-1-20250805-v1:0",
            "claude_one_sampler",
        ),
        ("anthropic_messages", "claude-sonnet-4-5@20250929", "claude_one_sampler"),
        ("anthropic_messages", "claude-3-5-haiku-latest", "claude"),
    ],
)
def test_a_models_name_tells_its_family(api, model, family):
    """If it failed, one family's rules would bend another's requests."""
    found = profile_of(api, model)
    assert (found.name if found else None) == family


def test_every_family_names_its_source():
    """If it failed, nobody could check a rule against its provider."""
    assert all(profile.source and profile.rules for profile in profiles())
