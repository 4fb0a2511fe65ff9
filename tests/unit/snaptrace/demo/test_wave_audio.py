"""`snaptrace.demo.wave_audio`: sound in, samples out, and nothing worse than a 400."""

import struct

import numpy as np
import pytest

from snaptrace.demo.errors import UnreadableMediaError
from snaptrace.demo.wave_audio import RATE_HZ, read_wave, resample, write_wave


def riff(codec, channels, rate_hz, bits, body):
    """A RIFF file with a chunk of another kind in front, as editors write."""
    layout = struct.pack(
        "<HHIIHH", codec, channels, rate_hz, rate_hz, channels * bits // 8, bits
    )
    chunks = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in ((b"LIST", b"odd"), (b"fmt ", layout), (b"data", body))
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def tone(hz, seconds=0.25, rate_hz=RATE_HZ):
    """A sine at a tenth of full scale."""
    return 3276.0 * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)


def test_written_sound_is_read_back():
    """The app would send something else than the recording."""
    samples = np.round(tone(440.0))
    assert np.array_equal(read_wave(write_wave(samples)), samples)


def test_sound_beyond_the_range_is_clipped_not_wrapped():
    """A loud recording would turn into noise."""
    loud = read_wave(write_wave(np.array([40_000.0, -40_000.0])))
    assert loud.tolist() == [32_767.0, -32_768.0]


def test_mu_law_is_decoded_as_the_recommendation_says():
    """Every prepared recording would sound wrong."""
    body = bytes([0xFF, 0x7F, 0x80, 0x00, 0xEF, 0x6F])
    said = read_wave(riff(7, 1, RATE_HZ, 8, body))
    assert said.tolist() == [0.0, 0.0, 32_124.0, -32_124.0, 132.0, -132.0]


def test_eight_bit_stereo_at_another_rate_becomes_mono_at_16_khz():
    """A telephone's or an editor's file would be heard at the wrong speed."""
    mono = np.clip(tone(500.0, rate_hz=8_000) / 256.0 + 128, 0, 255).astype(np.uint8)
    said = read_wave(riff(1, 2, 8_000, 8, np.repeat(mono, 2).tobytes()))
    assert said.size == mono.size * 2
    peak_hz = np.argmax(np.abs(np.fft.rfft(said))) * RATE_HZ / said.size
    assert peak_hz == pytest.approx(500.0, abs=8.0)


def test_resampling_keeps_what_fits_and_drops_what_does_not():
    """A narrow front end would leak the high band, or damage the low one."""
    low, high = tone(1_000.0), tone(6_000.0)
    there_and_back = resample(resample(low + high, 16_000, 8_000), 8_000, 16_000)
    assert np.abs(there_and_back - low).max() < 1.0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"OggS" + b"\0" * 40,
        riff(2, 1, RATE_HZ, 4, b"\0" * 8),  # ADPCM
        riff(1, 9, RATE_HZ, 16, b"\0" * 36),  # nine channels
        riff(1, 1, RATE_HZ, 16, b""),
        riff(7, 1, RATE_HZ, 8, b"\0" * (RATE_HZ * 31)),  # 31 s
    ],
    ids=["empty", "ogg", "adpcm", "channels", "silent", "long"],
)
def test_what_is_not_read_is_refused(data):
    """The server would answer 500, or hold a worker for minutes."""
    with pytest.raises(UnreadableMediaError):
        read_wave(data)


def test_no_prefix_of_a_file_breaks_the_reader():
    """A cut upload would be a crash."""
    whole = riff(1, 1, RATE_HZ, 16, tone(440.0, 0.002).astype("<i2").tobytes())
    for length in range(len(whole)):
        try:
            assert read_wave(whole[:length]).size <= 32
        except UnreadableMediaError:
            continue
