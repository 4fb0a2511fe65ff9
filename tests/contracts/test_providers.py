"""What every provider promises, run on every row of `PROVIDERS`."""

import email.policy
import json
from base64 import b64decode
from email.parser import BytesParser
from pathlib import Path

import msgspec
import pytest
from fakes.stored_calls import text_call
from hypothesis import given, settings
from hypothesis import strategies as st

from replayd.providers import PROVIDERS
from replayd.providers.contract import Overrides, ProviderRequest, Refusal
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import Media, MediaRef, Request

GOLDEN = Path(__file__).parents[1] / "golden" / "providers"
NOW = 1_800_000_000_000_000_000


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def with_refs(value):
    if isinstance(value, dict):
        if "$media" in value:
            return MediaRef(value["$media"], value["form"])
        return {key: with_refs(inner) for key, inner in value.items()}
    return [with_refs(v) for v in value] if isinstance(value, list) else value


def recorded(api, body, media=()):
    kept = tuple(
        Media(kind=m["kind"], mime=m["mime"], state="inline", digest="d") for m in media
    )
    request = Request(api=api, path="", model="old", body=with_refs(body))
    return text_call(1, at_ns=NOW, request=request, media=kept)


def sent_by(provider, case, overrides=None):
    media = case["request"]["media"]
    snapshot = recorded(provider.name, case["request"]["body"], media)
    blobs = {i: b64decode(m["base64"]) for i, m in enumerate(media)}
    return provider.request(snapshot, blobs, "new", overrides or Overrides())


EXCHANGES = [
    pytest.param(name, response, id=f"{name}-{number}-{response['name']}")
    for name in PROVIDERS
    for number, response in enumerate(golden(name)["responses"])
]
REFUSALS = [
    pytest.param(name, refusal, id=f"{name}-{number}-{refusal['reason']}")
    for name in PROVIDERS
    for number, refusal in enumerate(golden(name)["refusals"])
]


def test_rows_are_named_as_snapshots_name_them():
    """If it failed, a recorded call would never find its own provider."""
    assert all(PROVIDERS[name].name == name for name in PROVIDERS)
    assert set(PROVIDERS) <= set(APIS)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_recorded_call_is_sent_with_only_what_may_be_sent(name):
    """If it failed, a replay would differ silently, or be stored or sent by name."""
    case = golden(name)
    found = sent_by(PROVIDERS[name], case)
    assert isinstance(found, ProviderRequest)
    assert found.path == case["path"]
    assert found.headers == case.get("headers", {})
    if "sent" in case:
        assert json.loads(found.body) == case["sent"]
    else:
        head = f"Content-Type: {found.content_type}\r\n\r\n".encode()
        form = BytesParser(policy=email.policy.HTTP).parsebytes(head + found.body)
        parts = list(form.iter_parts())
        fields = {p.get_param("name", header="content-disposition"): p for p in parts}
        file = fields.pop("file")
        read = {n: p.get_payload(decode=True).decode() for n, p in fields.items()}
        assert read == case["sent_form"]
        found_file = [file.get_filename(), file.get_content_type()]
        assert found_file == case["sent_file"][:2]
        assert file.get_payload(decode=True) == b64decode(case["sent_file"][2])


@pytest.mark.parametrize("name", PROVIDERS)
def test_building_a_request_leaves_the_snapshot_alone(name):
    """If it failed, the second arm would be sent what the first one's build left."""
    case = golden(name)
    media = case["request"]["media"]
    snapshot = recorded(name, case["request"]["body"], media)
    blobs = {i: b64decode(m["base64"]) for i, m in enumerate(media)}
    overrides = Overrides(system="S", params={"temperature": 1})
    first = PROVIDERS[name].request(snapshot, blobs, "new", overrides)
    assert PROVIDERS[name].request(snapshot, blobs, "new", overrides) == first
    assert snapshot == recorded(name, case["request"]["body"], media)


