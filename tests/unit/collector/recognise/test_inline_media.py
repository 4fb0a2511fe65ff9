import base64

import pytest

from collector.recognise.inline_media import cut, is_placeholder
from snaptrace.snapshot.model import MediaRef

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
WAV = b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 24


def _b64(data):
    return base64.b64encode(data).decode()


def _user(*parts):
    return {"messages": [{"role": "user", "content": list(parts)}]}


def _image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def _first(found):
    return found.body["messages"][0]["content"][0]


@pytest.mark.parametrize(
    ("part", "kind", "mime", "form", "data"),
    [
        (
            _image(f"data:image/png;base64,{_b64(PNG)}"),
            "image",
            "image/png",
            "data_url",
            PNG,
        ),
        (
            {
                "type": "input_audio",
                "input_audio": {"data": _b64(WAV), "format": "wav"},
            },
            "audio",
            "audio/wav",
            "base64",
            WAV,
        ),
        (
            {
                "type": "image",
                "source": {
                    "type": "base64",
                    "media_type": "image/png",
                    "data": _b64(PNG),
                },
            },
            "image",
            "image/png",
            "base64",
            PNG,
        ),
        (
            {"inlineData": {"mime_type": "audio/wav", "data": _b64(WAV)}},
            "audio",
            "audio/wav",
            "base64",
            WAV,
        ),
        (
            {
                "type": "file",
                "file": {"file_data": f"data:application/pdf;base64,{_b64(PNG)}"},
            },
            "image",
            "application/pdf",
            "data_url",
            PNG,
        ),
    ],
)
def test_bytes_leave_the_body_at_once(part, kind, mime, form, data):
    """Megabytes of base64 would travel on, and a wrong kind would be scored."""
    found = cut(_user(part))
    assert found.blobs == {0: data}
    assert (found.media[0].kind, found.media[0].mime) == (kind, mime)
    assert found.media[0].state == "inline"
    assert found.media[0].size_bytes == len(data)
    assert MediaRef(0, form) in _flat(found.body)


def _flat(value):
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _flat(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _flat(inner)]
    return [value]


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("https://a.example/x.png", "external"),
        ("s3://bucket/x.png", "external"),
        ("__REDACTED__", "redacted"),
        ("", "redacted"),
        ("<replaced>", "redacted"),
        ("data:image/png;base64,", "redacted"),
        ("data:image/png;base64,<replaced>", "redacted"),
        ("mlflow-attachment://1?size=5", "placeholder"),
        ("@@@langfuseMedia:type=image/png|id=1|source=bytes@@@", "placeholder"),
        ("data:image/png;base64,iVBORw0KGgo", "inline"),
        ("data:image/png;base64,iVBOR", "truncated"),
        ("data:image/png;ba", "truncated"),
    ],
)
def test_states(url, state):
    """A case would be replayed with a token where an image was."""
    assert cut(_user(_image(url))).media[0].state == state


def test_a_url_made_for_the_span_stands_for_bytes():
    """An upload hook's link would pass for what the provider was sent."""
    url = "https://blobs.example/0102/part.png"
    assert cut(_user(_image(url)), ("0102",)).media[0].state == "placeholder"


@pytest.mark.parametrize("text", ["data:image/png;base64,aGk=", "__init__", "s3://x"])
def test_text_is_never_taken_for_a_medium(text):
    """A person's words would be cut out of the prompt."""
    found = cut(_user({"type": "text", "text": text}))
    assert found.media == ()
    assert _first(found) == {"type": "text", "text": text}
    assert found.redacted == ()


def test_redacted_text_is_named():
    """A replay would ask about a sign that a masking rule left."""
    found = cut({"messages": [{"role": "user", "content": "__REDACTED__"}]})
    assert found.redacted == ("messages.content",)


def test_tool_schemas_are_not_looked_into():
    """A schema that speaks of image_url would lose its default."""
    body = {"tools": [{"function": {"parameters": {"image_url": "data:x"}}}]}
    assert cut(body).body == body


def test_more_media_than_a_call_may_have_are_declared():
    """A span could fill the store with a million pixels of one byte."""
    found = cut(_user(*[_image(f"data:image/png;base64,{_b64(PNG)}")] * 300))
    assert len(found.media) == 256
    assert not found.complete


def test_depth_is_bounded():
    """A nested body would exhaust the stack."""
    body = {"messages": []}
    for _ in range(500):
        body = {"messages": [body]}
    assert cut(body).media == ()


def test_signs_are_whole_values():
    """A text that mentions a sign would be taken for one."""
    assert is_placeholder("__REDACTED__")
    assert not is_placeholder("what does __REDACTED__ mean?")
