import base64
from urllib.parse import quote

import pytest

from collector.recognise.inline_media import cut, is_placeholder
from snaptrace.snapshot.model import MediaRef

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
WAV = b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 24


def _b64(data):
    return base64.b64encode(data).decode()


_URL = "data:image/png;base64," + _b64(PNG)


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


_LETTERS = _b64(PNG)


@pytest.mark.parametrize(
    "url",
    [
        f"DATA:image/png;base64,{_LETTERS}",
        f"data:image/png;BASE64,{_LETTERS}",
        f"Data:IMAGE/PNG;Base64,{_LETTERS}",
        f" \t\r\ndata:image/png;base64,{_LETTERS} \n",
        f"da\nta:image/png;base64,{_LETTERS}",
        f"\ufeffdata:image/png;base64,{_LETTERS}",
        f"data:image/png; base64 ,{_LETTERS}",
        f"data: image/png ;base64, {_LETTERS}",
        f"data:image/png;base64;name=a.png,{_LETTERS}",
        f"data:image/png;name={'a' * 4000};base64,{_LETTERS}",
        f"data://image/png;base64,{_LETTERS}",
        f"data:image/png%3Bbase64,{_LETTERS}",
        f"data:image/png;base64,{quote(_LETTERS, safe='')}",
        f"data:image/png;base64,{_LETTERS.rstrip('=')}",
        f"data:image/png;base64,{_LETTERS[:20]} \n{_LETTERS[20:]}",
        f"data:image/png;base64,{_LETTERS[:20]}%0A{_LETTERS[20:]}",
        f"data:image/png;base64,{_LETTERS}#page=1",
        f"data:image/png,{quote(PNG)}",
        f"data:;base64,{_LETTERS}",
        f"data:image/png;base64,DATA:image/png;BASE64,{_LETTERS}",
        f"data:,{quote(PNG)}",
    ],
)
def test_a_data_url_is_one_in_every_spelling(url):
    """Its bytes would be stored with author and place, past every rule about media."""
    for field in (_image(url), {"type": "file", "file": {"file_data": url}}):
        found = cut(_user(field))
        assert found.blobs == {0: PNG}
        assert (found.media[0].kind, found.media[0].state) == ("image", "inline")
        assert MediaRef(0, "data_url") in _flat(found.body)
        mime = found.media[0].mime.lower()
        assert mime.startswith("image/png")
        assert len(mime) < 300


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/png;base64,{'iVBOR' * 997}",
        f"data:image/png;base64{'A' * 999}",
        f"DATA:{'A' * 999}",
        "iVBOR" * 997,
    ],
)
def test_of_a_medium_that_was_cut_off_nothing_is_kept(url):
    """The first kilobyte of a photograph says who took it, and where."""
    found = cut(_user(_image(url)))
    assert found.media[0].state == "truncated"
    assert len(_first(found)["image_url"]["url"]) <= 64
    assert len(found.media[0].reference) <= 64


def _iso(major, *brands, tracks=()):
    head = b"ftyp" + major + bytes(4) + b"".join(brands)
    boxes = b"".join(b"hdlr" + bytes(8) + track + bytes(12) for track in tracks)
    return (len(head) + 4).to_bytes(4, "big") + head + bytes(40) + boxes


_SOUND, _FILM = (b"soun",), (b"vide", b"soun")
_WEBM = b"\x1aE\xdf\xa3\x9fB\x82\x84webm" + bytes(8)