@pytest.mark.parametrize(("name", "refusal"), REFUSALS)
def test_what_may_not_be_sent_is_refused_by_name(name, refusal):
    """If it failed, a replay could act at the provider or lose part of a request."""
    snapshot = recorded(name, refusal["body"])
    found = PROVIDERS[name].request(snapshot, {}, "new", Overrides())
    assert isinstance(found, Refusal)
    assert found.reason == refusal["reason"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_missing_media_are_refused(name):
    """If it failed, a call about an image would be replayed without the image."""
    case = golden(name)
    if not case["request"]["media"]:
        pytest.skip("takes no media")
    snapshot = recorded(name, case["request"]["body"], case["request"]["media"])
    found = PROVIDERS[name].request(snapshot, {}, "new", Overrides())
    assert isinstance(found, Refusal)
    assert found.reason == "media_missing"


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("state", ["external", "redacted", "truncated", "placeholder"])
def test_media_that_were_not_kept_are_refused(name, state):
    """If it failed, an unresolved URL would be fetched by the provider."""
    case = golden(name)
    snapshot = recorded(name, case["request"]["body"], case["request"]["media"])
    outside = Media(kind="image", mime="", state=state, path="messages.content")
    snapshot = msgspec.structs.replace(snapshot, media=(*snapshot.media, outside))
    blobs = dict.fromkeys(range(len(snapshot.media)), b"x")
    found = PROVIDERS[name].request(snapshot, blobs, "new", Overrides())
    assert isinstance(found, Refusal)
    assert found.reason == "media_not_kept"


@pytest.mark.parametrize("name", PROVIDERS)
def test_overrides_are_sent(name):
    """If it failed, a prompt or parameter candidate would be the old one again."""
    case = golden(name)
    found = sent_by(PROVIDERS[name], case, Overrides(params={"zz_probe": 0.125}))
    assert b"zz_probe" in found.body
    assert b"0.125" in found.body


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_credential_is_in_a_header(name):
    """If it failed, an arm behind a key could not be asked."""
    assert any("s3cret" in v for v in PROVIDERS[name].auth_headers("s3cret").values())


@pytest.mark.parametrize(("name", "response"), EXCHANGES)
def test_a_response_is_typed_and_read(name, response):
    """If it failed, an answer would be scored as something the model did not say."""
    if "base64" in response:
        body = b64decode(response["base64"])
    elif "json" in response:
        body = json.dumps(response["json"]).encode()
    else:
        body = response["text"].encode()
    headers = {"content-type": response["content_type"]}
    reading = PROVIDERS[name].read(response["status"], headers, body)
    answer, usage = reading.answer, reading.answer.usage
    found = {
        "outcome": reading.outcome,
        "text": answer.text,
        "refusal": answer.refusal,
        "finish_reason": answer.finish_reason,
        "tool_calls": [[c.name, c.arguments, c.id] for c in answer.tool_calls],
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "served_model": reading.served_model,
        "fingerprint": reading.fingerprint,
        "blobs": len(reading.blobs),
    }
    expected = response["expect"]
    assert {key: found[key] for key in expected} == expected


_KEYS = ["choices", "message", "content", "data", "output", "candidates", "parts"]
_KEYS += ["error", "usage", "tool_calls", "function", "type", "text", "status", "delta"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("name", PROVIDERS)
@settings(max_examples=60, deadline=None)
@given(
    body=st.binary(max_size=60) | JSON.map(lambda v: json.dumps(v).encode()),
    status=st.sampled_from([200, 204, 301, 400, 429, 500]),
    kind=st.sampled_from(
        [
            "application/json",
            "text/event-stream",
            "application/vnd.amazon.eventstream",
            "audio/wav",
            "",
        ]
    ),
)
def test_hostile_bytes_are_typed_never_raised(name, body, status, kind):
    """If it failed, one garbled response would end the daemon."""
    stream = b"data: " + body + b"\n\n"
    for sent in (body, stream):
        reading = PROVIDERS[name].read(status, {"content-type": kind}, sent)
        msgspec.json.encode(reading.answer)


@pytest.mark.parametrize("name", PROVIDERS)
def test_deep_nesting_is_malformed(name):
    """If it failed, a response of brackets would end the daemon."""
    body = b'{"choices":' + b"[" * 100_000
    reading = PROVIDERS[name].read(200, {"content-type": "application/json"}, body)
    assert reading.outcome == "malformed"


CHATS = ["openai_chat", "openai_responses", "anthropic_messages"]
CHATS.append("gemini_generate_content")


@pytest.mark.parametrize("target", CHATS)
@pytest.mark.parametrize("source", CHATS)
def test_a_call_crosses_to_another_api_whole(source, target):
    """If it failed, a canary of another provider would be asked something else."""
    conversation = APIS["openai_chat"].parse(
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Read it."},
                        {
                            "type": "image_url",
                            "image_url": {"url": MediaRef(0, "data_url")},
                        },
                    ],
                },
            ],
            "max_tokens": 50,
            "temperature": 0.5,
        }
    )
    body = APIS[source].render(
        msgspec.structs.replace(
            conversation,
            messages=tuple(
                msgspec.structs.replace(
                    message,
                    parts=tuple(
                        msgspec.structs.replace(part, mime="image/png")
                        if hasattr(part, "mime")
                        else part
                        for part in message.parts
                    ),
                )
                for message in conversation.messages
            ),
        )
    )
    image = {"kind": "image", "mime": "image/png"}
    snapshot = recorded(source, body, [image])
    found = PROVIDERS[target].request(snapshot, {0: b"\x89PNG"}, "new", Overrides())
    assert isinstance(found, ProviderRequest), found
    view = APIS[target].parse(json.loads(found.body))
    parts = [part for message in view.messages for part in message.parts]
    texts = [part.text for part in parts if hasattr(part, "text")]
    assert texts == ["Be brief.", "Read it."]
    assert b"iVBORw==" in found.body
    assert view.params["temperature"] == 0.5
    assert view.params["max_tokens"] == 50


