"""Media and documents of every kind with a text where metadata goes."""

import base64
import html
import io
import json
import struct
import zipfile
import zlib
from contextlib import suppress

from fakes.planted import VALUES


def _png_chunk(kind, body):
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def png(text):
    said = text.encode()
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _png_chunk(b"IHDR", head),
            _png_chunk(b"tEXt", b"Author\0" + said),
            _png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(said)),
            _png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + said),
            _png_chunk(b"eXIf", b"MM\0*" + said),
            _png_chunk(b"IDAT", zlib.compress(b"\0\0")),
            _png_chunk(b"IEND", b""),
            said,
        )
    )


def _jpeg_segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(text):
    said = text.encode()
    return b"".join(
        (
            b"\xff\xd8",
            _jpeg_segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0" + said),
            _jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + said),
            _jpeg_segment(0xED, b"Photoshop 3.0\08BIM\x04\x04\0\0" + said),
            _jpeg_segment(0xFE, said),
            _jpeg_segment(0xDB, b"\0" + bytes(64)),
            _jpeg_segment(0xDA, b"\x01\x01\0\0\x3f\0"),
            b"\x12\x34\x56\xff\xd9",
            said,
        )
    )


def gif(text):
    said = text.encode()[:250]
    comment = b"\x21\xfe" + bytes([len(said)]) + said + b"\0"
    image = b"\x2c" + bytes(8) + b"\0\x02\x02\x44\x01\0"
    return b"GIF89a\x01\0\x01\0\0\0\0" + comment + image + b";" + said


def _riff(form, *chunks):
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + form + body


def wav(text):
    said = text.encode()
    info = b"INFOIART" + struct.pack("<I", len(said)) + said + bytes(len(said) % 2)
    return _riff(
        b"WAVE",
        (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)),
        (b"LIST", info),
        (b"bext", said.ljust(602, b"\0")),
        (b"id3 ", b"ID3" + said),
        (b"data", bytes(64)),
    )


def webp(text):
    said = text.encode()
    return _riff(
        b"WEBP",
        (b"VP8X", b"\x0c" + bytes(9)),
        (b"VP8L", b"\x2f" + bytes(9)),
        (b"EXIF", said),
        (b"XMP ", said),
    )


def mp3(text):
    said = text.encode()
    frame = b"TPE1" + struct.pack(">I", len(said) + 1) + b"\0\0\x03" + said
    size = len(frame)
    sizes = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    sound = b"\xff\xfb\x90\x00" + bytes(413)
    return b"ID3\x04\0\0" + sizes + frame + sound + b"TAG" + said[:125].ljust(125)


def flac(text):
    said = text.encode()
    comment = struct.pack("<I", 0) + struct.pack("<II", 1, len(said)) + said
    info = b"\0" + (34).to_bytes(3, "big") + bytes(34)
    return (
        b"fLaC"
        + info
        + (b"\x84" + len(comment).to_bytes(3, "big") + comment)
        + b"\xff\xf8\x69\x18\0"
    )


def _box(kind, *inner):
    body = b"".join(inner)
    return struct.pack(">I", len(body) + 8) + kind + body


def mp4(text, brand=b"isom"):
    said = text.encode()
    names = _box(b"udta", _box(b"meta", bytes(4), _box(b"\xa9nam", said)))
    return b"".join(
        (
            _box(b"ftyp", brand, bytes(4), brand),
            _box(b"moov", _box(b"mvhd", bytes(100)), names),
            _box(b"uuid", bytes(16), said),
            _box(b"mdat", bytes(64)),
        )
    )


def m4a(text):
    return mp4(text, b"M4A ")


def _ogg_page(number, packets, flags=0):
    body = b"".join(packets)
    lacing = b"".join(
        b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets
    )
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, 0, 7, number, 0, len(lacing))
    return head + lacing + body


def ogg(text):
    said = text.encode()
    tags = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 1)
    tags += struct.pack("<I", len(said) + 7) + b"ARTIST=" + said
    return (
        _ogg_page(0, [b"OpusHead\x01\x01" + bytes(9)], 2)
        + _ogg_page(1, [tags])
        + _ogg_page(2, [bytes(40)], 4)
    )


def tiff(text):
    said = text.encode() + b"\0"
    entries = [
        (256, 3, 1, 1),
        (257, 3, 1, 1),
        (273, 4, 1, 0),
        (315, 2, len(said), 200),
        (270, 2, len(said), 200),
        (700, 1, len(said), 200),
    ]
    ifd = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", *entry) for entry in sorted(entries)
    )
    return (b"II*\0" + struct.pack("<I", 8) + ifd + bytes(4)).ljust(200, b"\0") + said


def _item(kind, number):
    return _box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), kind, b"\0")


