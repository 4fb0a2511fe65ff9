"""Draws the tables and bar charts that the demo's app sends; Pillow and chance only."""

import io
import random

from msgspec import Struct
from PIL import Image, ImageDraw, ImageFont

_PLACES = (
    "North South East West Harbour Airport Central Museum Market Garden"
    " Bridge Castle Forest Island Meadow Canal Tower Library Theatre Park"
    " Orchard Quarry Temple Lake Hill Farm"
)
LABELS = tuple(_PLACES.split())
ROWS = 5, 8  # fewest, most
WIDTH_PX = 400, 460
INKS = ("#111111", "#1b2a41", "#2d1e2f", "#0b3d2e")
BARS = ("#5b8fc9", "#c98b5b", "#7aa874", "#a98fc2")
MARGIN_PX = 10


class Picture(Struct, frozen=True):
    """A picture and what it shows."""

    png: bytes
    kind: str  # table | chart
    rows: tuple[tuple[str, int], ...]  # label and number, from top to bottom


def draw(rng: random.Random) -> Picture:
    """One table or chart of random rows; no two alike."""
    labels = rng.sample(LABELS, rng.randint(*ROWS))
    kind = rng.choice(("table", "chart"))
    most = 9_999 if kind == "table" else 999
    rows = tuple((label, rng.randint(100, most)) for label in labels)
    font_px = rng.randint(15, 18)
    image = Image.new(
        "RGB",
        (rng.randint(*WIDTH_PX), MARGIN_PX * 2 + len(rows) * (font_px + 11)),
        "white",
    )
    paint = _paint_table if kind == "table" else _paint_chart
    paint(image, rows, font_px, rng)
    file = io.BytesIO()
    image.save(file, "PNG")
    return Picture(png=file.getvalue(), kind=kind, rows=rows)


def _paint_table(
    image: Image.Image,
    rows: tuple[tuple[str, int], ...],
    font_px: int,
    rng: random.Random,
) -> None:
    """Names on the left, numbers in a column of their own, rules between."""
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(font_px)
    ink, step = rng.choice(INKS), font_px + 11
    column = image.width - rng.randint(90, 200)
    for index, (label, number) in enumerate(rows):
        top = MARGIN_PX + index * step
        if index:
            line = (MARGIN_PX, top, image.width - MARGIN_PX, top)
            pen.line(line, fill="#c4c4c4")
        pen.text((MARGIN_PX + 4, top + 4), label, font=font, fill=ink)
        pen.text((column, top + 4), str(number), font=font, fill=ink)


def _paint_chart(
    image: Image.Image,
    rows: tuple[tuple[str, int], ...],
    font_px: int,
    rng: random.Random,
) -> None:
    """Lying bars to scale, each with its name before and its number behind."""
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(font_px)
    ink, bar, step = rng.choice(INKS), rng.choice(BARS), font_px + 11
    start = MARGIN_PX + round(max(font.getlength(label) for label, _ in rows)) + 12
    longest = image.width - start - round(font.getlength("9999")) - 2 * MARGIN_PX
    most = max(number for _, number in rows)
    for index, (label, number) in enumerate(rows):
        top = MARGIN_PX + index * step
        end = start + max(2, longest * number // most)
        pen.text((MARGIN_PX, top + 4), label, font=font, fill=ink)
        pen.rectangle((start, top + 4, end, top + step - 6), fill=bar)
        pen.text((end + 10, top + 4), str(number), font=font, fill=ink)
