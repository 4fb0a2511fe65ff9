"""Traits of images: kind, size, contrast, rotation. Runs in a confined process.

The kind comes from a linear model over 22 features of the pixels (`kinds.json`, see
docs/traits.md for what it was fitted and measured on). Pillow decodes, within a bound
on pixels.
"""

import io
import json
import math
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replayd.decoding.bounds import MOST_PIXELS, UNKNOWN

Pixels = NDArray[np.float64]  # (rows, columns, 3), in [0, 1]
Plane = NDArray[np.float64]  # (rows, columns), in [0, 1]

_LOOKED_AT_PX = 512  # longer side of the copy that is measured
_SMALLEST_PX = 24  # an icon below it is of no kind
_LEAST_SPREAD = 0.01  # standard deviation of luminance of anything to look at
_LOW_CONTRAST, _MIDDLE_CONTRAST = 0.35, 0.65  # between percentiles .5 and 99.5
_SURE = 0.5  # probability of the likeliest kind
_SIZES = ((0.1, "under_0.1_mp"), (0.5, "under_0.5_mp"), (2.0, "under_2_mp"))
_LUMINANCE = np.array([0.299, 0.587, 0.114])
_ORIENTATION = 274  # tag of EXIF
_TURNS = {1: "0", 3: "180", 6: "90", 8: "270"}
_TEXT_TURNED = 1.6  # ratio of line structure across to along from which text is turned


def image_traits(data: bytes) -> dict[str, str]:
    """Return the traits of one image; none if it cannot be decoded within bounds."""
    from PIL import Image  # noqa: PLC0415 - an optional extra

    with Image.open(io.BytesIO(data)) as opened:
        width, height = opened.size
        if not 0 < width * height <= MOST_PIXELS:
            return {}
        turned = _TURNS.get(int(opened.getexif().get(_ORIENTATION, 1)), UNKNOWN)
        opened.draft("RGB", (_LOOKED_AT_PX, _LOOKED_AT_PX))  # JPEG: decode smaller
        full = opened.convert("RGB")
        small = full.copy()
        small.thumbnail((_LOOKED_AT_PX, _LOOKED_AT_PX), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float64) / 255.0
    sharp = np.asarray(_middle(full), dtype=np.int16)
    grey = pixels @ _LUMINANCE
    return {
        "image.kind": _kind(pixels, grey, sharp, min(width, height)),
        "image.size": _size(width * height / 1e6),
        "image.contrast": _contrast(grey),
        "image.turned": turned if turned != "0" else _turned(grey),
    }


def _middle(image: Any) -> Any:  # noqa: ANN401 - Pillow's, an optional extra
    """Return a stretch of the middle at full resolution."""
    width, height = image.size
    half = _LOOKED_AT_PX // 2
    x, y = width // 2, height // 2
    left, top = max(x - half, 0), max(y - half, 0)
    return image.crop((left, top, min(x + half, width), min(y + half, height)))


def _size(megapixels: float) -> str:
    return next((name for most, name in _SIZES if megapixels < most), "2_mp_or_more")


def _contrast(grey: Plane) -> str:
    low, high = np.percentile(grey, [0.5, 99.5])
    if high - low < _LOW_CONTRAST:
        return "low"
    return "middle" if high - low < _MIDDLE_CONTRAST else "high"


def _turned(grey: Plane) -> str:
    """Return whether lines of text run from top to bottom; the rest is not known."""
    if min(grey.shape) < _SMALLEST_PX * 4 or grey.std() < _LEAST_SPREAD:
        return "0"
    across, along = _structure(grey), _structure(grey.T)
    return "sideways" if along > _TEXT_TURNED * max(across, 1e-6) else "0"


def _structure(grey: Plane) -> float:
    """Return how much rows of the image alternate, as lines of text do."""
    ink = np.abs(grey - np.median(grey)).mean(axis=1)
    smooth = np.convolve(ink, np.ones(25) / 25, mode="same")
    return float(np.abs(np.diff(ink - smooth)).mean() / (ink.mean() + 1e-3))


