"""Loudness of recordings over time."""

import struct

import pytest
from fakes.shown_page import tone

from replayd.results.waveform import waveform


def wav(samples, *, tag=1, bits=16, channels=1, rate=8000, code="h"):
    """Return a WAV file of these samples."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    sound = (
        samples
        if isinstance(samples, bytes)
        else struct.pack(f"<{len(samples)}{code}", *samples)
    )
    body = b"fmt " + struct.pack("<I", 16) + form
    body += b"LIST" + struct.pack("<I", 3) + b"abc\0"
    body += b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def test_a_swelling_tone_swells():
    """Silence and speech would look alike."""
    found = waveform(tone(), bars=40)
    assert found.seconds == pytest.approx(1.5)
    assert max(found.peaks) == pytest.approx(20_000 / 32_768, abs=0.03)
    assert found.peaks[0] < 0.15
    assert found.peaks[20] < 0.15
    assert found.peaks[10] > 0.55


@pytest.mark.parametrize(
    ("samples", "more"),
    [
        ([0, 16_384, -16_384], {}),
        (b"\x80\xc0\x40", {"bits": 8}),
        (b"\0\0\0\0\0\x40\0\0\xc0", {"bits": 24}),
        ([0, 2**30, -(2**30)], {"bits": 32, "code": "i"}),
        ([0.0, 0.5, -0.5], {"bits": 32, "code": "f", "tag": 3}),
    ],
)
def test_samples_of_every_width(samples, more):
    """A recording of another width would be drawn as noise."""
    assert waveform(wav(samples, **more)).peaks == (0.0, 0.5, 0.5)


def test_channels_are_drawn_as_one():
    """A silent left channel would hide the speech on the right."""
    found = waveform(wav([0, 16_384, 0, 16_384], channels=2))
    assert found.peaks == (0.5, 0.5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"ID3 an mp3",
        wav([]),
        wav([1, 2], tag=7),
        wav([1, 2], bits=12),
        wav([1, 2], channels=0),
        tone()[:40],
    ],
)
def test_what_cannot_be_read_is_not_drawn(data):
    """A damaged or compressed recording would take the page down."""
    assert waveform(data) is None


def test_every_prefix_is_read_or_refused():
    """A cut file would be an error."""
    data = wav([1, 2, 3, 4])
    for end in range(len(data)):
        waveform(data[:end])
