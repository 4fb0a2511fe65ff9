"""Faults in sounds: PCM WAVE of 8 or 16 bit, which needs no decoder of its own."""

import io
import wave
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from replayd.decoding.bounds import MOST_SECONDS
from replayd.drills.requests.contract import Asked, OtherMedia
from replayd.drills.requests.media import changed_media

Samples = NDArray[np.float64]  # (frames, channels), in [-1, 1]
NOISE_DB = 20.0  # of signal over noise
CLIP_SHARE = 0.1  # of the loudest sample, at which everything louder is cut
PHONE_HZ = 8_000
CUT_SECONDS = 1.0


def sound_fault(
    change: Callable[[Samples, int], tuple[Samples, int] | None],
) -> Callable[[Asked, OtherMedia], Asked | None]:
    """Return a fault that changes every sound of a request."""

    def apply(asked: Asked, _other: OtherMedia) -> Asked | None:
        def changed(data: bytes, _mime: str) -> tuple[bytes, str] | None:
            samples, rate_hz = _read(data)
            found = change(samples, rate_hz)
            return None if found is None else (_written(*found), "audio/wav")

        return changed_media("audio", changed, asked)

    return apply


def _read(data: bytes) -> tuple[Samples, int]:
    """Return samples and rate.

    Raises:
        ValueError: another width, or too long.
        wave.Error: no PCM WAVE.
    """
    with wave.open(io.BytesIO(data)) as opened:
        rate_hz, width = opened.getframerate(), opened.getsampwidth()
        if opened.getnframes() > MOST_SECONDS * rate_hz or width not in (1, 2):
            raise ValueError("a longer or wider sound than is decoded here")
        channels, frames = opened.getnchannels(), opened.readframes(opened.getnframes())
    if width == 1:
        whole = (np.frombuffer(frames, dtype=np.uint8).astype(np.float64) - 128) / 128
    else:
        whole = np.frombuffer(frames, dtype="<i2").astype(np.float64) / 32_768
    return whole.reshape(-1, channels), rate_hz


def _written(samples: Samples, rate_hz: int) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as opened:
        opened.setnchannels(samples.shape[1])
        opened.setsampwidth(2)
        opened.setframerate(rate_hz)
        scaled = np.clip(samples, -1.0, 1.0) * 32_767
        opened.writeframes(scaled.astype("<i2").tobytes())
    return written.getvalue()


def at_8khz(samples: Samples, rate_hz: int) -> tuple[Samples, int] | None:
    """Resample to the rate of a telephone, by averages of what falls together."""
    if rate_hz <= PHONE_HZ:
        return None
    count = int(len(samples) * PHONE_HZ / rate_hz)
    edges = np.linspace(0, len(samples), count + 1).astype(int)
    sums = np.vstack([np.zeros((1, samples.shape[1])), samples.cumsum(axis=0)])
    widths = np.maximum(np.diff(edges), 1)[:, None]
    return (sums[edges[1:]] - sums[edges[:-1]]) / widths, PHONE_HZ


def noisy(samples: Samples, rate_hz: int) -> tuple[Samples, int] | None:
    """Add white noise at a signal-to-noise ratio of 20 dB, the same every time."""
    power = float(np.mean(samples**2))
    if not power:
        return None
    scale = np.sqrt(power / 10 ** (NOISE_DB / 10))
    noise = np.random.default_rng(len(samples)).normal(0.0, scale, samples.shape)
    return samples + noise, rate_hz


def clipped(samples: Samples, rate_hz: int) -> tuple[Samples, int] | None:
    """Cut off what is louder than a tenth of the loudest, as an overdriven input."""
    most = float(np.abs(samples).max(initial=0.0)) * CLIP_SHARE
    if not most:
        return None
    return np.clip(samples, -most, most) / CLIP_SHARE, rate_hz


def start_cut(samples: Samples, rate_hz: int) -> tuple[Samples, int] | None:
    """Leave out the first second."""
    cut = int(CUT_SECONDS * rate_hz)
    return None if len(samples) <= cut else (samples[cut:], rate_hz)


def silent(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
    """Return silence of the same length."""
    return np.zeros_like(samples), rate_hz