def _kind(pixels: Pixels, grey: Plane, sharp: NDArray[np.int16], shorter: int) -> str:
    if shorter < _SMALLEST_PX or grey.std() < _LEAST_SPREAD:
        return UNKNOWN
    names, means, scales, weights, intercepts = _model()
    features = (np.array(features_of(pixels, grey, sharp)) - means) / scales
    logits = weights @ np.clip(features, -4, 4) + intercepts
    likely = np.exp(logits - logits.max())
    likely /= likely.sum()
    best = int(likely.argmax())
    return names[best] if likely[best] >= _SURE else UNKNOWN


@cache
def _model() -> tuple[tuple[str, ...], Plane, Plane, Plane, Plane]:
    text = resources.files("replayd.decoding").joinpath("kinds.json").read_text("utf-8")
    found = json.loads(text)
    numbers = (found[key] for key in ("means", "scales", "weights", "intercepts"))
    return (tuple(found["kinds"]), *map(np.array, numbers))  # type: ignore[return-value]


def features_of(
    pixels: Pixels, grey: Plane, sharp: NDArray[np.int16]
) -> tuple[float, ...]:
    """Return what tells kinds apart; the order is that of the model's weights."""
    return (
        *_of_colours(pixels),
        *_of_flatness(sharp),
        *_of_rules(grey),
        *_of_strokes(grey),
        math.log(grey.shape[1] / grey.shape[0]),
    )


def _of_colours(pixels: Pixels) -> tuple[float, ...]:
    red, green, blue = (pixels[:, :, channel] for channel in range(3))
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    saturation = (high - low) / np.maximum(high, 1e-3)
    coded = (pixels * 15.99).astype(np.int32) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(coded.ravel(), minlength=4096))[::-1] / coded.size
    ground = int(np.bincount(coded.ravel()).argmax())
    vivid = (saturation > 0.35) & (high > 0.25)
    hues = len(np.unique(coded[vivid])) if vivid.any() else 0
    return (
        float(counts[0]),
        float(counts[:5].sum()),
        math.log1p(float((counts > 0.0005).sum())),
        float(saturation.mean()),
        float(vivid.mean()),
        math.log1p(hues),
        (ground % 16 + ground // 16 % 16 + ground // 256) / 45,
    )


def _of_flatness(sharp: NDArray[np.int16]) -> tuple[float, ...]:
    across, down = _largest(np.diff(sharp, axis=1)), _largest(np.diff(sharp, axis=0))
    return (
        float((across == 0).mean()),
        float((down == 0).mean()),
        float(((across > 0) & (across <= 12)).mean()),
        float((across > 80).mean()),
    )


def _largest(steps: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the largest step of the three channels; quicker than a reduction."""
    size = np.abs(steps)
    largest: NDArray[np.int16] = np.maximum(size[:, :, 0], size[:, :, 1])
    return np.maximum(largest, size[:, :, 2])


def _of_rules(grey: Plane) -> tuple[float, ...]:
    """Return how many rows and columns are ruled, and how evenly."""
    found: list[float] = []
    for plane in (grey, grey.T):
        edge = np.abs(np.diff(plane, axis=0)) > 0.06
        share = edge.mean(axis=1)
        ruled = share > 0.55
        starts = np.flatnonzero(ruled[1:] & ~ruled[:-1])
        found += [math.log1p(len(starts)), float(np.sort(share)[-3:].mean())]
    return tuple(found)


def _of_strokes(grey: Plane) -> tuple[float, ...]:
    """Return what ink looks like: share, width, evenness of lines and of ground."""
    ground = np.median(grey)
    ink = np.abs(grey - ground) > 0.2
    runs = np.diff(ink.astype(np.int8), axis=1)
    begins = (runs == 1).sum()
    width = ink.sum() / max(begins, 1)
    rows = ink.mean(axis=1)
    middle = rows - rows.mean()
    power = np.abs(np.fft.rfft(middle)) ** 2
    peak = power[4:].max() / max(power[1:].sum(), 1e-9) if len(power) > 8 else 0.0
    rest = grey[~ink]
    return (
        float(ink.mean()),
        math.log1p(float(width)),
        float(begins / grey.size),
        float(peak),
        float((rows < 0.004).mean()),
        float(rest.std()) if rest.size else 0.0,
    )
