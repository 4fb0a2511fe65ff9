"""What a PDF says, however its writer spelled it."""

import base64
import io
import zlib

import pytest
from fakes.growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from snaptrace.redact.media.documents import clean_document
from snaptrace.redact.media.pdf_words import UnreadablePdfError, words_of
from snaptrace.redact.media.strip import strip

VALUE = "ann.example@mail.example.org"
OWNER = b"Ann Example"


def clean(text):
    """Take the one value out."""
    return text.replace(VALUE, "x")


def pdf(*objects):
    """Return a file of these objects."""
    body = b"".join(
        b"%d 0 obj%s endobj\n" % (number, one) for number, one in enumerate(objects, 1)
    )
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"


def stream(data, told=b""):
    """Return a stream object."""
    return b"<</Length %d%s>>stream\n" % (len(data), told) + data + b"\nendstream"


def deflated(data, told=b""):
    """Return a packed stream object."""
    return stream(zlib.compress(data), b"/Filter/FlateDecode" + told)


def shown(codes):
    """Return a content stream that shows glyph numbers."""
    return b"BT /F1 11 Tf 50 700 Td <" + codes.hex().encode() + b"> Tj ET"


def cmap(text, width=2):
    """Return a font's table for the signs of a text, numbered as they come."""
    signs = sorted(set(text))
    rows = b"\n".join(
        b"<%0*x> <%04x>" % (2 * width, code, ord(sign))
        for code, sign in enumerate(signs, 3)
    )
    return b"%d beginbfchar\n%s\nendbfchar" % (len(signs), rows)


def numbered(text, width=2):
    """Return a text as the numbers of its glyphs."""
    signs = sorted(set(text))
    return b"".join((signs.index(s) + 3).to_bytes(width, "big") for s in text)


def with_ranges():
    """Return a document whose table has ranges, one with a list of targets."""
    rows = b"2 beginbfrange <0003> <001c> <0061> <0040> <0042> [<0040> <002e> <0020>]"
    codes = {**{chr(0x61 + i): 3 + i for i in range(26)}, "@": 0x40, ".": 0x41}
    data = b"".join(codes[sign].to_bytes(2, "big") for sign in VALUE)
    return pdf(deflated(shown(data)), deflated(rows + b" endbfrange"))


NAMES = {"@": b"at", ".": b"period"}
DIFFERENCES = (
    b"<</Differences[3 "
    + b"".join(b"/" + NAMES.get(sign, sign.encode()) for sign in sorted(set(VALUE)))
    + b"]>>"
)
KERNED = b"BT [(ann.ex) 12 (ample@mai) -3.5 (l.example.org)] TJ ET"
MOVED = b"BT (ann.example@) Tj 60 0 Td (mail.example.org) Tj ET"

# name -> a document that says the value
SAID = {
    "plain": pdf(stream(b"BT (" + VALUE.encode() + b") Tj ET")),
    "packed": pdf(deflated(b"BT (" + VALUE.encode() + b") Tj ET")),
    "packed twice": pdf(
        stream(
            base64.a85encode(zlib.compress(b"(" + VALUE.encode() + b")Tj")) + b"~>",
            b"/Filter[/ASCII85Decode/FlateDecode]",
        )
    ),
    "in hex": pdf(stream(b"BT <" + VALUE.encode().hex().encode() + b"> Tj ET")),
    "filter of hex": pdf(
        stream((b"(" + VALUE.encode() + b")Tj").hex().encode() + b">", b"/Filter/AHx")
    ),
    "kerned": pdf(deflated(KERNED)),
    "in two moves": pdf(deflated(MOVED)),
    "escaped": pdf(stream(rb"BT (ann\.example\100mail.exa\155ple.org) Tj ET")),
    "glyph numbers": pdf(deflated(shown(numbered(VALUE))), deflated(cmap(VALUE))),
    "one byte a glyph": pdf(
        deflated(shown(numbered(VALUE, 1))), deflated(cmap(VALUE, 1))
    ),
    "ranges": with_ranges(),
    "glyph names": pdf(DIFFERENCES, deflated(shown(numbered(VALUE, 1)))),
    "form": pdf(b"<</V(\xfe\xff" + VALUE.encode("utf-16-be") + b")>>"),
    "link": pdf(b"<</S/URI/URI(mailto:" + VALUE.encode() + b")>>"),
    "script": pdf(b"<</S/JavaScript/JS(app.mail\\(" + VALUE.encode() + b"\\))>>"),
    "name": pdf(b"<</V/" + VALUE.encode() + b">>"),
    "comment": pdf(b"<<>>%" + VALUE.encode() + b"\n"),
    "nested brackets": pdf(b"<</T(a (b) " + VALUE.encode() + b" (c))>>"),
    "object stream": pdf(deflated(b"1 0 <</Contents(" + VALUE.encode() + b")>>")),
    "behind other bytes": b"\n\n" + pdf(stream(b"(" + VALUE.encode() + b")Tj")),
}


@pytest.mark.parametrize("name", SAID)
def test_a_document_that_says_a_value_is_dropped(name):
    """It would be stored with the value, and be called redacted."""
    assert clean_document(SAID[name], clean) is None


