"""What every row of REQUEST_FAULTS promises."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from fakes.stored_calls import text_call
from PIL import Image, ImageDraw

from replayd.drills.requests import REQUEST_FAULTS
from replayd.drills.requests.contract import Asked, OtherMedia
from snaptrace.snapshot.model import Media, MediaRef

NOW = 1_800_000_000 * 10**9
RATE_HZ = 16_000


def picture(width=900, height=700, *, text="42"):
    """Return a PNG with something on it."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((100, 80, 300, 500), fill="navy")
    ImageDraw.Draw(image).text((400, 300), text, fill="black")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def sound(seconds=2.0, hz=440):
    """Return a tone as 16-bit WAVE."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples = (0.6 * np.sin(2 * np.pi * hz * times) * 32_767).astype("<i2")
    data = io.BytesIO()
    with wave.open(data, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(RATE_HZ)
        opened.writeframes(samples.tobytes())
    return data.getvalue()


def pages(count=3):
    """Return a PDF whose pages differ in width."""
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter()
    for number in range(count):
        writer.add_blank_page(width=100 + number, height=200)
    data = io.BytesIO()
    writer.write(data)
    return data.getvalue()


def asked(kind="image", data=None, mime="image/png"):
    """Return a request with everything that a fault can change."""
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Answer with the number alone."},
            {"role": "user", "content": "Is this a chart?"},
            {"role": "assistant", "content": "Yes."},
            {"role": "user", "content": [{"image": MediaRef(0, "base64")}]},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "Finds."}}
        ],
        "temperature": 0.2,
    }
    media = (Media(kind=kind, mime=mime, state="inline", digest="0" * 64),)
    call = text_call(1, at_ns=NOW, body=body, media=media, modality=kind)
    return Asked(call, {0: data or picture()})


def request_for(name):
    """Return a request that the fault applies to."""
    if name.startswith("audio"):
        return asked("audio", sound(), "audio/wav")
    if name.startswith("document"):
        return asked("document", pages(), "application/pdf")
    return asked()


OTHER = {
    "image": OtherMedia(picture(text="another"), "image/png"),
    "audio": OtherMedia(sound(hz=880), "audio/wav"),
    "document": OtherMedia(b"%PDF another", "application/pdf"),
}


@pytest.mark.parametrize("name", REQUEST_FAULTS)
def test_a_fault_changes_what_it_is_for(name):
    """A drill would pay for a call without the fault."""
    fault, before = REQUEST_FAULTS[name], request_for(name)
    after = fault.apply(before, OTHER.get(fault.kind, OtherMedia()))
    assert after is not None
    if fault.kind is None:
        assert after.media == before.media
        assert after.snapshot.request.body != before.snapshot.request.body
    else:
        assert after.media[0] != before.media[0]
        assert after.snapshot.request.body == before.snapshot.request.body
    # The recorded call itself stays as it is.
    assert before.snapshot == request_for(name).snapshot


@pytest.mark.parametrize("name", REQUEST_FAULTS)
def test_a_fault_changes_a_request_alike_every_time(name):
    """Two drills of the same calls would differ by chance."""
    fault = REQUEST_FAULTS[name]
    other = OTHER.get(fault.kind, OtherMedia())
    first, again = (fault.apply(request_for(name), other) for _ in range(2))
    assert first.snapshot == again.snapshot
    # A PDF carries no time of writing that would make it differ.
    assert first.media == again.media


@pytest.mark.parametrize(
    "name", [n for n, fault in REQUEST_FAULTS.items() if fault.kind is not None]
)
def test_bytes_that_cannot_be_decoded_are_left(name):
    """One odd medium would end the drill of all others."""
    if name.endswith("_swapped"):
        pytest.skip("a swap decodes nothing")
    odd = asked(REQUEST_FAULTS[name].kind, b"%PDF\x00 no such thing", "image/png")
    assert REQUEST_FAULTS[name].apply(odd, OtherMedia()) is None


@pytest.mark.parametrize("name", REQUEST_FAULTS)
def test_a_plain_question_has_nothing_to_change(name):
    """A fault would be counted where it changed nothing."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello?"}]}
    plain = Asked(text_call(1, at_ns=NOW, body=body), {})
    changed = REQUEST_FAULTS[name].apply(plain, OtherMedia())
    assert changed is None or name == "temperature_1_5"


def test_a_small_image_is_not_made_smaller():
    """A fault without effect would be certified as unseen."""
    small = asked(data=picture(200, 150))
    assert REQUEST_FAULTS["image_512"].apply(small, OtherMedia()) is None
    found = REQUEST_FAULTS["image_160"].apply(small, OtherMedia())
    with Image.open(io.BytesIO(found.media[0])) as image:
        assert max(image.size) == 160


def test_a_jpeg_is_named_one():
    """A provider would refuse bytes under another type, and the drill count that."""
    found = REQUEST_FAULTS["image_jpeg_20"].apply(asked(), OtherMedia())
    assert found.snapshot.media[0].mime == "image/jpeg"
    assert found.media[0].startswith(b"\xff\xd8")


def test_the_telephone_keeps_the_length_of_a_sound():
    """A changed speed would be another fault than the one that is named."""
    found = REQUEST_FAULTS["audio_8khz"].apply(request_for("audio"), OtherMedia())
    with wave.open(io.BytesIO(found.media[0])) as opened:
        assert opened.getframerate() == 8_000
        assert opened.getnframes() == 16_000


def test_a_page_is_missing_and_pages_are_reversed():
    """A certificate would speak of documents that were whole."""
    pypdf = pytest.importorskip("pypdf")

    def widths(name):
        found = REQUEST_FAULTS[name].apply(request_for(name), OtherMedia())
        read = pypdf.PdfReader(io.BytesIO(found.media[0]))
        return [int(page.mediabox.width) for page in read.pages]

    assert widths("document_page_missing") == [100, 102]
    assert widths("document_reordered") == [102, 101, 100]


def test_every_fault_is_explained():
    """Somebody who reads a certificate would not find what was asked."""
    page = Path(__file__).parents[2] / "docs" / "drills.md"
    missing = [n for n in REQUEST_FAULTS if f"`{n}`" not in page.read_text("utf-8")]
    assert missing == []
