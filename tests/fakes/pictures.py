"""Small media of known kinds, drawn here: a chart, a table, a page, a photo, speech."""

import io
import math
import random
import wave

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont


def encoded(image, kind="PNG", **more):
    """Return an image's bytes."""
    file = io.BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def chart(width=640, height=420, bars=6):
    """Draw bars of one colour with axes and labels."""
    image = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    floor, step = height - 50, (width - 120) // bars
    for number in range(bars):
        left, tall = 80 + number * step, 60 + (number * 67) % (floor - 120)
        pen.rectangle([left, floor - tall, left + step * 0.7, floor], fill="#4c72b0")
        pen.text((left, floor + 8), f"item {number}", fill="black", font=font)
    pen.line([70, 30, 70, floor, width - 30, floor], fill="black")
    for mark in range(5):
        pen.text((30, floor - mark * 70 - 8), str(mark * 20), fill="black", font=font)
    return image


def table(width=620, rows=12, columns=4):
    """Draw ruled cells with words and numbers."""
    image = Image.new("RGB", (width, rows * 28 + 20), "white")
    pen, font, chance = (
        ImageDraw.Draw(image),
        ImageFont.load_default(13),
        random.Random(1),
    )
    wide = (width - 20) / columns
    for row in range(rows + 1):
        pen.line([10, 10 + row * 28, width - 10, 10 + row * 28], fill="#777777")
        for column in range(columns if row < rows else 0):
            text = f"entry {row}" if not column else f"{chance.uniform(1, 9999):,.2f}"
            at = 16 + column * wide, 15 + row * 28
            pen.text(at, text, fill="#111111", font=font)
    for column in range(columns + 1):
        x = 10 + column * wide
        pen.line([x, 10, x, 10 + rows * 28], fill="#777777")
    return image


def photo(width=640, height=480):
    """Draw smooth shapes of many colours with the noise of a sensor."""
    y, x = np.mgrid[0:height, 0:width] / 80.0
    noise = np.random.default_rng(3)
    waves = [np.sin(x * a + y * b + c) for a, b, c in ((1, 0.4, 0), (0.3, 1.2, 2))]
    shade = np.stack([waves[0], waves[1], waves[0] * waves[1]], axis=2)
    pixels = 120 + 70 * shade + noise.normal(0, 7, (height, width, 3))
    image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
    return image.filter(ImageFilter.GaussianBlur(0.6))


def scanned(width=620, height=820):
    """Draw a page of printed lines on paper that is not quite white, nor straight."""
    image = Image.new("L", (width, height), 238)
    pen, font, chance = (
        ImageDraw.Draw(image),
        ImageFont.load_default(15),
        random.Random(2),
    )
    words = [
        "the",
        "amount",
        "is",
        "due",
        "within",
        "thirty",
        "days",
        "of",
        "receipt",
        "of",
        "this",
        "invoice",
    ]
    for top in range(50, height - 60, 24):
        line = " ".join(chance.choice(words) for _ in range(9))
        pen.text((50, top), line, fill=45, font=font)
    pixels = np.asarray(image, dtype=float)
    pixels += np.random.default_rng(4).normal(0, 4, pixels.shape)
    page = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
    page = page.filter(ImageFilter.GaussianBlur(0.6)).convert("RGB")
    return page.rotate(0.8, fillcolor=(238, 238, 238))


def sound(
    seconds=3.0, rate_hz=16_000, *, highest_hz=3_000.0, noise=0.0, loud=0.5, pauses=True
):
    """Return syllables of harmonics up to a frequency, with pauses, as PCM WAVE."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    tones = np.arange(150.0, highest_hz, 150.0)
    wave_ = sum(
        np.sin(2 * math.pi * f * time) / (1 + i / 8) for i, f in enumerate(tones)
    )
    wave_ = wave_ / np.abs(wave_).max()
    if pauses:
        wave_ *= (np.sin(2 * math.pi * 1.5 * time) > -0.3).astype(float)
    wave_ = loud * wave_ + np.random.default_rng(5).normal(0, 1, len(time)) * noise
    file = io.BytesIO()
    with wave.open(file, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(rate_hz)
        opened.writeframes((wave_.clip(-1, 1) * 32_767).astype("<i2").tobytes())
    return file.getvalue()


def named_media():
    """Return the media that golden cases name, by name."""
    picture = photo()
    brighter = picture.point(lambda value: min(255, value + 12))
    return {
        "photo": encoded(picture),
        "brighter photo": encoded(brighter),
        "small photo": encoded(picture.resize((320, 240))),
        "blank": encoded(Image.new("RGB", (640, 480), "white")),
        "chart": encoded(chart(640, 480)),
        "speech": sound(5.0),
        "quicker speech": sound(4.4),
        "cut speech": sound(2.0),
        "faint speech": sound(5.0, loud=0.01),
        "silence": sound(5.0, loud=0.0),
        "noise": bytes(range(256)) * 20,
    }
