"""Traits measured from content: right where they can be, unknown elsewhere, bounded."""

import io
import time

import pytest
from fakes import pictures
from fakes.dict_store import dict_store
from fakes.stored_calls import image_call, store_calls, text_call
from PIL import Image

from replayd.cases.intake import case_of
from replayd.cases.loader import CaseLoader
from replayd.decoding import measuring
from replayd.decoding.bounds import UNKNOWN
from replayd.decoding.images import image_traits
from replayd.decoding.pages import document_traits
from replayd.decoding.sounds import sound_traits
from replayd.traits.measurer import TraitMeasurer
from replayd.traits.names import NAMES, VALUES, bounded
from replayd.traits.texts import text_traits
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import segment
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.model import MediaRef

NOW = 1_800_000_000 * 10**9
KEY = FleetKey(b"k" * 32)
KINDS = {"chart": pictures.chart, "table": pictures.table, "photo": pictures.photo}


@pytest.fixture
def measurer():
    """Yield a measurer; its process ends with the test."""
    made = TraitMeasurer()
    yield made
    made.close()


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_images_are_told_apart(kind):
    """A slice of charts would hold photos."""
    assert image_traits(pictures.encoded(KINDS[kind]()))["image.kind"] == kind


def test_a_scan_is_no_screenshot():
    """The slice that OCR errors hit first would be hidden in another."""
    page = pictures.encoded(pictures.scanned(), "JPEG", quality=80)
    assert image_traits(page)["image.kind"] == "scan"


@pytest.mark.parametrize(
    "image",
    [Image.new("RGB", (300, 300), "white"), Image.new("RGB", (16, 16), "red")],
    ids=["blank", "icon"],
)
def test_what_shows_nothing_is_of_no_kind(image):
    """A blank image would count as whichever kind it is least unlike."""
    assert image_traits(pictures.encoded(image))["image.kind"] == UNKNOWN


@pytest.mark.parametrize(
    ("size", "value"),
    [
        ((200, 200), "under_0.1_mp"),
        ((600, 600), "under_0.5_mp"),
        ((1200, 1000), "under_2_mp"),
        ((2000, 1500), "2_mp_or_more"),
    ],
)
def test_sizes(size, value):
    """Small images, on which models fail first, could not be watched."""
    image = pictures.photo().resize(size)
    assert image_traits(pictures.encoded(image))["image.size"] == value


