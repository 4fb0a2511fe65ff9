"""RIFF WAVE in, mono samples out: 8 and 16 bit PCM, and G.711 mu-law.

The standard library's `wave` refuses mu-law, which halves the recordings of this
package, and its `audioop` is gone since Python 3.13.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from snaptrace.demo.errors import UnreadableMediaError

FloatArray = NDArray[np.float64]  # samples in units of one 16-bit step

RATE_HZ = 16_000  # what the speech model was trained on
MAX_SECONDS = 30.0
PCM, MULAW, EXTENSIBLE = 1, 7, 0xFFFE


def read_wave(data: bytes) -> FloatArray:
    """Decode a WAVE file to 16 kHz mono.

    Raises:
        UnreadableMediaError: not RIFF WAVE, another codec, cut short or too long.
    """
    rate_hz, channels, samples = _samples(data)
    if samples.size == 0:
        raise UnreadableMediaError("the sound holds no samples")
    if samples.size > MAX_SECONDS * rate_hz * channels:
        raise UnreadableMediaError(f"the sound is longer than {MAX_SECONDS:g} s")
    whole_frames = samples.size - samples.size % channels
    mono = samples[:whole_frames].reshape(-1, channels).mean(axis=1)
    return resample(mono, rate_hz, RATE_HZ)


def write_wave(samples: FloatArray) -> bytes:
    """16 kHz mono, 16 bit PCM; samples beyond the range are clipped."""
    body = pcm16(samples)
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16),
        *(PCM, 1, RATE_HZ, RATE_HZ * 2, 2, 16),
        *(b"data", len(body)),
    )
    return header + body


def pcm16(samples: FloatArray) -> bytes:
    """Little-endian 16 bit, rounded and clipped."""
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


def resample(samples: FloatArray, from_hz: int, to_hz: int) -> FloatArray:
    """Band-limited resampling of a whole sound, by its spectrum."""
    if from_hz == to_hz:
        return samples
    count = max(1, round(samples.size * to_hz / from_hz))
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(count // 2 + 1, dtype=spectrum.dtype)
    shared = min(kept.size, spectrum.size)
    kept[:shared] = spectrum[:shared]
    return np.fft.irfft(kept, count) * (count / samples.size)


def _samples(data: bytes) -> tuple[int, int, FloatArray]:
    """(rate in Hz, channels, interleaved samples)."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise UnreadableMediaError("the sound is not a RIFF WAVE file")
    layout: tuple[int, int, int, int] | None = None
    offset = 12
    while offset + 8 <= len(data):
        name = data[offset : offset + 4]
        size = int.from_bytes(data[offset + 4 : offset + 8], "little")
        body = data[offset + 8 : offset + 8 + size]
        if name == b"fmt ":
            layout = _layout(body)
        elif name == b"data":
            if layout is None:
                raise UnreadableMediaError("the sound's data precede its format")
            codec, channels, rate_hz, bits = layout
            return rate_hz, channels, _decode(codec, bits, body)
        offset += 8 + size + size % 2  # chunks are padded to even length
    raise UnreadableMediaError("the sound has no data chunk")


def _layout(body: bytes) -> tuple[int, int, int, int]:
    if len(body) < 16:
        raise UnreadableMediaError("the sound's format chunk is cut short")
    codec, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if codec == EXTENSIBLE and len(body) >= 26:
        codec = int.from_bytes(body[24:26], "little")
    if not 1 <= channels <= 2 or not 4_000 <= rate_hz <= 96_000:
        raise UnreadableMediaError(f"{channels} channels at {rate_hz} Hz are not read")
    return codec, channels, rate_hz, bits


def _decode(codec: int, bits: int, body: bytes) -> FloatArray:
    if codec == PCM and bits == 16:
        return np.frombuffer(body[: len(body) // 2 * 2], "<i2").astype(np.float64)
    if codec == PCM and bits == 8:
        return (np.frombuffer(body, np.uint8).astype(np.float64) - 128.0) * 256.0
    if codec == MULAW and bits == 8:
        return _MULAW_TABLE[np.frombuffer(body, np.uint8)]
    raise UnreadableMediaError(f"codec {codec} with {bits} bits is not read")


def _mulaw_table() -> FloatArray:
    """ITU-T G.711, table 2a/2b: sign, three bits of exponent, four of mantissa."""
    code = ~np.arange(256, dtype=np.uint8)
    mantissa = (code & 0x0F).astype(np.int64)
    exponent = ((code >> 4) & 0x07).astype(np.int64)
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.float64)


_MULAW_TABLE = _mulaw_table()
