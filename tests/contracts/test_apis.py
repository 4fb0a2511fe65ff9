"""Every API shape keeps its promise, over bodies that real SDKs sent."""

import json
from pathlib import Path

import msgspec
import pytest
from measure.compare import leaves, normal
from measure.recordings import from_archive

from snaptrace.snapshot.apis import APIS, UnmappableError
from snaptrace.snapshot.apis.catalogue import FIELDS
from snaptrace.snapshot.apis.fields import all_but, expand
from snaptrace.snapshot.model import MediaRef

_ARCHIVE = Path(__file__).parents[1] / "golden" / "corpus" / "recordings.tar.zst"
_BODIES = Path(__file__).parents[1] / "golden" / "apis"
_ENDS = {
    "/chat/completions": "openai_chat",
    "/responses": "openai_responses",
    "/messages": "anthropic_messages",
    "generateContent": "gemini_generate_content",
    "streamGenerateContent": "gemini_generate_content",
    "/embeddings": "openai_embeddings",
    "/images/generations": "openai_image_generation",
    "/audio/speech": "openai_speech",
}
ODD = [
    None,
    5,
    "text",
    [],
    [1],
    {},
    {"messages": 5, "input": 5, "contents": 5, "prompt": 5, "tools": 5},
    {"messages": [None, 5, "x", [], {}], "input": [None, 5, "x", [], {}]},
    {"contents": [None, 5, "x", {"parts": [None, 5, {"inlineData": {}}]}]},
    {"messages": [{"role": 5, "content": [None, {"type": "image_url"}]}]},
    {"messages": [{"role": "user", "content": {"a": 1}, "tool_calls": [5]}]},
    {"tools": [None, 5, {"function": 5}], "tool_choice": [], "system": 5},
    {"response_format": 5, "text": 5, "reasoning": 5, "generationConfig": 5},
    {"system": [5], "inferenceConfig": 5, "toolConfig": 5, "options": 5, "images": 5},
    {"toolConfig": {"tools": [None, {}, {"toolSpec": 5}], "toolChoice": {"any": 5}}},
    {"messages": [{"content": [{"image": 5}, {"image": {"source": {"bytes": 5}}}]}]},
    {"messages": [{"content": [{"toolUse": {}}, {"toolResult": {"content": 5}}]}]},
    {"anthropic_version": 5, "messages": 5},
    {"prompt": "x", "max_gen_len": 5, "images": [5]},
    {"format": {}, "tool_choice": "any", "images": [5, None]},
    {"stop": 5, "temperature": "hot", "toolConfig": {"functionCallingConfig": 5}},
]


def _bodies():
    found = []
    for case in from_archive(_ARCHIVE):
        for request in case.requests:
            path = request.path.partition("?")[0]
            api = next((a for end, a in _ENDS.items() if path.endswith(end)), None)
            if api is not None and isinstance(request.body, dict):
                found.append((api, request.body))
    for file in sorted(_BODIES.glob("*.jsonl")):
        lines = file.read_text().splitlines()
        found.extend((file.stem, json.loads(line)) for line in lines)
    return found


@pytest.fixture(scope="module")
def bodies():
    return _bodies()


@pytest.mark.parametrize("name", sorted(APIS))
def test_recorded_bodies_come_back_as_they_were(name, bodies):
    """A body parsed and rendered again would ask the model something else."""
    api = APIS[name]
    mine = [body for of, body in bodies if of == name]
    for body in mine:
        back = api.render(api.parse(body))
        if name == "gemini_generate_content":
            back, body = _camel(back), _camel(body)  # noqa: PLW2901 - both spellings are one
        assert leaves(normal(back)) == leaves(normal(body))


def _camel(value):
    if isinstance(value, dict):
        return {_camel_key(key): _camel(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_camel(inner) for inner in value]
    return value


def _camel_key(key):
    head, *more = key.split("_")
    return head + "".join(word.capitalize() for word in more)


@pytest.mark.parametrize("name", sorted(APIS))
def test_a_rendered_conversation_parses_to_itself(name, bodies):
    """A view that changes on its way through a body could not be relied on."""
    api = APIS[name]
    for of, body in bodies:
        if of == name:
            once = api.parse(body)
            assert api.parse(api.render(once)) == once


@pytest.mark.parametrize("name", sorted(APIS))
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:30])
def test_no_json_is_too_odd_to_parse(name, odd):
    """A parser that raises would take a recorded call with it."""
    APIS[name].parse(odd)