def test_contrast_and_rotation():
    """Pale and turned pages, on which models fail first, could not be watched."""
    page = pictures.scanned()
    pale = page.point(lambda value: 200 + value // 8)
    assert image_traits(pictures.encoded(pale))["image.contrast"] == "low"
    assert image_traits(pictures.encoded(page))["image.contrast"] == "middle"
    sharp = pictures.encoded(pictures.table())
    assert image_traits(sharp)["image.contrast"] == "high"
    assert image_traits(pictures.encoded(page))["image.turned"] == "0"
    turned = page.rotate(90, expand=True)
    assert image_traits(pictures.encoded(turned))["image.turned"] == "sideways"
    exif = Image.Exif()
    exif[274] = 6
    told = pictures.encoded(page, "JPEG", exif=exif)
    assert image_traits(told)["image.turned"] == "90"


@pytest.mark.parametrize(
    ("more", "name", "value"),
    [
        ({"seconds": 2.0}, "audio.length", "under_5_s"),
        ({"seconds": 40.0}, "audio.length", "under_2_min"),
        ({"rate_hz": 8_000}, "audio.rate", "8_khz"),
        ({"rate_hz": 44_100}, "audio.rate", "44_khz_or_more"),
        ({"highest_hz": 3_000}, "audio.band", "narrow"),
        ({"highest_hz": 7_000}, "audio.band", "wide"),
        ({"highest_hz": 15_000, "rate_hz": 44_100}, "audio.band", "full"),
        ({"noise": 0.0005}, "audio.noise", "clean"),
        ({"noise": 0.02}, "audio.noise", "some"),
        ({"noise": 0.2}, "audio.noise", "noisy"),
    ],
)
def test_sounds(more, name, value):
    """Telephone calls or noisy rooms, where models fail first, could not be watched."""
    assert sound_traits(pictures.sound(**more))[name] == value


def test_silence_has_a_length_and_nothing_else():
    """Silence would be the cleanest speech."""
    found = sound_traits(pictures.sound(loud=0.0))
    assert bounded("audio", found)["audio.noise"] == UNKNOWN
    assert found["audio.length"] == "under_5_s"


@pytest.mark.parametrize(
    ("text", "script", "language"),
    [
        ("How much does the red chair cost with shipping?", "latin", "en"),
        ("Wie viel kostet der rote Stuhl mit Versand zusammen?", "latin", "de"),
        ("Сколько стоит красный стул вместе с доставкой?", "cyrillic", "ru"),  # noqa: RUF001
        ("送料込みで赤い椅子はいくらですか。", "kana", "ja"),
        ("কত টাকা লাগবে এই লাল চেয়ারটির জন্য আমাদের?", "other", "bn"),
    ],
)
def test_script_and_language(text, script, language):
    """A language that a canary lost could not be watched."""
    assert text_traits(text) == {"text.script": script, "text.language": language}


def test_every_value_is_bounded():
    """A metric label would grow with what people send."""
    odd = {"image.kind": "a spiral", "image.size": "x" * 500}
    assert set(bounded("image", odd).values()) == {UNKNOWN}
    assert bounded("hologram", odd) == {}
    assert all(
        len(values) <= 32 for each in VALUES.values() for values in each.values()
    )
    assert all("=" not in name for name in NAMES)


def _huge():
    """Return a small file that says it has 900 million pixels."""
    data = bytearray(pictures.encoded(Image.new("1", (16, 16))))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    return bytes(data)


HOSTILE = {
    "empty": b"",
    "noise": bytes(range(256)) * 40,
    "huge": _huge(),
    "cut": pictures.encoded(pictures.photo(), "JPEG")[:2_000],
    "wave": pictures.sound()[:30] + b"\xff" * 40,
    "pdf": b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", ["image", "audio", "document", "video"])
def test_hostile_bytes_have_unknown_traits_and_cost_no_time(kind, data):
    """A crafted medium would end or hold up the process that measures."""
    before = time.process_time()
    assert b"chart" not in measuring.measured(kind, data)
    assert time.process_time() - before < 2.0


async def test_media_are_measured_in_a_process_of_their_own(measurer):
    """A decoder's flaw would reach the keys of the program."""
    data = pictures.encoded(pictures.chart())
    found = await measurer.traits(image_call(1, data, KEY, at_ns=NOW), {0: data})
    assert found["image.kind"] == "chart"
    assert found["text.script"] == "latin"
    assert measurer._process.starts == 1
    await measurer.traits(image_call(2, data, KEY, at_ns=NOW), {0: data})
    assert measurer._known  # by digest: not measured again
    assert measurer.failed == 0


async def test_several_images_that_differ_are_unknown(measurer):
    """A call with a chart and a photo would be in a slice of either."""
    one, other = pictures.chart(), pictures.photo(640, 420)
    blobs = {n: pictures.encoded(image) for n, image in enumerate((one, other))}
    call = image_call(1, blobs[0], KEY, at_ns=NOW)
    parts = [
        {"type": "image_url", "image_url": {"url": MediaRef(n, "data_url")}}
        for n in blobs
    ]
    message = {"role": "user", "content": parts}
    call = text_call(
        1, at_ns=NOW, body={"model": "m", "messages": [message]}, media=call.media * 2
    )
    # Both entries have the first one's digest, so that it must not be trusted here.
    media = tuple(type(m)(**{**_fields(m), "digest": ""}) for m in call.media)
    call = type(call)(**{**_fields(call), "media": media})
    found = await measurer.traits(call, blobs)
    assert found["image.kind"] == UNKNOWN
    assert found["image.size"] == "under_0.5_mp"


def _fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


async def test_a_loaded_case_brings_its_traits(measurer):
    """A slice would be empty although its calls are replayed."""
    store, call = dict_store(0), text_call(1, at_ns=NOW)
    stored = await store_calls(store, [call], at_ns=NOW)
    case = case_of(segment.read(await store.get(stored), stored), 0, Frame())
    loaded = await CaseLoader(store, KEY, measurer).load(case)
    assert loaded.recorded.traits["text.language"] == "en"
    assert (await CaseLoader(store, KEY).load(case)).recorded.traits == {}


def test_a_pdf_is_text_or_scan():
    """Scanned documents, on which models fail first, could not be watched."""
    pytest.importorskip("pypdf")
    file = io.BytesIO()
    pictures.scanned().save(
        file, "PDF", save_all=True, append_images=[pictures.chart()]
    )
    assert document_traits(file.getvalue()) == {
        "document.pages": "2_to_5",
        "document.text": "scan",
    }
