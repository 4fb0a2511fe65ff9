"""Parts of archives: what they hold is cleaned, emptied, or the archive goes."""

import io
import zipfile

import pytest
from PIL import Image

from snaptrace.redact.media.documents import clean_document
from snaptrace.redact.media.strip import strip

VALUE = "ann.example@mail.example.org"
OWNER = b"Ann Example"


def clean(text):
    """Take the one value out."""
    return text.replace(VALUE, "x")


def archive(parts, comment=b"", compression=zipfile.ZIP_DEFLATED):
    """Return an Office file with these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("word/document.xml", "<w:t>hello</w:t>")
        file.writestr("docProps/core.xml", "<a/>")
        for name, data in parts.items():
            file.writestr(name, data)
        file.comment = comment
    return out.getvalue()


def everything(data):
    """Return all bytes of an archive, those of archives within it too."""
    found = [data, data.replace(b"\0", b"")]
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        found.append(file.comment)
        for info in file.infolist():
            part = file.read(info)
            found += (info.filename.encode(), part, part.replace(b"\0", b""))
            if part.startswith(b"PK\x03\x04"):
                found += everything(part)
    return found


def png():
    """Return a picture with a comment."""
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    return out.getvalue()


RUNS = (
    "<w:p><w:r><w:t>{}</w:t></w:r><w:r><w:t xml:space='preserve'>{}</w:t></w:r></w:p>"
)
PARTS = {
    "word/embeddings/a.xlsx": archive({"xl/sharedStrings.xml": f"<t>{VALUE}</t>"}),
    "word/embeddings/a.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + VALUE.encode(),
    "word/vbaProject.bin": b"\xd0\xcf\x01" + VALUE.encode(),
    "word/media/image1.emf": b"\1\0\0\0" + VALUE.encode("utf-16-le"),
    "word/media/text.bin": VALUE.encode(),
    "xl/printerSettings/p.bin": b"\1\0" + VALUE.encode("utf-16-le"),
    "custom/data": VALUE.encode(),
    "word/FOO.XML": f"<t>{VALUE}</t>".encode(),
    "word/wide.xml": f"\ufeff<t>{VALUE}</t>".encode("utf-16-le"),
    "word/wider.xml": f"<t>{VALUE}</t>".encode("utf-32"),
    "word/unmarked.xml": f"<t>{VALUE} and more</t>".encode("utf-16-be"),
    "a.md": VALUE.encode(),
    "word/x.pdf": b"%PDF-1.7\n1 0 obj<</V(" + VALUE.encode() + b")>>endobj\n%%EOF",
    "deep/a.zip": archive({"b.zip": archive({"c.txt": VALUE})}),
    f"word/{VALUE}.xml": b"<a/>",
}


@pytest.mark.parametrize("name", PARTS)
def test_a_value_goes_from_every_part(name):
    """It would be stored in a part that nobody looked into."""
    data = archive({name: PARTS[name], "word/media/i.png": png()})
    kept = clean_document(strip(data), clean)
    assert not any(VALUE.encode() in one for one in everything(kept))
    with zipfile.ZipFile(io.BytesIO(kept)) as file:
        assert file.read("word/document.xml") == b"<w:t>hello</w:t>"
        assert file.read("word/media/i.png") == png()


def test_words_that_are_split_over_runs_are_cleaned():
    """A spelling checker splits every address, and both halves would stay."""
    parts = {"word/c.xml": RUNS.format("see ann.exam", "ple@mail.example.org &amp; me")}
    kept = clean_document(archive(parts), clean)
    with zipfile.ZipFile(io.BytesIO(kept)) as file:
        text = file.read("word/c.xml").decode()
    assert text == RUNS.format("see x &amp; me", "")


@pytest.mark.parametrize(
    "data",
    [
        archive({}, comment=OWNER),
        archive({}) + OWNER,
        OWNER + archive({}),
    ],
)
def test_words_around_the_parts_go(data):
    """A comment of an archive, or bytes around it, would be stored as they are."""
    kept = clean_document(data, clean)
    assert kept is None or OWNER not in kept or not data.startswith(b"PK")


def test_an_archive_in_which_nothing_is_found_stays_as_it_is():
    """Every document would be replayed with other bytes than production sent."""
    data = archive({"word/media/i.png": png(), "word/c.xml": RUNS.format("a", "b")})
    assert clean_document(data, clean) == data


@pytest.mark.parametrize(
    "parts",
    [
        {"word/a.xml": b" " * (20 << 20)},
        {f"word/{number}.xml": b"1 2 " * 2**18 for number in range(20)},
        {f"a{number}": b"" for number in range(4_200)},
        {"a.zip": archive({"b.zip": archive({"c.xml": b" " * (20 << 20)})})},
    ],
)
def test_a_bomb_is_not_unpacked(parts):
    """Sixty kilobytes would occupy the child for minutes, and its memory."""
    searched = []

    def count(text):
        searched.append(len(text))
        return text

    kept = clean_document(archive(parts), count)
    assert sum(searched) <= 17 << 20
    assert kept is None or not any(len(one) > 10 << 20 for one in everything(kept))


RTF = r"{\rtf1{\info{\author Ann Example}{\company x}}hello}"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (RTF.encode(), rb"{\rtf1hello}"),
        (b"{\\rtf1 " + b"".join(b"\\'%02x" % sign for sign in VALUE.encode()), None),
        (b"Subject: x\n\n" + VALUE.replace("@", "=40").encode(), None),
        (b"a,b\n" + VALUE.encode(), b"a,b\nx"),
        (f"see {VALUE}".encode("utf-16-be"), "see x".encode("utf-16-be")),
        (f"see {VALUE}".encode("utf-32"), "see x".encode("utf-32")),
    ],
)
def test_other_texts_are_cleaned_or_dropped(data, expected):
    """Escapes of a format would hide a value, and its author stay."""
    assert clean_document(data, clean) == expected
