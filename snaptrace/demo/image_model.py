"""Reads the label-number pairs off a table or a bar chart, by optical recognition.

The model is PP-OCR inside the rapidocr wheel. What makes it a *chart* reader is the
grouping of its boxes into rows; nothing here knows how the pictures were drawn.
"""

import io
import re
from importlib import import_module
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image

from snaptrace.demo.errors import UnreadableMediaError

Pixels = NDArray[np.uint8]  # (height, width, 3), red first
ImageFrontEnd = Literal["full", "capped"]

CAPPED_SIDE_PX = 160  # a cheaper front end: fewer pixels, fewer image tokens
MAX_PIXELS = 4_000_000
NOISE_SIGMA = 18.0  # grey levels; the jitter of a sampling model, at its front end
NUMBER = re.compile(r"[-+]?\d[\d.,]*%?")
EMPTY_ANSWER = "No label with a number is readable."


class Box(Struct, frozen=True):
    """One piece of text as recognised, with its place in the picture."""

    left: float  # pixels
    middle: float  # pixels from the top
    height: float  # pixels
    text: str


class ChartReader:
    """One recognition engine. Not safe for two threads at once."""

    def __init__(self, front_end: ImageFrontEnd, threads: int = 1) -> None:
        import_module("cv2").setNumThreads(threads)
        engine = import_module("rapidocr_onnxruntime").RapidOCR
        self._front_end = front_end
        self._engine: Any = engine(
            intra_op_num_threads=threads,
            inter_op_num_threads=1,
            use_cls=False,  # pictures arrive upright
            text_score=0.3,  # a model that guesses rather than leaves out
            det_limit_side_len=128,  # find text at native size, not blown up
            rec_img_shape=[3, 48, 48],  # no padding of short words: a third of the cost
            rec_batch_num=3,
        )

    def read(self, data: bytes, jitter: np.random.Generator) -> str:
        """One `label: number` line per row, from top to bottom.

        Where no row makes a pair, the pieces of text alone.

        Raises:
            UnreadableMediaError: the bytes are no picture, or one too large.
        """
        pixels = decode(data)
        noise = jitter.standard_normal(pixels.shape, dtype=np.float32)
        pixels = np.clip(pixels + NOISE_SIGMA * noise, 0, 255).astype(np.uint8)
        if self._front_end == "capped":
            pixels = cap_longest_side(pixels, CAPPED_SIDE_PX)
        found, _ = self._engine(np.ascontiguousarray(pixels[:, :, ::-1]))
        boxes = [_box(corners, text) for corners, text, _ in found or ()]
        lines = [f"{label}: {number}" for label, number in pair_rows(boxes)]
        return "\n".join(lines or [box.text for box in boxes]) or EMPTY_ANSWER


def cap_longest_side(pixels: Pixels, side_px: int) -> Pixels:
    """Shrink to at most `side_px` on the longest side, keeping proportions."""
    height, width = pixels.shape[:2]
    if max(height, width) <= side_px:
        return pixels
    scale = side_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small)


def pair_rows(boxes: list[Box]) -> list[tuple[str, str]]:
    """Group boxes that share a line, and take its words and its last number."""
    pairs = []
    for row in _rows(boxes):
        line = " ".join(box.text for box in sorted(row, key=lambda box: box.left))
        numbers = NUMBER.findall(line)
        label = " ".join(NUMBER.sub(" ", line).split()).strip(" :.-|")
        if numbers and label:
            pairs.append((label, numbers[-1]))
    return pairs


def _rows(boxes: list[Box]) -> list[list[Box]]:
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.middle):
        if rows and box.middle - rows[-1][-1].middle < 0.5 * box.height:
            rows[-1].append(box)
        else:
            rows.append([box])
    return rows


def _box(corners: list[list[float]], text: str) -> Box:
    tops = [corner[1] for corner in corners]
    return Box(
        left=min(corner[0] for corner in corners),
        middle=sum(tops) / len(tops),
        height=max(tops) - min(tops),
        text=text,
    )


def decode(data: bytes) -> Pixels:
    """The picture as the model sees it; its size is checked before its pixels.

    Raises:
        UnreadableMediaError: the bytes are no picture, or one too large.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as it:
            if it.width * it.height > MAX_PIXELS:
                raise UnreadableMediaError(f"more than {MAX_PIXELS} pixels")
            return np.asarray(it.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableMediaError("the image cannot be decoded") from error
