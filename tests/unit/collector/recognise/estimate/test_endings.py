import base64

import pytest

from collector.recognise.estimate.endings import is_cut_medium, is_cut_text


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("a" * 1024, True),
        ("a" * 4000, True),
        ("a" * 1023, False),
        ("a" * 256, False),  # many texts are as short as that
        ("a" * 256 + "...", True),
        ("a" * 253 + "...", True),
        ("a" * 200 + "…", True),
        ("And so on...", False),
        ("a" * 301 + "...", False),
        ("Long text... [truncated]", True),
        ("Long text (1,024 more characters)", True),
        ("Long text <truncated: 90 bytes>", True),
        ("What is a truncated cone (see above)?", False),
        ("A cone (truncated) is a frustum.", False),
    ],
)
def test_a_text_that_ends_as_cut_ones_do_is_told(text, cut):
    """Half a prompt would be replayed as if it were the whole."""
    assert is_cut_text(text) is cut


_WAV = b"RIFF" + (40).to_bytes(4, "little") + b"WAVE" + b"\0" * 36
_MP4 = (24).to_bytes(4, "big") + b"ftypisom" + b"\0" * 12
_MP4 += (40).to_bytes(4, "big") + b"mdat" + b"\1" * 32


@pytest.mark.parametrize(
    "whole",
    [
        b"\x89PNG\r\n\x1a\n" + b"\1" * 600 + b"IEND\xaeB`\x82",
        b"\xff\xd8\xff\xe0" + b"\1" * 1200 + b"\xff\xd9",
        b"%PDF-1.4\n" + b"x" * 600 + b"\n%%EOF\n",
        b"GIF89a" + b"\1" * 600 + b";",
        _WAV,
        _MP4,
    ],
)
def test_a_file_without_its_end_is_told(whole):
    """Half a picture would be replayed as if it were the whole."""
    assert not is_cut_medium(whole)
    assert not is_cut_medium(whole + b"\0\0")  # writers leave something behind
    assert is_cut_medium(whole[: len(whole) * 2 // 3])


def test_formats_without_an_end_and_unknown_lengths_are_left_open():
    """Every recording of a live stream would be doubted."""
    assert not is_cut_medium(b"ID3" + b"\1" * 90)
    assert not is_cut_medium(b"RIFF\xff\xff\xff\xffWAVE" + b"\0" * 90)
    assert not is_cut_medium(base64.b64decode("/9j/4AAQ"))  # a stub
