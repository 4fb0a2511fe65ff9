import pytest

from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.media_type import kind_of_mime, kind_of_url, sniff
from snaptrace.snapshot.modality import modality, user_turns
from snaptrace.snapshot.model import Answer, Media

IMAGE = {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}
AUDIO = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
TEXT = {"type": "text", "text": "x"}


def _view(*messages, **more):
    return APIS["openai_chat"].parse({"messages": list(messages), **more})


def _user(*parts):
    return {"role": "user", "content": list(parts)}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([_user(TEXT)], "text"),
        ([_user(TEXT, IMAGE)], "image"),
        ([_user(AUDIO)], "audio"),
        ([_user(IMAGE, AUDIO)], "mixed"),
        ([_user(IMAGE), {"role": "assistant", "content": "y"}, _user(TEXT)], "text"),
    ],
)
def test_the_newest_user_turn_decides(messages, expected):
    """A call would be judged beside calls of another kind."""
    assert modality(_view(*messages), (), Answer()) == expected


def test_an_image_that_a_tool_gave_belongs_to_the_turn():
    """A screenshot that the model is asked about would count as text."""
    body = {
        "messages": [
            {"role": "user", "content": "what do you see?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": "1", "name": "look", "input": {}}
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "1",
                        "content": [
                            {
                                "type": "image",
                                "source": {"type": "url", "url": "https://a.example/x"},
                            }
                        ],
                    }
                ],
            },
        ]
    }
    view = APIS["anthropic_messages"].parse(body)
    assert modality(view, (), Answer()) == "image"
    assert user_turns(view) == 1


def test_output_decides_where_the_input_is_text():
    """Speech made from text would be judged as text."""
    made = Answer(media=(Media(kind="audio", mime="", state="placeholder"),))
    assert modality(_view(_user(TEXT)), (), made) == "audio"
    asked = _view(_user(TEXT), modalities=["text", "audio"])
    assert modality(asked, (), Answer()) == "audio"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("image_generation", "image"), ("speech", "audio"), ("transcription", "audio")],
)
def test_operations_have_a_modality_of_their_own(operation, expected):
    """An image made from words would be judged as text."""
    assert modality(_view(), (), Answer(), operation) == expected


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"OggS" + b"\0" * 24 + b"\x01vorbis", "audio/ogg"),
        (b"OggS" + b"\0" * 24 + b"\x80theora", "video/ogg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"BM" + b"\0" * 30, "image/bmp"),
        (b"hello", None),
        (b"", None),
    ],
)
def test_bytes_say_what_they_are(data, mime):
    """A wrong claim would put a call among another kind."""
    found = sniff(data)
    assert (found.mime if found else None) == mime


def test_claims_are_the_second_and_third_word():
    """Media without bytes would have no kind."""
    assert kind_of_mime("application/pdf") == "document"
    assert kind_of_mime("Image/PNG") == "image"
    assert kind_of_mime("chemical/x-pdb") is None
    assert kind_of_url("https://a.example/x.PDF?sig=1#p") == "document"
    assert kind_of_url("https://a.example/x") is None