def heic(text):
    """A picture whose second item is Exif, in the media data."""
    said = b"\0\0\0\6Exif\0\0MM\0*" + text.encode()
    head = _box(b"ftyp", b"heic", bytes(4), b"mif1")

    def meta(offset):
        places = struct.pack(">HHHII", 1, 0, 1, offset, 8)
        places += struct.pack(">HHHII", 2, 0, 1, offset + 8, len(said))
        return _box(
            b"meta",
            bytes(4),
            _box(b"hdlr", bytes(4), bytes(4), b"pict", bytes(13)),
            _box(
                b"iinf",
                bytes(4),
                struct.pack(">H", 2),
                _item(b"hvc1", 1),
                _item(b"Exif", 2),
            ),
            _box(b"iloc", b"\0\0\0\0", b"\x44\0", struct.pack(">H", 2), places),
        )

    size = len(head) + len(meta(0)) + 8
    return head + meta(size) + _box(b"mdat", bytes(8), said)


def _element(number, body):
    return number + bytes([0x40 | len(body) >> 8, len(body) & 0xFF]) + body


def webm(text):
    said = text.encode()
    tag = _element(
        b"\x67\xc8", _element(b"\x45\xa3", b"ARTIST") + _element(b"\x44\x87", said)
    )
    tags = _element(b"\x12\x54\xc3\x67", _element(b"\x73\x73", tag))
    info = _element(b"\x15\x49\xa9\x66", _element(b"\x7b\xa9", said))
    head = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"webm"))
    return head + _element(b"\x18\x53\x80\x67", info + tags)


def pdf(text):
    said = text.replace("(", "").replace(")", "").encode("latin-1")
    content = zlib.compress(b"BT /F1 12 Tf (" + said + b") Tj ET")
    inner = b"1 0 << /Author (" + said + b") /Title (Plan) >>"
    packed = zlib.compress(inner)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 5 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream"
        % (len(content), content),
        b"<< /Type /Metadata /Length 9 >>\nstream\n<?xpacket begin=''?>"
        + said
        + b"<?xpacket end='w'?>\nendstream",
        b"<< /Type /ObjStm /N 1 /First 4 /Length %d /Filter /FlateDecode >>\n"
        b"stream\n%s\nendstream" % (len(packed), packed),
        b"<< /Author (%s) /Keywords <%s> /Title (Plan) >>"
        % (said, said.hex().encode()),
        b"<< /Length 40 >>\nstream\nBT (%s) Tj ET\nendstream" % said,
    ]
    out = b"%PDF-1.7\n" + b"".join(
        b"%d 0 obj\n%s\nendobj\n" % (n, body) for n, body in enumerate(objects, 1)
    )
    return out + b"trailer << /Root 1 0 R /Info 7 0 R >>\n%%EOF\n"


def _zip(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def docx(text):
    said = html.escape(text)
    return _zip(
        {
            "[Content_Types].xml": "<Types/>",
            "docProps/core.xml": f"<cp><dc:creator>{said}</dc:creator></cp>",
            "docProps/app.xml": f"<Properties><Company>{said}</Company></Properties>",
            "docProps/custom.xml": f"<Properties><p>{said}</p></Properties>",
            "word/document.xml": f"<w:document><w:t>{said}</w:t></w:document>",
            "word/comments.xml": f'<w:comment w:author="Jo {said}">{said}</w:comment>',
            "word/_rels/document.xml.rels": f'<R Target="mailto:{VALUES["email"]}"/>',
            "word/media/image1.png": png(text),
        }
    )


def xlsx(text):
    return _zip(
        {
            "docProps/core.xml": f"<cp>{html.escape(text)}</cp>",
            "xl/sharedStrings.xml": f"<sst><si><t>{html.escape(text)}</t></si></sst>",
        }
    )


def odt(text):
    said = html.escape(text)
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "meta.xml": f"<meta><dc:creator>{said}</dc:creator></meta>",
            "content.xml": f"<text:p>{said}</text:p>",
        }
    )


FILES = {
    "image/png": png,
    "image/jpeg": jpeg,
    "image/gif": gif,
    "image/webp": webp,
    "image/tiff": tiff,
    "image/heic": heic,
    "image/svg+xml": lambda t: f"<svg><title>{html.escape(t)}</title></svg>".encode(),
    "audio/wav": wav,
    "audio/mpeg": mp3,
    "audio/flac": flac,
    "audio/ogg": ogg,
    "audio/mp4": m4a,
    "video/mp4": mp4,
    "video/webm": webm,
    "application/pdf": pdf,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": docx,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": xlsx,
    "application/vnd.oasis.opendocument.text": odt,
    "text/plain": lambda t: f"Report\n{t}\n".encode(),
    "text/csv": lambda t: f"a,b\n{t},1\n".encode(),
    "text/html": lambda t: f"<p>{html.escape(t)}</p>".encode(),
    "application/json": lambda t: json.dumps({"a": t}).encode(),
    "text/plain;charset=utf-16": lambda t: f"Report {t}".encode("utf-16"),
    "message/rfc822": lambda t: (
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(t.encode())
    ),
}


def unpacked(data):
    """Return a file's bytes and those that lie compressed in it."""
    found = [data]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                found += (info.filename.encode(), *unpacked(archive.read(info)))
    at = 0
    while (at := data.find(b"\x78", at)) >= 0:
        if data[at + 1 : at + 2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
            with suppress(zlib.error):
                found.append(zlib.decompressobj().decompress(data[at:]))
        at += 1
    return found
