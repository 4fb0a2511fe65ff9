"""Measures of generated media: pictures and speech. Runs in a confined process."""

import io
from typing import Any

import numpy as np

from replayd.decoding.bounds import MOST_PIXELS
from replayd.decoding.sounds import decoded

LAYOUT_CELLS = 8  # a side: mean colours, where what is
_CLIPPED = 0.999
_PCM_RATE_HZ = 24_000  # of OpenAI's headerless PCM, 16 bit, one channel


def picture(data: bytes) -> dict[str, Any]:
    """Return size, format, spread of luminance and colours by place of one image."""
    from PIL import Image  # noqa: PLC0415 - an optional extra

    with Image.open(io.BytesIO(data)) as opened:
        width, height = opened.size
        if not 0 < width * height <= MOST_PIXELS:
            return {}
        kind = (opened.format or "").lower()
        opened.draft("RGB", (256, 256))
        small = opened.convert("RGB").resize((64, 64), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float64) / 255.0
    cell = 64 // LAYOUT_CELLS
    cells = pixels.reshape(LAYOUT_CELLS, cell, LAYOUT_CELLS, cell, 3).mean(axis=(1, 3))
    grey = pixels.mean(axis=2)
    return {
        "width": width,
        "height": height,
        "format": kind,
        "spread": float(grey.std()),
        "detail": float(np.abs(np.diff(grey, axis=1)).mean()),
        "layout": [round(float(value), 3) for value in cells.ravel()],
    }


def speech(data: bytes) -> dict[str, Any]:
    """Return seconds, loudness and clipping of one sound."""
    found = decoded(data)
    if found is None:
        return {}
    samples, rate_hz = found
    size = np.abs(samples)
    power = float((samples**2).mean()) if len(samples) else 0.0
    return {
        "seconds": len(samples) / rate_hz,
        "loudness_db": 10.0 * float(np.log10(power + 1e-10)),
        "clipped": float((size >= _CLIPPED).mean()) if len(samples) else 0.0,
    }


def speech_pcm(data: bytes) -> dict[str, Any]:
    """Return the same of headerless PCM."""
    head = io.BytesIO()
    import wave  # noqa: PLC0415 - only for this

    with wave.open(head, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(_PCM_RATE_HZ)
        opened.writeframes(data)
    return speech(head.getvalue())
