"""Media where no API takes any: in a prompt, a tool's result, an answer."""

import base64
import io
import json
from urllib.parse import quote

import pytest
from fakes.filled_store import KEY
from PIL import Image

from collector.call import Call
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.redactor import Redactor
from snaptrace.snapshot.model import Answer, Fidelity, Request, Snapshot

ARTIST = "Ann Example of Rostock"


def photograph():
    """Return a JPEG that names who took it."""
    tags = Image.Exif()
    tags[0x013B] = ARTIST
    out = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 40, 40)).save(out, "JPEG", exif=tags)
    return out.getvalue()


PHOTOGRAPH = photograph()
LETTERS = base64.b64encode(PHOTOGRAPH).decode()
SPELLINGS = {
    "markdown": f"look: ![it](data:image/jpeg;base64,{LETTERS}) there",
    "capitals": f"look: DATA:IMAGE/JPEG;BASE64,{LETTERS}",
    "bare": LETTERS,
    "url-safe": LETTERS.translate(str.maketrans("+/", "-_")).rstrip("="),
    "json": json.dumps({"file": f"data:image/jpeg;base64,{LETTERS}"}),
    "json in json": json.dumps(json.dumps({"file": LETTERS})),
    "slashes escaped": json.dumps({"file": LETTERS}).replace("/", "\\/"),
    "percent signs": "data:image/jpeg;base64," + quote(LETTERS, safe=""),
    "wrapped": "MIME\n" + base64.encodebytes(PHOTOGRAPH).decode(),
    "twice": base64.b64encode(LETTERS.encode()).decode(),
}


def stored(text, **settings):
    """Return what is stored of a prompt and an answer of this text."""
    snapshot = Snapshot(
        snapshot_id="0" * 32,
        trace_id="0" * 32,
        span_id="0" * 16,
        service="shop",
        operation="chat",
        modality="text",
        request=Request(api="openai_chat", body={"messages": [{"content": text}]}),
        answer=Answer(text=text),
        fidelity=Fidelity(level="exact"),
    )
    redactor = Redactor(RedactConfig(**settings), KEY)
    return redactor.redact(Call(snapshot=snapshot)).snapshot


def readings(text):
    """Return every run of base64 in a text, undone as often as it goes."""
    from snaptrace.redact.text.normalise import plainest  # noqa: PLC0415 - as the search does

    view = plainest(text)
    plain = (text if view is None else view.text).replace("\n", "")
    found = []
    for word in plain.replace("-", "+").replace("_", "/").split('"'):
        for piece in word.replace("(", ",").replace(")", ",").split(","):
            letters = piece.removeprefix("MIME").strip()
            try:
                data = base64.b64decode(letters + "=" * (-len(letters) % 4))
            except ValueError:
                continue
            found.append(data)
            if len(data) > 100 and data.isascii():
                found += readings(data.decode())
    return found


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_metadata_goes_wherever_a_picture_stands(spelling):
    """An author and a place would be stored with every picture in a tool's result."""
    text = SPELLINGS[spelling]
    assert any(ARTIST.encode() in data for data in readings(text))
    one = stored(text)
    for kept in (one.request.body["messages"][0]["content"], one.answer.text):
        pictures = [data for data in readings(kept) if data.startswith(b"\xff\xd8")]
        assert pictures
        assert not any(ARTIST.encode() in data for data in readings(kept))
    assert one.redaction.counts["metadata"] == 2
    assert one.redaction.replaced == ()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_kind_that_is_to_be_dropped_is_dropped_from_texts(spelling):
    """Who forbids pictures would find them in the store, in base64."""
    one = stored(SPELLINGS[spelling], drop_media=("image",))
    kept = one.request.body["messages"][0]["content"]
    assert not any(data.startswith(b"\xff\xd8") for data in readings(kept))
    assert len(kept) < 120


def test_what_was_cleaned_once_stays_as_it_is():
    """A second hop would count and change it again."""
    text = stored(SPELLINGS["markdown"]).answer.text
    assert stored(text).answer.text == text


@pytest.mark.parametrize(
    "text",
    [
        "//uQxAAA" * 16,  # begins as the frames of an MP3, by chance
        base64.b64encode(bytes(range(96))).decode(),
        "iVBORw0KGgo",
    ],
)
def test_random_letters_are_no_media(text):
    """Identifiers in a prompt would be changed or dropped as sound or pictures."""
    kinds = ("image", "audio", "video", "document")
    assert stored(text, drop_media=kinds).answer.text == text
