"""Screenshots of the docs: taken of the page by this test, and as it looks today."""

import io
import os

import pytest
from fakes.opened_page import PAGES, opened
from fakes.release_state import ROOT
from PIL import Image, ImageChops, ImageStat

pytestmark = pytest.mark.browser

SHOTS = ROOT / "docs/screenshots"
SHOWN = ("overview", "modality", "pairs", "image", "drawing", "decide")
WIDTH = 960  # pixels, as readers load them
TALLEST = 1_000
HEAVIEST = 60_000  # bytes of one
COARSE = (24, 24)
ALIKE = 8.0  # of 255, in the mean over coarse pixels; words and times move less


def small(data):
    """Return a screenshot as the docs hold it."""
    seen = Image.open(io.BytesIO(data)).convert("RGB")
    height = round(seen.height * WIDTH / seen.width)
    return seen.resize((WIDTH, height)).crop((0, 0, WIDTH, min(height, TALLEST)))


@pytest.mark.parametrize("name", SHOWN)
async def test_the_docs_show_the_page_of_today(browser, address, name):
    """A reader of the docs would look for what an earlier release had.

    SNAPTRACE_REWRITE_GOLDEN=1 takes them anew.
    """
    async with opened(browser, address, PAGES[name]) as page:
        taken = small(await page.screenshot(full_page=True))
    file = SHOTS / f"{name}.webp"
    if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
        SHOTS.mkdir(exist_ok=True)
        taken.save(file, "WEBP", quality=75, method=6)
    kept = Image.open(file).convert("RGB")
    assert file.stat().st_size < HEAVIEST
    assert kept.width == taken.width
    assert abs(kept.height - taken.height) < 60
    coarse = [each.resize(COARSE, Image.Resampling.BOX) for each in (kept, taken)]
    differs = ImageStat.Stat(ImageChops.difference(*coarse)).mean
    assert max(differs) < ALIKE
