"""Traits of sounds: length, rate, band, noise. Runs in a confined process.

PCM WAVE is read by the standard library; anything else by `soundfile`, if installed.
"""

import io
import wave

import numpy as np
from numpy.typing import NDArray

from replayd.decoding.bounds import MOST_SECONDS

Samples = NDArray[np.float64]  # in [-1, 1], one channel

_FRAME_SECONDS = 0.03
_HEARD_SHARE = 0.995  # of the power lies below the band's edge
_NARROW_HZ, _WIDE_HZ = 3_800.0, 7_600.0
_CLEAN_DB, _SOME_DB = 30.0, 15.0  # between loud and quiet frames
_LENGTHS = ((5.0, "under_5_s"), (30.0, "under_30_s"), (120.0, "under_2_min"))
_RATES = ((8_000, "8_khz"), (16_000, "16_khz"), (24_000, "24_khz"))
SILENT = 1e-4  # loudest sample of a sound in which nothing is heard


def sound_traits(data: bytes) -> dict[str, str]:
    """Return the traits of one sound; none if it cannot be decoded within bounds."""
    found = decoded(data)
    if found is None:
        return {}
    samples, rate_hz = found
    seconds = len(samples) / rate_hz
    traits = {
        "audio.length": next((n for most, n in _LENGTHS if seconds < most), ""),
        "audio.rate": next((n for most, n in _RATES if rate_hz <= most), ""),
        "seconds": f"{seconds:.2f}",
    }
    traits["audio.length"] = traits["audio.length"] or "2_min_or_more"
    traits["audio.rate"] = traits["audio.rate"] or "44_khz_or_more"
    if seconds < 0.2 or np.abs(samples).max(initial=0.0) < SILENT:
        return traits
    return {
        **traits,
        "audio.band": _band(samples, rate_hz),
        "audio.noise": _noise(samples, rate_hz),
    }


def decoded(data: bytes) -> tuple[Samples, int] | None:
    """Return samples of one channel and their rate; None: not within bounds."""
    try:
        with wave.open(io.BytesIO(data)) as opened:
            rate_hz, width = opened.getframerate(), opened.getsampwidth()
            frames, channels = opened.getnframes(), opened.getnchannels()
            if width in (1, 2) and rate_hz > 0 and frames <= MOST_SECONDS * rate_hz:
                return _pcm(opened.readframes(frames), width, channels), rate_hz
    except (wave.Error, EOFError, ValueError):
        pass
    return _by_library(data)


def _pcm(data: bytes, width: int, channels: int) -> Samples:
    if width == 1:
        whole = (np.frombuffer(data, dtype=np.uint8).astype(np.float64) - 128) / 128
    else:
        even = data[: len(data) // 2 * 2]
        whole = np.frombuffer(even, dtype="<i2").astype(np.float64) / 32_768
    framed = whole[: len(whole) // channels * channels].reshape(-1, channels)
    mixed: Samples = framed.mean(axis=1)
    return mixed


def _by_library(data: bytes) -> tuple[Samples, int] | None:
    try:
        import soundfile  # noqa: PLC0415 - an optional extra
    except ImportError:
        return None
    with soundfile.SoundFile(io.BytesIO(data)) as opened:
        if opened.frames > MOST_SECONDS * opened.samplerate:
            return None
        whole = opened.read(dtype="float64", always_2d=True)
        return whole.mean(axis=1), int(opened.samplerate)


def _band(samples: Samples, rate_hz: int) -> str:
    """Return where nearly all of the loud frames' power ends."""
    size = 1024
    if len(samples) < size:
        return "unknown"
    framed = samples[: len(samples) // size * size].reshape(-1, size) * np.hanning(size)
    power = np.abs(np.fft.rfft(framed, axis=1)) ** 2
    loud = power.sum(axis=1) >= np.percentile(power.sum(axis=1), 50)
    # Sounds of speech are weak up there: each frequency counts by its own peak.
    summed = np.log10(power[loud].max(axis=0) + 1e-12)
    heard = np.flatnonzero(summed > summed.max() - 5.5)
    edge = float(heard.max(initial=0)) * rate_hz / size
    if edge < _NARROW_HZ:
        return "narrow"
    return "wide" if edge < _WIDE_HZ or rate_hz <= 16_000 else "full"


def _noise(samples: Samples, rate_hz: int) -> str:
    """Return how far quiet frames lie below loud ones."""
    size = max(int(_FRAME_SECONDS * rate_hz), 1)
    framed = samples[: len(samples) // size * size].reshape(-1, size)
    if len(framed) < 10:
        return "unknown"
    level = 10 * np.log10((framed**2).mean(axis=1) + 1e-10)
    quiet, loud = np.percentile(level, [10, 95])
    if loud - quiet >= _CLEAN_DB:
        return "clean"
    return "some" if loud - quiet >= _SOME_DB else "noisy"