@pytest.mark.parametrize(
    "data",
    [
        pdf(deflated(b"BT (hello) Tj ET"), b"<</Title(Report)>>"),
        pdf(deflated(shown(numbered("hello"))), deflated(cmap("hello"))),
        pdf(deflated(b"0 0 612 792 re 4111 1111 1111 1111 536 90 4399 cm")),
    ],
)
def test_a_document_that_says_nothing_of_it_stays_as_it_is(data):
    """Every PDF would be dropped, or sent with other bytes than production sent."""

    def detect(text):
        return clean(text).replace("4111 1111 1111 1111", "x")

    assert clean_document(data, detect) == data


OPAQUE = pdf(
    deflated(shown(b"\0\1\0\2")), b"<</Subtype/Type0/Encoding/Identity-H/BaseFont/A>>"
)


def test_glyphs_that_no_table_explains_follow_the_operators_choice():
    """Words that nobody can read would pass for words in which nothing was found."""
    assert words_of(OPAQUE).is_opaque
    assert clean_document(OPAQUE, clean) == OPAQUE
    assert clean_document(OPAQUE, clean, keeps_opaque=False) is None
    explained = pdf(
        b"<</Subtype/Type0/Encoding/Identity-H/ToUnicode 2 0 R>>",
        deflated(cmap("hello")),
    )
    assert not words_of(explained).is_opaque


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 /Encrypt",
        pdf(stream(b"\x80\x0b", b"/Filter/LZWDecode")),
        pdf(stream(b"no zlib", b"/Filter/FlateDecode")),
        pdf(*[deflated(b" " * 2**21)] * 40),
    ],
)
def test_what_cannot_be_read_is_said(data):
    """A document would pass for one in which nothing was found."""
    with pytest.raises(UnreadablePdfError):
        words_of(data)
    assert clean_document(data, clean, keeps_opaque=False) is None


def photograph():
    """Return a JPEG that names who took it."""
    tags = Image.Exif()
    tags[0x013B] = OWNER.decode()
    out = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 40, 40)).save(out, "JPEG", exif=tags)
    return out.getvalue()


XMP = b"<?xpacket begin='' id='x'?><x:xmpmeta>" + OWNER + b"</x:xmpmeta><?xpacket end?>"
# name -> a document that names its owner where no page shows it
BESIDE = {
    "ascii at its beginning": pdf(b"<</Author(" + OWNER + b")>>"),
    "xmp": pdf(stream(XMP, b"/Type/Metadata/Subtype/XML")),
    "xmp of another encoding": pdf(
        stream(XMP.decode().encode("utf-16"), b"/Type/Metadata/Subtype/XML")
    ),
    "xmp packed": pdf(deflated(XMP, b"/Type/Metadata/Subtype/XML")),
    "attachment": pdf(stream(b"name\n" + OWNER, b"/Type/EmbeddedFile")),
    "attachment packed": pdf(deflated(OWNER * 9, b"/Type /EmbeddedFile")),
    "photograph": pdf(stream(photograph(), b"/Subtype/Image/Filter/DCTDecode")),
    "behind its end": pdf(b"<<>>") + b"\n" + OWNER,
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_no_page_shows_goes(name):
    """An author, an attachment or a camera's owner would be stored with it."""
    data = BESIDE[name]
    kept = strip(data)
    assert OWNER not in kept
    assert OWNER not in kept.replace(b"\0", b"")
    assert strip(kept) == kept
    # Cross-references count bytes.
    assert kept.find(b"trailer") == data.find(b"trailer")
    for place in [at for at in range(len(kept)) if kept.startswith(b"x\x9c", at)]:
        assert OWNER not in zlib.decompressobj().decompress(kept[place:])
    clean_document(kept, clean)


@pytest.mark.parametrize(
    "mark",
    [
        *(b"(", b"<<", b"stream\n", b"\\", b"<41", b"1 0 obj<<>>", b"<<>>stream\n"),
        *(
            b"<?xpacket begin",
            b"<x:xmpmeta",
            b"/Author(",
            b"/Author<",
            b"/Type/Metadata",
        ),
        *(b"%PDF-", b"\x78\x9c", b"/Differences[", b"1 beginbfrange <0000>"),
    ],
)
def test_a_crafted_document_is_read_in_linear_time(mark):
    """One file would stop sampling: each takes hours in squared time."""

    def made(size):
        return b"%PDF-1.7\n" + mark * (size // len(mark))

    assert_linear(lambda data: clean_document(data, clean), made, 2**17)
    assert_linear(strip, made, 2**17)


def test_a_table_of_endless_ranges_is_given_up():
    """A kilobyte of table would stand for a billion signs."""
    rows = b"<0000> <ffff> <0041>\n" * 5_000
    data = pdf(deflated(b"9 beginbfrange\n" + rows + b"endbfrange"), deflated(MOVED))
    assert clean_document(data, clean) is None


@given(st.sampled_from(sorted(SAID)), st.integers(0, 4000), st.binary(max_size=4))
def test_damaged_documents_are_survived(name, at, noise):
    """One broken file would stop the sampling of a node."""
    data = SAID[name]
    at %= len(data)
    for damaged in (data[:at] + noise + data[at + 1 :], data[:at]):
        clean_document(damaged, clean)
        strip(damaged)
