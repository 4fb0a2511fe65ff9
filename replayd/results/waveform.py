"""Loudness of a WAV recording over time, for a drawn waveform. Pure, bounded.

Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0",
RIFF WAVE; 16 is the size of the smallest `fmt ` chunk, 1 PCM, 3 IEEE float.
"""

import struct
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

BARS: Final = 160
MOST_BYTES: Final = 64 * 2**20
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class Waveform(Struct, frozen=True):
    """Peaks in [0, 1] at even distances."""

    seconds: float
    peaks: tuple[float, ...]


def waveform(data: bytes, bars: int = BARS) -> Waveform | None:
    """Return the peaks of a WAV file; None for any other or a damaged one."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE" or len(data) > MOST_BYTES:
        return None
    form, sound = _chunks(data)
    if len(form) < 16 or not sound:
        return None
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack_from("<H", form, 24)
    if not channels or not rate or block != channels * bits // 8:
        return None
    samples = _samples(sound[: len(sound) - len(sound) % block], tag, bits)
    if samples is None or not len(samples):
        return None
    frames = np.abs(samples.reshape(-1, channels)).max(axis=1)
    edges = np.linspace(0, len(frames), min(bars, len(frames)) + 1, dtype=np.int64)
    peaks = np.maximum.reduceat(frames, edges[:-1])
    return Waveform(
        seconds=len(frames) / rate,
        peaks=tuple(round(float(min(peak, 1.0)), 3) for peak in peaks),
    )


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    form = sound = b""
    at = 12
    while at + 8 <= len(data) and not (form and sound):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = body
        elif name == b"data":
            sound = body
        at += 8 + size + size % 2
    return form, sound


def _samples(sound: bytes, tag: int, bits: int) -> NDArray[np.float32] | None:
    found: NDArray[Any]
    if tag == _FLOAT and bits == 32:
        found = np.nan_to_num(np.frombuffer(sound, "<f4"))
    elif tag == _PCM and bits == 8:
        found = (np.frombuffer(sound, np.uint8).astype(np.float32) - 128) / 128
    elif tag == _PCM and bits == 24:
        parts = np.frombuffer(sound, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = parts[:, 0] | parts[:, 1] << 8 | (parts[:, 2] ^ 0x80) - 0x80 << 16
        found = whole / np.float32(2**23)
    elif tag == _PCM and bits in {16, 32}:
        plain = np.frombuffer(sound, f"<i{bits // 8}")
        found = plain / np.float32(2 ** (bits - 1))
    else:
        return None
    return found.astype(np.float32)
