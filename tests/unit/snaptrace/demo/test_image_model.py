"""`snaptrace.demo.image_model`: from boxes to rows, and the front end that hurts."""

import io

import numpy as np
import pytest
from PIL import Image

from snaptrace.demo.errors import UnreadableMediaError
from snaptrace.demo.image_model import (
    MAX_PIXELS,
    Box,
    cap_longest_side,
    decode,
    pair_rows,
)


def png(width, height):
    """An empty picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


def test_boxes_of_one_line_are_paired_whatever_their_order():
    """Numbers would be read off the neighbouring row."""
    boxes = [
        Box(left=200, middle=41, height=16, text="310"),
        Box(left=10, middle=12, height=16, text="Harbour"),
        Box(left=10, middle=40, height=16, text="North"),
        Box(left=200, middle=11, height=16, text="4210"),
    ]
    assert pair_rows(boxes) == [("Harbour", "4210"), ("North", "310")]


def test_a_line_recognised_as_one_box_is_still_a_pair():
    """Closely set tables would be read as empty."""
    assert pair_rows([Box(left=0, middle=9, height=16, text="East: 1,204")]) == [
        ("East", "1,204")
    ]


def test_lines_without_a_label_or_a_number_are_no_pair():
    """Headings and stray marks would become rows."""
    boxes = [
        Box(left=0, middle=10, height=16, text="Visitors"),
        Box(left=0, middle=60, height=16, text="77"),
    ]
    assert pair_rows(boxes) == []


def test_the_cap_keeps_proportions_and_small_pictures():
    """The faulty front end would distort instead of shrink, or enlarge."""
    assert cap_longest_side(np.zeros((200, 400, 3), np.uint8), 160).shape == (
        80,
        160,
        3,
    )
    assert cap_longest_side(np.zeros((50, 90, 3), np.uint8), 160).shape == (50, 90, 3)


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", png(64, 64)[:-20], png(MAX_PIXELS // 100, 101)],
    ids=["empty", "text", "cut", "large"],
)
def test_what_is_no_fit_picture_is_refused(data):
    """The server would answer 500, or a small file would fill the memory."""
    with pytest.raises(UnreadableMediaError):
        decode(data)