@pytest.mark.parametrize(
    ("data", "mime", "kind"),
    [
        (_iso(b"isom", tracks=_FILM), "audio/mp4", "audio"),
        (_iso(b"isom", tracks=_SOUND), "video/mp4", "video"),
        (_iso(b"isom", tracks=_SOUND), "", "audio"),
        (_iso(b"isom", tracks=_FILM), "", "video"),
        (_iso(b"isom"), "application/mp4", "video"),
        (_iso(b"M4A "), "video/mp4", "video"),
        (_iso(b"M4A "), "", "audio"),
        (_iso(b"3gp4"), "audio/3gpp", "audio"),
        (_iso(b"3g2a"), "AUDIO/3gpp2; codecs=amr", "audio"),
        (_iso(b"qt  "), "audio/mp4", "audio"),
        (_WEBM, "audio/webm;codecs=opus", "audio"),
        (_WEBM, "video/webm", "video"),
        (_WEBM, "", "video"),
        (_WEBM + b"\x86\x86A_OPUS", "", "audio"),
        (_WEBM + b"\x86\x86A_OPUS\x86\x85V_VP8", "", "video"),
        (b"OggS" + bytes(24) + b"OpusHead", "video/ogg", "video"),
        (b"OggS" + bytes(24) + b"OpusHead", "application/ogg", "audio"),
        (b"OggS" + bytes(24) + b"\x80theora", "audio/ogg", "audio"),
        (_iso(b"heis"), "", "image"),
        (_iso(b"hevc"), "image/heic", "image"),
        (_iso(b"msf1", b"hevc"), "video/mp4", "image"),
        (_iso(b"avis", b"avif"), "", "image"),
        (_iso(b"isom", b"avif", b"mif1"), "", "image"),
        (PNG, "audio/webm", "image"),
        (WAV, "video/mp4", "audio"),
    ],
)
def test_where_a_container_holds_several_kinds_the_declared_type_decides(
    data, mime, kind
):
    """Speech in a film's container would be scored, priced and dropped as film."""
    part = {"inlineData": {"mimeType": mime, "data": _b64(data)}}
    found = cut({"contents": [{"role": "user", "parts": [part]}]})
    assert found.media[0].kind == kind


@pytest.mark.parametrize(
    ("url", "kind"), [("https://a.example/x.webm", "audio"), ("s3://a/1.png", "image")]
)
def test_a_link_to_a_container_is_what_its_field_says(url, kind):
    """A recording behind a link would pass for a film because of its ending."""
    part = {"type": "audio_url", "audio_url": {"url": url}}
    assert cut(_user(part)).media[0].kind == kind


def test_bytes_of_converse_blocks_are_cut():
    """If it failed, an image for Bedrock would be stored as text, unredacted."""
    block = {"image": {"format": "png", "source": {"bytes": _b64(PNG)}}}
    found = cut(_user(block, {"text": "x"}))
    (medium,) = found.media
    assert (medium.kind, medium.path) == (
        "image",
        "messages.content.image.source.bytes",
    )
    assert found.blobs == {0: PNG}


def test_a_medium_in_a_bucket_is_noted_as_external():
    """If it failed, a call about a film nobody fetched would be replayed."""
    place = {"s3Location": {"uri": "s3://bucket/film.mp4"}}
    block = {"video": {"format": "mp4", "source": place}}
    found = cut(_user(block))
    assert [(m.kind, m.state) for m in found.media] == [("video", "external")]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": "x", "images": [_b64(PNG)]}]},
        {"prompt": "x", "images": [_b64(PNG)]},
    ],
)
def test_bare_images_beside_a_text_are_cut(body):
    """If it failed, an image for Ollama would be stored as text, unredacted."""
    found = cut(body)
    assert found.blobs == {0: PNG}
    assert [m.kind for m in found.media] == ["image"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"prompt": "x", "image": _URL}, "image"),
        ({"prompt": "x", "image": [_URL]}, "image"),
        ({"prompt": "x", "extra_body": {"mask": _URL.upper()[:22] + _URL[22:]}}, ""),
    ],
)
def test_a_data_url_in_a_field_that_is_no_text_is_cut(body, path):
    """Bytes of a picture would be stored where nobody strips or drops them."""
    found = cut(body)
    assert found.blobs == {0: PNG}
    assert found.media[0].kind == "image"
    assert found.media[0].path == (path or "extra_body.mask")


@pytest.mark.parametrize("key", ["content", "text", "input", "prompt"])
def test_a_data_url_that_is_text_stays_text(key):
    """A prompt that quotes a data URL would lose its words."""
    body = {key: _URL}
    assert cut(body).body == body


_HALF = b"\x89PNG\r\n\x1a\n" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "damaged"),
    [
        ("Hi", False),
        ("Write to [REDACTED] today.", True),
        ("a" * 4096, True),
        ([_image(f"data:image/png;base64,{_b64(_HALF)}")], True),
        ([_image(f"data:image/png;base64,{_b64(_HALF + b'IEND')}")], False),
    ],
)
def test_what_seems_to_be_gone_of_texts_and_media_is_told(content, damaged):
    """Half of a prompt or a picture would gate as if it were the whole."""
    found = cut({"messages": [{"role": "user", "content": content}]})
    assert found.damaged is damaged
    assert found.redacted == ()
