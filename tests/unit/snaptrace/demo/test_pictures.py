"""`snaptrace.demo.pictures`: pictures are new each time, and fit their canvas."""

import io
import random

from PIL import Image

from snaptrace.demo.pictures import ROWS, draw


def test_no_two_pictures_are_alike_and_each_can_be_drawn_again():
    """A canned set of pictures would be measured, not the model."""
    many = [draw(random.Random(seed)) for seed in range(30)]
    assert len({picture.png for picture in many}) == 30
    assert draw(random.Random(3)) == many[3]


def test_both_kinds_appear_with_rows_inside_the_canvas():
    """Ink at the border would be text that nobody could read."""
    kinds = set()
    for seed in range(30):
        picture = draw(random.Random(seed))
        kinds.add(picture.kind)
        assert ROWS[0] <= len(picture.rows) <= ROWS[1]
        image = Image.open(io.BytesIO(picture.png)).convert("L")
        ink = image.point(lambda grey: 255 * (grey < 128)).getbbox()
        assert ink is not None
        left, top, right, bottom = ink
        assert left > 2
        assert top > 2
        assert right < image.width - 2
        assert bottom < image.height - 2
    assert kinds == {"table", "chart"}