@pytest.mark.parametrize("target", CHATS[1:])
def test_what_another_api_cannot_say_is_refused_by_name(target):
    """If it failed, a parameter would be lost on the way without a word."""
    body = {"messages": [{"role": "user", "content": "x"}], "logit_bias": {"1": 2}}
    found = PROVIDERS[target].request(
        recorded("openai_chat", body), {}, "new", Overrides()
    )
    assert isinstance(found, Refusal)
    assert found.reason == "unmappable"
    assert any("logit_bias" in path for path in found.paths)


STREAMED = {
    "openai_chat": {"stream": True, "stream_options": {"include_usage": True}},
    "openai_completions": {"stream": True, "stream_options": {"include_usage": True}},
    "openai_responses": {"stream": True},
    "anthropic_messages": {"stream": True},
    "cohere_chat": {"stream": True},
    "ollama_chat": {"stream": True},
    "ollama_generate": {"stream": True},
    "mistral_chat": {"stream": True},
}
STREAM_PATHS = {
    "gemini_generate_content": "/models/new:streamGenerateContent?alt=sse",
    "bedrock_converse": "/model/new/converse-stream",
    "bedrock_invoke": "/model/new/invoke-with-response-stream",
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_arm_may_ask_for_a_stream_of_events(name):
    """If it failed, a front end that breaks only streams would look healthy."""
    case = golden(name)
    plain, found = (
        sent_by(PROVIDERS[name], case),
        sent_by(PROVIDERS[name], case, Overrides(stream=True)),
    )
    if name in STREAM_PATHS:
        assert found.path == STREAM_PATHS[name]
        assert found.body == plain.body
    elif name in STREAMED:
        assert json.loads(found.body) == json.loads(plain.body) | STREAMED[name]
    else:
        assert (found.path, found.method) == (plain.path, plain.method)