@pytest.mark.parametrize("name", ["openai_chat", "openai_responses"])
def test_references_survive_the_view(name):
    """Stored media would be lost on the way to another API."""
    ref = MediaRef(0, "data_url")
    body = {
        "openai_chat": {
            "model": "m",
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": ref}}],
                }
            ],
        },
        "openai_responses": {
            "model": "m",
            "input": [
                {"role": "user", "content": [{"type": "input_image", "image_url": ref}]}
            ],
        },
    }[name]
    assert APIS[name].render(APIS[name].parse(body)) == body


def test_media_cross_to_an_api_that_wants_bare_base64():
    """An image recorded as a data URL would reach Anthropic as text."""
    body = {
        "model": "m",
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image_url",
                        "image_url": {"url": "data:image/png;base64,aGk="},
                    }
                ],
            }
        ],
    }
    crossed = APIS["anthropic_messages"].render(APIS["openai_chat"].parse(body))
    assert crossed["messages"][0]["content"][0]["source"] == {
        "type": "base64",
        "media_type": "image/png",
        "data": "aGk=",
    }


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("bedrock_converse", {"image": {"format": "png", "source": {"bytes": "REF"}}}),
        ("cohere_chat", {"type": "image_url", "image_url": {"url": "REF"}}),
        ("mistral_chat", {"type": "document_url", "document_url": "REF"}),
    ],
)
def test_media_of_newer_apis_are_parts_with_references(name, body):
    """If it failed, an image would not count in the modality of its call."""
    ref = MediaRef(0, "base64")
    part = _with_ref(body, ref)
    whole = {"messages": [{"role": "user", "content": [part]}]}
    view = APIS[name].parse(whole)
    (medium,) = view.messages[0].parts
    assert medium.ref == ref
    assert APIS[name].render(view)["messages"][0]["content"][0].keys() == part.keys()


def _with_ref(value, ref):
    if isinstance(value, dict):
        return {key: _with_ref(inner, ref) for key, inner in value.items()}
    return ref if value == "REF" else value


@pytest.mark.parametrize(
    ("model", "sign"),
    [
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "anthropic_version"),
        ("amazon.nova-lite-v1:0", "inferenceConfig"),
        ("meta.llama3-1-70b-instruct-v1:0", "max_gen_len"),
    ],
)
def test_an_invoked_model_is_given_its_familys_body(model, sign):
    """If it failed, a body of one family would be sent to a model of another."""
    message = {"role": "user", "content": "x"}
    asked = {"model": model, "messages": [message], "max_tokens": 5}
    view = APIS["openai_chat"].parse(asked)
    assert sign in APIS["bedrock_invoke"].render(view)
    with pytest.raises(UnmappableError, match="model"):
        APIS["bedrock_invoke"].render(msgspec.structs.replace(view, model="other"))


def test_an_arn_stays_one_segment_of_a_path():
    """If it failed, the slashes of an ARN would name another resource."""
    arn = "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/a.b-v1:0"
    path = APIS["bedrock_converse"].path(arn)
    assert path.count("/") == 3
    assert path.endswith("%2Fa.b-v1%3A0/converse")


def test_an_api_refuses_by_name_what_it_cannot_say():
    """A parameter silently dropped would change what is asked."""
    conversation = APIS["openai_chat"].parse(
        {"model": "m", "messages": [{"role": "user", "content": "x"}], "seed": 1}
    )
    with pytest.raises(ValueError, match="seed"):
        APIS["anthropic_messages"].render(conversation)


def test_every_row_has_fields_and_a_path():
    """An API without a catalogue could not declare what was not observed."""
    for name, api in APIS.items():
        assert FIELDS[name], name
        assert api.path("m").startswith("/")
        assert api.name == name


def test_fields_expand_to_leaves_and_complements():
    """A group's name would stand in a record where leaf paths belong."""
    assert expand("openai_chat", ("audio",)) == ("audio.format", "audio.voice")
    assert "seed" not in all_but("openai_chat", ("seed", "tools"))
    assert not any(p.startswith("tools") for p in all_but("openai_chat", ("tools",)))


def test_views_are_data():
    """A view that cannot be encoded could not be shown."""
    view = APIS["openai_chat"].parse({"messages": [{"role": "user", "content": "x"}]})
    assert msgspec.json.encode(view)
